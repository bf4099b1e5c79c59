/* SPDX-License-Identifier: MIT */
/* Writing to the store: private record first, then what NSS shows of it, each step durable before
 * the next (P9). */
#pragma once

#include <stdbool.h>

#include "common/base/auto.h"
#include "common/base/err.h"
#include "common/config.h"
#include "pam_cosmo_sso/helper/records.h"
#include "pam_cosmo_sso/helper/store.h"

/*
 * Store @record as this user's state; the lock must be held. @config may be NULL: roles of the
 * settings in users.db; without those there is COSMO_E_STORE_DAMAGED. The uid must be registered to
 * the name (uid_register_assign()), else there is COSMO_E_STORE_DAMAGED; subject link, record,
 * users.db slot, index follow in this order. O(1) in the number of users, but for the growth of
 * users.db. Roles unknown to @config or to the settings in users.db (commit_settings()) are left
 * out of users.db. Errors: COSMO_E_IO (also a full disk), COSMO_E_INVALID, COSMO_E_STORE_DAMAGED,
 * COSMO_E_UNSAFE_FILE (in the register), COSMO_E_NOMEM. After an error the user is either as before
 * or as after.
 */
COSMO_MUST_USE enum cosmo_err commit_user(
	struct store *store, const struct config *config, const struct record *record);

/*
 * The same for up to COMMIT_MAX_USERS records of different names with one series of syncs: for
 * repair, restore, refreshing everybody. After an error each user is either as before or as after.
 * Errors: as commit_user().
 */
#define COMMIT_MAX_USERS ((size_t)1024)
COSMO_MUST_USE enum cosmo_err commit_users(struct store *store, const struct config *config,
	const struct record *const *records, size_t count);

/*
 * Store a record of which NSS shows the same as before (a refresh token, a doubt about one); the
 * lock must be held. Durable on COSMO_OK. Errors: COSMO_E_IO, COSMO_E_INVALID, COSMO_E_NOMEM; the
 * record is then as before or as after.
 */
COSMO_MUST_USE enum cosmo_err commit_unshown(struct store *store, const struct record *record);

/* The same for several records of different names with one series of syncs. After an error each is
 * as before or as after. */
COSMO_MUST_USE enum cosmo_err commit_unshown_all(
	struct store *store, const struct record *const *records, size_t count);

/*
 * Finish what a writer that died had begun; every commit does so first. Lock held. Errors:
 * COSMO_E_STORE_MISSING, and as commit_user().
 */
COSMO_MUST_USE enum cosmo_err commit_recover(struct store *store);

/*
 * Note in users.db that it is not made of the records in force: whoever writes next makes it anew.
 * One that is missing, damaged or another machine's is not believed anyway. Lock held. Errors:
 * COSMO_E_IO, COSMO_E_NOMEM.
 */
COSMO_MUST_USE enum cosmo_err commit_note_stale(struct store *store);

/*
 * Bring the settings in users.db (roles table, conferred groups with the gids of /etc/group,
 * templates, lease, enrolment) in line with @config; creates an empty users.db if there is none. A
 * change of the roles table rewrites the users' bits (from the records) into a new file. Lock held.
 * @provisional_on: 0 or 1, or -1 to keep what is there. Errors: COSMO_E_IO, COSMO_E_NOMEM,
 * COSMO_E_STORE_DAMAGED.
 */
COSMO_MUST_USE enum cosmo_err commit_settings(
	struct store *store, const struct config *config, int provisional_on);

/* Switch provisional entries off in users.db and leave all else; needs no configuration. Lock held.
 * Errors: COSMO_E_IO. */
COSMO_MUST_USE enum cosmo_err commit_provisional_off(struct store *store);

/* Rebuild users.db from the records into a new file that takes the old one's place, with the
 * settings of @config, or of the old one if that is NULL. Lock held. Errors: as commit_settings().
 */
COSMO_MUST_USE enum cosmo_err commit_rebuild(struct store *store, const struct config *config);

/* The same in two steps, so that others need not wait long: the first without the lock, with it the
 * other (@ahead may be NULL). See rebuild.h. */
struct rebuild_ahead;
COSMO_MUST_USE enum cosmo_err commit_rebuild_ahead(
	struct store *store, const struct config *config, struct rebuild_ahead **ret);
COSMO_MUST_USE enum cosmo_err commit_rebuild_with(
	struct store *store, const struct config *config, struct rebuild_ahead *ahead);
