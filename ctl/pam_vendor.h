/* SPDX-License-Identifier: MIT */
/* PAM services whose file is the vendor's, in /usr/lib/pam.d: there libpam looks for what
 * /etc/pam.d does not have. */
#pragma once

#include <stdbool.h>

#include "common/base/auto.h"
#include "common/base/err.h"

bool pam_vendor_has(const char *service);

/*
 * What a file in /etc/pam.d says that stands in front of the vendor's and adds nothing to it: that
 * one's lines are taken from where they are, so that its next version counts. The caller frees
 * *ret. Errors: COSMO_E_NOMEM.
 */
COSMO_MUST_USE enum cosmo_err pam_vendor_front(const char *service, char **ret);
