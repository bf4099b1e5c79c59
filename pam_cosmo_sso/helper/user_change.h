/* SPDX-License-Identifier: MIT */
/*
 * What an administrator does to one person: lock, unlock, disconnect, remove. Here is the decision
 * and its writing, one atomic commit; ending sessions and tokens is the caller's, afterwards.
 *
 * A record counts in sign_outs how often its person was locked, disconnected or removed. A sign-in
 * remembers the count that it began under, and is refused at its commit if it has grown.
 *
 * A removed user's record stays as a tombstone: the name with its ids, home and shell, and whose it
 * was. Nobody signs in under the name, and the person under no other one, until `user add` takes it
 * back; then it is still the same person's, for the files of that uid are there.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/base/auto.h"
#include "common/base/err.h"
#include "common/config.h"
#include "common/user_change.h"
#include "pam_cosmo_sso/helper/records.h"
#include "pam_cosmo_sso/helper/store.h"

struct user_order {
	const char *name;
	enum user_change change;
	const char *why; /* in the administrator's words; NULL: none are given */
	bool dry_run;    /* decide, write nothing */
	int64_t now_s;
};

struct user_changed {
	bool changed;          /* the record; false: it was so already, or there is none */
	bool unlisted;         /* the name was listed for enrolment, and is not any more */
	struct record *record; /* as it is now, or with dry_run still is; NULL: there is none */
};

void user_changed_done(struct user_changed *changed);
COSMO_AUTO_DEFINE(struct user_changed *, user_changed_done);

/*
 * The decision, pure: what @order makes of @record. *ret_changed: it is to be written. Roles and
 * tokens of who is locked are kept, for unlocking; a disconnect drops the roles, but no reason that
 * keeps the person out altogether; the refresh token stays in any case, for it must be revoked
 * first. Errors: COSMO_E_REMOVED (only removing again is possible), COSMO_E_INVALID, COSMO_E_NOMEM.
 */
COSMO_MUST_USE enum cosmo_err user_change_apply(
	const struct user_order *order, struct record *record, bool *ret_changed);

/*
 * Do it durably, under the writer lock, which is taken here. Done again it is a success. A name
 * that is only listed for enrolment can be removed too, from the list. @config: for users.db, NULL
 * if there is none to be had. *ret is filled as far as it went; user_changed_done().
 *
 * Errors: COSMO_E_NOT_FOUND (nobody is enrolled under this name), those of user_change_apply(),
 * store_lock(), record_load(), commit_user().
 */
COSMO_MUST_USE enum cosmo_err user_change(struct store *store, const struct config *config,
	const struct user_order *order, struct user_changed *ret);

/*
 * Take a removal back: the person who had the name may sign in under it again, and has no role
 * until then. Lock held. Errors: COSMO_E_EXISTS (not removed), those of record_load() and
 * commit_user().
 */
COSMO_MUST_USE enum cosmo_err user_change_take_back(
	struct store *store, const struct config *config, const char *name);
