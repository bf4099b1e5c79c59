/* SPDX-License-Identifier: MIT */
#include "nss_cosmo/lookup.h"

#include "common/base/parse.h"
#include "common/base/reserved_names.h"
#include "nss_cosmo/places.h"
#include "nss_cosmo/plain_name.h"
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

/* The same of a name that the store holds. */
static inline bool is_fit(const struct users_db_entry *entry)
{
	const char *name = users_db_entry_name(entry);

	/* The marks of reserved names hold for what is padded, which a damaged name may not be. */
	if (!plain_name_is(entry->name))
		return can_be_ours(name);
	return !reserved_names_may_have(entry->name) || !reserved_names_has(name);
}

enum cosmo_err lookup_brief(const struct users_db_brief **ret)
{
	enum cosmo_err err = users_db_brief_peek(places_default()->db, ret);

	/* At the first look-up of the process, so that a later miss needs no system call. */
	if (!err)
		sshd_process_prepare(*ret);
	return err;
}

enum cosmo_err lookup_settings(const struct users_db_settings **ret)
{
	const struct users_db_brief *brief = NULL;
	enum cosmo_err err = users_db_settings_peek(places_default()->db, ret);

	return !err && (*ret)->provisional_on == 1 ? lookup_brief(&brief) : err;
}

static enum cosmo_err check_found(const struct users_db_entry *entry)
{
	const struct users_db_brief *brief = NULL;
	uint32_t uid = users_db_entry_uid(entry);
	enum cosmo_err err = users_db_map_brief(entry->map, &brief);

	if (err)
		return err;
	sshd_process_prepare(brief);
	if (users_db_entry_gid(entry) != uid || !lookup_is_own_id(uid) || uid < brief->uid_min ||
		uid > brief->uid_max)
		return COSMO_E_STORE_DAMAGED;
	return is_fit(entry) ? COSMO_OK : COSMO_E_STORE_DAMAGED;
}

enum cosmo_err lookup_name(const char *name, struct users_db_entry *ret)
{
	enum cosmo_err err = users_db_entry_by_name(places_default()->db, name, ret);

	if (err == COSMO_E_NOT_FOUND)
		return err;
	if (err)
		return can_be_ours(name) ? err : COSMO_E_NOT_FOUND;
	return check_found(ret);
}

enum cosmo_err lookup_uid(uint32_t uid, struct users_db_entry *ret)
{
	enum cosmo_err err = COSMO_E_NOT_FOUND;

	if (lookup_is_own_id(uid))
		err = users_db_entry_by_uid(places_default()->db, uid, ret);
	return err ? err : check_found(ret);
}

enum cosmo_err lookup_next(uint64_t *cursor, uint64_t roles, struct users_db_entry *ret)
{
	struct users_db *db = places_default()->db;

	for (;;) {
		uint64_t before = *cursor;
		enum cosmo_err err = users_db_entry_next(db, cursor, roles, ret);

		if (!err)
			err = check_found(ret);
		if (err != COSMO_E_STORE_DAMAGED || *cursor <= before)
			return err;
	}
}
