/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/helper/commit.h"

#include <string.h>

#include "pam_cosmo_sso/helper/record_write.h"
#include "pam_cosmo_sso/helper/settings.h"
#include "pam_cosmo_sso/helper/users_db_write.h"

#define GROUP_FILE "/etc/group"

static bool copy_text(char *ret, size_t size, const char *text)
{
	size_t len = text ? strlen(text) : 0;

	if (len >= size)
		return false;
	memcpy(ret, text ? text : "", len);
	ret[len] = '\0';
	return true;
}

/* What look-ups show of a record. */
static enum cosmo_err user_of(
	const struct config *config, const struct record *record, struct users_db_user *ret)
{
	memset(ret, 0, sizeof(*ret));
	memcpy(ret->name, record->name, sizeof(ret->name));
	ret->uid = record->uid;
	ret->gid = record->gid;
	ret->flags = record->flags;
	ret->reason = (uint32_t)record->reason;
	ret->confirmed_s = record->confirmed_s;
	ret->signed_in_s = record->signed_in_s;
	memcpy(ret->integration, record->integration, INTEGRATION_BYTES);
	for (uint32_t i = 0; i < record->role_count; i++) {
		int index = config_role_index(config, record->roles[i]);

		if (index >= 0)
			ret->roles |= 1ULL << index;
	}
	/* A long display name is cut rather than refused; home and shell are not. */
	if (!copy_text(ret->gecos, sizeof(ret->gecos), record->display_name))
		ret->gecos[0] = '\0';
	if (!copy_text(ret->home, sizeof(ret->home), record->home) ||
		!copy_text(ret->shell, sizeof(ret->shell), record->shell))
		return COSMO_E_INVALID;
	return COSMO_OK;
}

struct rebuild {
	struct users_db_file *file;
	const struct config *config;
	uint64_t count;
};

static enum cosmo_err count_one(void *context, const char *name, const struct record *record)
{
	struct rebuild *rebuild = context;

	(void)name;
	(void)record;
	rebuild->count++;
	return COSMO_OK;
}

/* A damaged record is nobody: its user is not shown until it is mended. */
static enum cosmo_err put_one(void *context, const char *name, const struct record *record)
{
	struct rebuild *rebuild = context;
	struct users_db_user user;
	enum cosmo_err err = COSMO_OK;

	(void)name;
	if (!record)
		return COSMO_OK;
	err = user_of(rebuild->config, record, &user);
	return err ? err : users_db_file_put(rebuild->file, &user);
}

/* A new file with every record in it, and room for as many again. */
static enum cosmo_err rebuild(struct store *store, const struct config *config, bool provisional_on)
{
	struct rebuild rebuild = {.config = config};
	struct users_db_settings settings;
	COSMO_AUTO(users_db_file_free) struct users_db_file *file = NULL;
	enum cosmo_err err = settings_make(config, GROUP_FILE, provisional_on, &settings);

	if (!err)
		err = records_each(store, count_one, &rebuild);
	if (!err)
		err = users_db_file_make(store, &settings, 2 * rebuild.count + 16, &file);
	rebuild.file = file;
	if (!err)
		err = records_each(store, put_one, &rebuild);
	return err ? err : users_db_file_publish(store, file);
}

static bool is_provisional_on(const struct users_db_map *map)
{
	const struct users_db_settings *settings = NULL;

	return users_db_map_settings(map, &settings) == COSMO_OK && settings->provisional_on == 1;
}

enum cosmo_err commit_rebuild(struct store *store, const struct config *config)
{
	COSMO_AUTO(users_db_file_free) struct users_db_file *file = NULL;
	bool provisional_on = users_db_file_open(store, &file) == COSMO_OK &&
			      is_provisional_on(users_db_file_map(file));

	return rebuild(store, config, provisional_on);
}

/* Which bit is which role, and what the slots leave out. */
static bool needs_rebuild(const struct users_db_map *map, const struct users_db_settings *old,
	const struct users_db_settings *new)
{
	if (!streq(map->header.home, new->home) || !streq(map->header.shell, new->shell))
		return true;
	if (old->role_count != new->role_count)
		return true;
	for (uint32_t i = 0; i < new->role_count; i++)
		if (!streq(old->roles[i].name, new->roles[i].name))
			return true;
	return false;
}

enum cosmo_err commit_settings(struct store *store, const struct config *config, int provisional_on)
{
	COSMO_AUTO(users_db_file_free) struct users_db_file *file = NULL;
	const struct users_db_settings *old = NULL;
	struct users_db_settings new;
	bool on = provisional_on > 0;
	enum cosmo_err err = users_db_file_open(store, &file);

	if (!err)
		err = users_db_map_settings(users_db_file_map(file), &old);
	if (err == COSMO_E_STORE_MISSING || err == COSMO_E_STORE_DAMAGED ||
		err == COSMO_E_UNSAFE_FILE)
		return rebuild(store, config, on);
	if (err)
		return err;
	if (provisional_on < 0)
		on = old->provisional_on == 1;
	err = settings_make(config, GROUP_FILE, on, &new);
	if (err)
		return err;
	if (needs_rebuild(users_db_file_map(file), old, &new))
		return rebuild(store, config, on);
	if (memcmp(old, &new, sizeof(new)) == 0)
		return COSMO_OK;
	return users_db_file_put_settings(file, &new);
}

static enum cosmo_err show_user(struct store *store, const struct users_db_user *user)
{
	COSMO_AUTO(users_db_file_free) struct users_db_file *file = NULL;
	enum cosmo_err err = users_db_file_open(store, &file);

	return err ? err : users_db_file_put(file, user);
}

enum cosmo_err commit_user(
	struct store *store, const struct config *config, const struct record *record)
{
	struct users_db_user user;
	enum cosmo_err err = user_of(config, record, &user);

	if (!err)
		err = record_link(store, record);
	if (!err)
		err = record_write(store, record);
	if (!err)
		err = show_user(store, &user);
	/* No room, or nothing sound to write to: the records, this one among them, make a new file.
	 */
	if (err == COSMO_E_TOO_BIG || err == COSMO_E_STORE_MISSING || err == COSMO_E_STORE_DAMAGED)
		err = commit_rebuild(store, config);
	return err;
}
