/* SPDX-License-Identifier: MIT */
/* Our lines in a PAM service file, between two marks, everything else left alone. Pure text
 * functions. */
#pragma once

#include <stdbool.h>

#include "common/base/auto.h"
#include "common/base/err.h"

/*
 * Put auth and account lines before all others, and session lines, if @sessions, behind all others.
 * What an earlier version put there is replaced. The caller frees *ret. Errors: COSMO_E_NOMEM.
 */
COSMO_MUST_USE enum cosmo_err pam_edit_enable(const char *text, bool sessions, char **ret);

/* Take our blocks out. Errors: COSMO_E_NOMEM, COSMO_E_FORMAT (a block without its end: mend it by
 * hand). */
COSMO_MUST_USE enum cosmo_err pam_edit_disable(const char *text, char **ret);
