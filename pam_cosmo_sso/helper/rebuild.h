/* SPDX-License-Identifier: MIT */
/* Making users.db anew from the records, which are the truth. */
#pragma once

#include "common/base/auto.h"
#include "common/base/err.h"
#include "common/base/users_db_read.h"
#include "pam_cosmo_sso/helper/store.h"

/*
 * Most of the work of a rebuild(), without the lock: a file that nobody else sees, with every sound
 * record in it. Changes nothing. Errors: as rebuild(); there is nothing ahead then, which is no
 * harm.
 */
struct rebuild_ahead;
COSMO_MUST_USE enum cosmo_err rebuild_ahead(struct store *store,
	const struct users_db_settings *settings, uint64_t generation, struct rebuild_ahead **ret);
void rebuild_ahead_free(struct rebuild_ahead *ahead);
COSMO_AUTO_DEFINE(struct rebuild_ahead *, rebuild_ahead_free);

/*
 * A new file by @settings with every record in it takes the old one's place. Damaged records show
 * as locked users without roles, if their uid is known. Links from persons that are missing are
 * made. With @ahead (may be NULL), where it is by the same settings and generation, there is little
 * left to be done; it is used up. Lock held. Errors: COSMO_E_IO, COSMO_E_MACHINE, COSMO_E_NOMEM,
 * COSMO_E_TOO_BIG.
 */
COSMO_MUST_USE enum cosmo_err rebuild(struct store *store, const struct users_db_settings *settings,
	uint64_t generation, struct rebuild_ahead *ahead);
