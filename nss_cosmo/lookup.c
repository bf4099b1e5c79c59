/* SPDX-License-Identifier: MIT */
#include "nss_cosmo/lookup.h"

#include <stdbool.h>

#include "common/base/parse.h"
#include "common/base/reserved_names.h"
#include "nss_cosmo/places.h"
#include "nss_cosmo/provisional.h"
#include "nss_cosmo/sshd_process.h"

static bool can_be_ours(const char *name)
{
	return login_name_is_valid(name, true) && !reserved_names_has(name);
}

static bool is_shown_id(uint32_t id)
{
	return id >= LOOKUP_FLOOR_ID && id <= INT32_MAX;
}

bool lookup_is_conferrable(uint32_t gid)
{
	return gid != 0 && gid <= INT32_MAX;
}

static enum cosmo_err check_user(
	const struct users_db_user *user, const struct users_db_numbers *numbers)
{
	if (user->gid != user->uid || !is_shown_id(user->uid))
		return COSMO_E_STORE_DAMAGED;
	if (user->uid < numbers->uid_min || user->uid > numbers->uid_max)
		return COSMO_E_STORE_DAMAGED;
	return can_be_ours(user->name) ? COSMO_OK : COSMO_E_STORE_DAMAGED;
}

static enum cosmo_err check_found(const struct users_db_user *user)
{
	struct users_db_numbers numbers;
	enum cosmo_err err = users_db_numbers(places_default()->db, &numbers);

	if (err)
		return err;
	/* Now, at the first look-up of the process, so that a later miss needs no system call. */
	sshd_process_prepare(numbers.provisional_on == 1);
	return check_user(user, &numbers);
}

enum cosmo_err lookup_stored_name(const char *name, struct users_db_user *ret)
{
	enum cosmo_err err = users_db_find_name(places_default()->db, name, ret);

	if (err == COSMO_E_NOT_FOUND)
		return err;
	if (err)
		return can_be_ours(name) ? err : COSMO_E_NOT_FOUND;
	if (!streq(ret->name, name))
		return COSMO_E_STORE_DAMAGED;
	return check_found(ret);
}

enum cosmo_err lookup_stored_uid(uint32_t uid, struct users_db_user *ret)
{
	enum cosmo_err err = COSMO_OK;

	if (!is_shown_id(uid))
		return COSMO_E_NOT_FOUND;
	err = users_db_find_uid(places_default()->db, uid, ret);
	if (err)
		return err;
	return ret->uid == uid ? check_found(ret) : COSMO_E_STORE_DAMAGED;
}

enum cosmo_err lookup_name(const char *name, struct users_db_user *ret)
{
	enum cosmo_err err = lookup_stored_name(name, ret);

	return err == COSMO_E_NOT_FOUND ? provisional_find_name(name, ret) : err;
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

static bool roles_are_shown(const struct users_db_settings *settings)
{
	for (uint32_t i = 0; i < settings->role_count; i++)
		if (!is_shown_id(settings->roles[i].gid) ||
			!group_name_is_valid(settings->roles[i].group))
			return false;
	return true;
}

enum cosmo_err lookup_settings(struct users_db_settings *ret)
{
	enum cosmo_err err = users_db_settings(places_default()->db, ret);

	if (err)
		return err;
	if (ret->role_count > USERS_DB_MAX_ROLES || ret->conferred_count > USERS_DB_MAX_CONFERRED)
		return COSMO_E_STORE_DAMAGED;
	if (!is_shown_id(ret->users_gid) || !roles_are_shown(ret))
		return COSMO_E_STORE_DAMAGED;
	return COSMO_OK;
}

static bool gids_are_shown(const struct users_db_numbers *numbers)
{
	for (uint32_t i = 0; i < numbers->role_count; i++)
		if (!is_shown_id(numbers->role_gid[i]))
			return false;
	return true;
}

enum cosmo_err lookup_numbers(struct users_db_numbers *ret)
{
	enum cosmo_err err = users_db_numbers(places_default()->db, ret);

	if (err)
		return err;
	if (ret->role_count > USERS_DB_MAX_ROLES || ret->conferred_count > USERS_DB_MAX_CONFERRED)
		return COSMO_E_STORE_DAMAGED;
	if (!is_shown_id(ret->users_gid) || !gids_are_shown(ret))
		return COSMO_E_STORE_DAMAGED;
	return COSMO_OK;
}
