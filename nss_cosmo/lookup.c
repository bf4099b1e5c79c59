/* SPDX-License-Identifier: MIT */
#include "nss_cosmo/lookup.h"

#include "common/base/parse.h"
#include "common/base/reserved_names.h"
#include "nss_cosmo/places.h"
#include "nss_cosmo/provisional.h"
#include "nss_cosmo/sshd_process.h"

bool lookup_is_own_id(uint32_t id)
{
	return id >= LOOKUP_FLOOR_ID && id <= INT32_MAX;
}

bool lookup_is_conferrable(uint32_t gid)
{
	return gid != 0 && gid <= INT32_MAX;
}

static bool can_be_ours(const char *name)
{
	return login_name_is_valid(name, true) && !reserved_names_has(name);
}

enum cosmo_err lookup_settings(const struct users_db_settings **ret)
{
	enum cosmo_err err = users_db_settings_peek(places_default()->db, ret);

	/* At the first look-up of the process, so that a later miss needs no system call. */
	if (!err)
		sshd_process_prepare(*ret);
	return err;
}

static enum cosmo_err check_found(const struct users_db_user *user)
{
	const struct users_db_settings *settings = NULL;
	enum cosmo_err err = lookup_settings(&settings);

	if (err)
		return err;
	if (user->gid != user->uid || !lookup_is_own_id(user->uid) ||
		user->uid < settings->uid_min || user->uid > settings->uid_max)
		return COSMO_E_STORE_DAMAGED;
	return can_be_ours(user->name) ? COSMO_OK : COSMO_E_STORE_DAMAGED;
}

enum cosmo_err lookup_stored_name(const char *name, struct users_db_user *ret)
{
	enum cosmo_err err = users_db_find_name(places_default()->db, name, ret);

	if (err == COSMO_E_NOT_FOUND)
		return err;
	if (err)
		return can_be_ours(name) ? err : COSMO_E_NOT_FOUND;
	return streq(ret->name, name) ? check_found(ret) : COSMO_E_STORE_DAMAGED;
}

enum cosmo_err lookup_stored_uid(uint32_t uid, struct users_db_user *ret)
{
	enum cosmo_err err = COSMO_E_NOT_FOUND;

	if (lookup_is_own_id(uid))
		err = users_db_find_uid(places_default()->db, uid, ret);
	if (err)
		return err;
	return ret->uid == uid ? check_found(ret) : COSMO_E_STORE_DAMAGED;
}

enum cosmo_err lookup_name(const char *name, struct users_db_user *ret)
{
	enum cosmo_err err = lookup_stored_name(name, ret);

	if (err == COSMO_E_NOT_FOUND)
		return provisional_find_name(name, ret);
	return !err && provisional_was_other(ret) ? COSMO_E_BUSY : err;
}

enum cosmo_err lookup_uid(uint32_t uid, struct users_db_user *ret)
{
	enum cosmo_err err = lookup_stored_uid(uid, ret);

	return err == COSMO_E_NOT_FOUND ? provisional_find_uid(uid, ret) : err;
}

enum cosmo_err lookup_next(uint64_t *cursor, struct users_db_user *ret)
{
	struct users_db *db = places_default()->db;

	for (;;) {
		uint64_t before = *cursor;
		enum cosmo_err err = users_db_next(db, cursor, ret);

		if (!err)
			err = check_found(ret);
		if (err != COSMO_E_STORE_DAMAGED || *cursor <= before)
			return err;
	}
}
