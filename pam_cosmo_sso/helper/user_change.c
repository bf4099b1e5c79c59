/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/helper/user_change.h"

#include <stdlib.h>
#include <string.h>

#include "pam_cosmo_sso/helper/commit.h"
#include "pam_cosmo_sso/helper/rebind.h"

void user_changed_done(struct user_changed *changed)
{
	if (changed)
		record_free(COSMO_STEAL(&changed->record));
}

static enum cosmo_err note_why(const struct user_order *order, struct record *record)
{
	char *why = order->why ? strdup(order->why) : NULL;

	if (order->why && !why)
		return COSMO_E_NOMEM;
	free(record->changed_why);
	record->changed_why = why;
	return COSMO_OK;
}

/* What the name had ends: sign-ins under way included. */
static enum cosmo_err sign_out(
	const struct user_order *order, struct record *record, bool *ret_changed)
{
	enum cosmo_err err = note_why(order, record);

	if (err)
		return err;
	record->sign_outs++;
	record->changed_s = order->now_s;
	*ret_changed = true;
	return COSMO_OK;
}

/* Locked again, it is a matter of the words alone. */
static enum cosmo_err lock(const struct user_order *order, struct record *record, bool *ret_changed)
{
	if (!(record->flags & USERS_DB_LOCKED)) {
		record->flags |= USERS_DB_LOCKED;
		return sign_out(order, record, ret_changed);
	}
	if (!order->why || streq(order->why, record->changed_why))
		return COSMO_OK;
	*ret_changed = true;
	return note_why(order, record);
}

static void forget_change(struct record *record)
{
	free(COSMO_STEAL(&record->changed_why));
	record->changed_s = 0;
}

static void unlock(struct record *record, bool *ret_changed)
{
	if (!(record->flags & USERS_DB_LOCKED))
		return;
	record->flags &= ~(uint32_t)USERS_DB_LOCKED;
	forget_change(record);
	*ret_changed = true;
}

static void drop_roles(struct record *record)
{
	for (uint32_t i = 0; i < record->role_count; i++)
		free(COSMO_STEAL(&record->roles[i]));
	record->role_count = 0;
}

/* Each time anew: another sign-in may have begun meanwhile. */
static enum cosmo_err disconnect(
	const struct user_order *order, struct record *record, bool *ret_changed)
{
	drop_roles(record);
	if (!record->reason)
		record->reason = COSMO_E_SIGNED_OUT;
	return sign_out(order, record, ret_changed);
}

static enum cosmo_err remove_user(
	const struct user_order *order, struct record *record, bool *ret_changed)
{
	struct cosmo_secret *token = COSMO_STEAL(&record->refresh_token);

	record_forget_sign_ins(record);
	rebind_forget(record);
	record->refresh_token = token;
	record->flags = USERS_DB_REMOVED;
	return sign_out(order, record, ret_changed);
}

enum cosmo_err user_change_apply(
	const struct user_order *order, struct record *record, bool *ret_changed)
{
	*ret_changed = false;
	if (record->flags & USERS_DB_REMOVED)
		return order->change == USER_CHANGE_REMOVE ? COSMO_OK : COSMO_E_REMOVED;
	switch (order->change) {
	case USER_CHANGE_LOCK:
		return lock(order, record, ret_changed);
	case USER_CHANGE_UNLOCK:
		unlock(record, ret_changed);
		return COSMO_OK;
	case USER_CHANGE_DISCONNECT:
		return disconnect(order, record, ret_changed);
	case USER_CHANGE_REMOVE:
		return remove_user(order, record, ret_changed);
	}
	return COSMO_E_INVALID;
}

/* Enrolled or not: a removed name is on no list. The record says so first, so that there is no
 * moment in which the name could be enrolled anew. */
static enum cosmo_err unlist(
	struct store *store, const struct user_order *order, struct user_changed *ret)
{
	bool listed = false;
	enum cosmo_err err = COSMO_OK;

	if (order->change != USER_CHANGE_REMOVE)
		return COSMO_OK;
	err = records_is_listed(store, order->name, &listed);
	if (!err && listed && !order->dry_run)
		err = records_unlist_name(store, order->name);
	ret->unlisted = !err && listed;
	return err;
}

/* The record, or with dry_run a copy of it. */
static enum cosmo_err change_record(struct store *store, const struct config *config,
	const struct user_order *order, struct user_changed *ret)
{
	COSMO_AUTO(record_free) struct record *record = NULL;
	enum cosmo_err err = record_load(store, order->name, &ret->record);

	if (!err)
		err = record_load(store, order->name, &record);
	if (!err)
		err = user_change_apply(order, record, &ret->changed);
	if (err || order->dry_run || !ret->changed)
		return err;
	err = commit_user(store, config, record);
	if (err) {
		ret->changed = false;
		return err;
	}
	record_free(ret->record);
	ret->record = COSMO_STEAL(&record);
	return COSMO_OK;
}

static enum cosmo_err change_locked(struct store *store, const struct config *config,
	const struct user_order *order, struct user_changed *ret)
{
	enum cosmo_err found = COSMO_OK;
	enum cosmo_err err = change_record(store, config, order, ret);

	if (err && err != COSMO_E_NOT_FOUND)
		return err;
	found = err;
	err = unlist(store, order, ret);
	if (err)
		return err;
	return ret->unlisted ? COSMO_OK : found;
}

enum cosmo_err user_change(struct store *store, const struct config *config,
	const struct user_order *order, struct user_changed *ret)
{
	enum cosmo_err err = store_lock(store, STORE_LOCK_MS);

	*ret = (struct user_changed){.changed = false};
	if (err)
		return err;
	err = change_locked(store, config, order, ret);
	store_unlock(store);
	return err;
}

enum cosmo_err user_change_take_back(
	struct store *store, const struct config *config, const char *name)
{
	COSMO_AUTO(record_free) struct record *record = NULL;
	enum cosmo_err err = record_load(store, name, &record);

	if (err)
		return err;
	if (!(record->flags & USERS_DB_REMOVED))
		return COSMO_E_EXISTS;
	record->flags &= ~(uint32_t)USERS_DB_REMOVED;
	forget_change(record);
	return commit_user(store, config, record);
}
