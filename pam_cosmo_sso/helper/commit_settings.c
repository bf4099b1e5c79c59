/* SPDX-License-Identifier: MIT */
/* users.db as a whole: its settings, and making it anew. */
#include <string.h>

#include "common/base/local_names.h"
#include "pam_cosmo_sso/helper/commit.h"
#include "pam_cosmo_sso/helper/rebuild.h"
#include "pam_cosmo_sso/helper/settings.h"
#include "pam_cosmo_sso/helper/users_db_write.h"

/* Of the file that is replaced, as far as it can be read. */
struct old_file {
	bool has_settings;
	uint64_t generation;
	struct users_db_settings settings;
};

static void note_old(const struct users_db_map *map, struct old_file *ret)
{
	const struct users_db_settings *settings = NULL;

	ret->generation = map->header.generation;
	ret->has_settings = users_db_map_settings(map, &settings) == COSMO_OK;
	if (ret->has_settings)
		ret->settings = *settings;
}

static void old_file_read(struct store *store, struct old_file *ret)
{
	COSMO_AUTO(users_db_file_free) struct users_db_file *file = NULL;

	*ret = (struct old_file){.has_settings = false};
	if (users_db_file_open(store, &file) == COSMO_OK)
		note_old(users_db_file_map(file), ret);
}

/* Without the lock: opening it for writing may write. */
static void old_file_peek(struct store *store, struct old_file *ret)
{
	COSMO_AUTO(users_db_map_free) const struct users_db_map *map = NULL;

	*ret = (struct old_file){.has_settings = false};
	if (users_db_map_open(store_state_fd(store), "users.1.db",
		    store_users_db(store)->machine_id_path, &map) == COSMO_OK)
		note_old(map, ret);
}

/* @config NULL: those there were. @provisional_on: -1 to keep what is there. */
static enum cosmo_err new_settings(const struct old_file *old, const struct config *config,
	int provisional_on, struct users_db_settings *ret)
{
	bool on = provisional_on > 0;

	if (!config && !old->has_settings)
		return COSMO_E_STORE_DAMAGED;
	if (!config) {
		*ret = old->settings;
		return COSMO_OK;
	}
	if (provisional_on < 0)
		on = old->has_settings && old->settings.provisional_on == 1;
	return settings_make(config, LOCAL_GROUP_FILE, on, ret);
}

static enum cosmo_err rebuild_by(struct store *store, const struct config *config,
	int provisional_on, struct rebuild_ahead *ahead)
{
	struct old_file old;
	struct users_db_settings settings;
	enum cosmo_err err = COSMO_OK;

	old_file_read(store, &old);
	err = new_settings(&old, config, provisional_on, &settings);
	return err ? err : rebuild(store, &settings, old.generation + 1, ahead);
}

enum cosmo_err commit_rebuild(struct store *store, const struct config *config)
{
	return rebuild_by(store, config, -1, NULL);
}

enum cosmo_err commit_rebuild_ahead(
	struct store *store, const struct config *config, struct rebuild_ahead **ret)
{
	struct old_file old;
	struct users_db_settings settings;
	enum cosmo_err err = COSMO_OK;

	old_file_peek(store, &old);
	err = new_settings(&old, config, -1, &settings);
	return err ? err : rebuild_ahead(store, &settings, old.generation + 1, ret);
}

enum cosmo_err commit_rebuild_with(
	struct store *store, const struct config *config, struct rebuild_ahead *ahead)
{
	return rebuild_by(store, config, -1, ahead);
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

/* The present file with nothing pending in it, and its settings. */
static enum cosmo_err open_settled(struct store *store, struct users_db_file **ret_file,
	const struct users_db_settings **ret_settings)
{
	enum cosmo_err err = commit_recover(store);

	if (!err)
		err = users_db_file_open(store, ret_file);
	return err ? err : users_db_map_settings(users_db_file_map(*ret_file), ret_settings);
}

enum cosmo_err commit_settings(struct store *store, const struct config *config, int provisional_on)
{
	COSMO_AUTO(users_db_file_free) struct users_db_file *file = NULL;
	const struct users_db_settings *old = NULL;
	struct users_db_settings new;
	enum cosmo_err err = open_settled(store, &file, &old);

	if (err == COSMO_E_STORE_MISSING || err == COSMO_E_STORE_DAMAGED)
		return rebuild_by(store, config, provisional_on, NULL);
	if (err)
		return err;
	err = settings_make(config, LOCAL_GROUP_FILE,
		provisional_on < 0 ? old->provisional_on == 1 : provisional_on > 0, &new);
	if (err)
		return err;
	if (needs_rebuild(users_db_file_map(file), old, &new))
		return rebuild_by(store, config, provisional_on, NULL);
	if (memcmp(old, &new, sizeof(new)) == 0)
		return COSMO_OK;
	err = users_db_file_put_settings(file, &new);
	return err == COSMO_E_TOO_BIG ? rebuild_by(store, config, provisional_on, NULL) : err;
}

enum cosmo_err commit_provisional_off(struct store *store)
{
	COSMO_AUTO(users_db_file_free) struct users_db_file *file = NULL;
	const struct users_db_settings *old = NULL;
	struct users_db_settings new;
	enum cosmo_err err = open_settled(store, &file, &old);

	if (err == COSMO_E_STORE_MISSING || err == COSMO_E_STORE_DAMAGED)
		return COSMO_OK; /* no look-up is answered from it */
	if (err || old->provisional_on == 0)
		return err;
	new = *old;
	new.provisional_on = 0;
	return users_db_file_put_settings(file, &new);
}
