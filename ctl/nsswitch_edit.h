/* SPDX-License-Identifier: MIT */
/* The lines of /etc/nsswitch.conf that make the host see our users and groups. Pure text functions.
 */
#pragma once

#include <stdbool.h>

#include "common/base/auto.h"
#include "common/base/err.h"

/*
 * passwd: cosmo last; group: `files [SUCCESS=merge] cosmo` first; initgroups, if there is such a
 * line: `files [SUCCESS=continue] cosmo` first. The caller frees *ret. Errors: COSMO_E_FORMAT (no
 * passwd or group line with files or compat), COSMO_E_NOMEM.
 */
COSMO_MUST_USE enum cosmo_err nsswitch_enable(const char *text, char **ret);

/* Takes our words out again, whatever else was changed meanwhile. Errors: COSMO_E_NOMEM. */
COSMO_MUST_USE enum cosmo_err nsswitch_disable(const char *text, char **ret);

/* Is cosmo the last service of the passwd line? */
bool nsswitch_is_last_of_passwd(const char *text);
