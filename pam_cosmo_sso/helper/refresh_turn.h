/* SPDX-License-Identifier: MIT */
/*
 * Whose turn it is to refresh a user: one at a time, in run/private/refresh, a lock file for each
 * name. It holds how the last try ended, so that those who waited for it need not ask themselves,
 * and that after an outage nobody asks again for REFRESH_BACK_OFF_S.
 */
#pragma once

#include <stdint.h>

#include "common/base/auto.h"
#include "common/base/err.h"
#include "pam_cosmo_sso/helper/store.h"

/* Long enough for an IdP that is down not to be asked by every login, short enough for one that is
 * back to be noticed. */
#define REFRESH_BACK_OFF_S 30

/*
 * Wait for the turn of @user, a name that login_name_is_valid(), until @deadline_boot_ms. The
 * caller closes *ret_fd, and the turn ends with it or with this process. Errors: how another try
 * ended, if that speaks for this one too: it ended after @began_boot_ms, or less than
 * REFRESH_BACK_OFF_S ago; COSMO_E_BUSY, COSMO_E_IO.
 */
COSMO_MUST_USE enum cosmo_err refresh_turn_take(const struct store *store, const char *user,
	int64_t began_boot_ms, int64_t deadline_boot_ms, int *ret_fd);

/* The same at once or not at all, and whatever became of others' tries. Errors: COSMO_E_BUSY,
 * COSMO_E_IO. */
COSMO_MUST_USE enum cosmo_err refresh_turn_try(
	const struct store *store, const char *user, int *ret_fd);

/* Tell the others how the try of this turn ended, or that it has lasted too long for them: @err.
 * COSMO_OK: they can see by the record. What cannot be written is not told. */
void refresh_turn_tell(int turn_fd, enum cosmo_err err);
