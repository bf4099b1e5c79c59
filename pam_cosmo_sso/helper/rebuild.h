/* SPDX-License-Identifier: MIT */
/* Making users.db anew from the records, which are the truth. */
#pragma once

#include "common/base/auto.h"
#include "common/base/err.h"
#include "common/base/users_db_read.h"
#include "pam_cosmo_sso/helper/store.h"

/*
 * A new file by @settings with every record in it takes the old one's place. Damaged records show
 * as locked users without roles, if their uid is known. Links from persons that are missing are
 * made. Lock held. Errors: COSMO_E_IO, COSMO_E_MACHINE, COSMO_E_NOMEM, COSMO_E_TOO_BIG.
 */
COSMO_MUST_USE enum cosmo_err rebuild(
	struct store *store, const struct users_db_settings *settings, uint64_t generation);
