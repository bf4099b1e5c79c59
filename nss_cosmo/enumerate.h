/* SPDX-License-Identifier: MIT */
/* setpwent(), getpwent() and their like for groups: one position each per process. */
#pragma once

#include <grp.h>
#include <pwd.h>
#include <stddef.h>

#include "common/base/auto.h"
#include "common/base/err.h"

/* Start over. */
void enumerate_passwd_rewind(void);
void enumerate_group_rewind(void);

/*
 * The next entry. The position moves only when it was given out whole, so a caller comes back with
 * a larger buffer for the same one; several threads share it without a lock. Conferred groups are
 * left out: the local files list them. Errors: COSMO_E_NOT_FOUND (the end), COSMO_E_RANGE, those of
 * lookup_next().
 */
COSMO_MUST_USE enum cosmo_err enumerate_passwd(
	char *buffer, size_t buffer_size, struct passwd *ret);
COSMO_MUST_USE enum cosmo_err enumerate_group(char *buffer, size_t buffer_size, struct group *ret);
