/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/helper/rebuild.h"

#include <stdlib.h>
#include <string.h>

#include "pam_cosmo_sso/helper/folder.h"
#include "pam_cosmo_sso/helper/record_write.h"
#include "pam_cosmo_sso/helper/records.h"
#include "pam_cosmo_sso/helper/records_seen.h"
#include "pam_cosmo_sso/helper/shown_user.h"
#include "pam_cosmo_sso/helper/uid_register.h"
#include "pam_cosmo_sso/helper/users_db_write.h"

#define MIN_LONGS 64U

struct rebuilding {
	struct store *store;
	const struct users_db_settings *settings;
	struct users_db_file *file;
};

static enum cosmo_err count_records(struct store *store, uint64_t *ret)
{
	COSMO_AUTO(folder_close) DIR *dir = NULL;
	const char *name = NULL;
	enum cosmo_err err = folder_open(store_folder_fd(store, STORE_USERS), &dir);

	*ret = 0;
	if (!err)
		err = folder_next(dir, &name);
	while (!err && name) {
		(*ret)++;
		err = folder_next(dir, &name);
	}
	return err;
}

/* A record whose ids are not the registered ones is as damaged as one that cannot be read. */
static enum cosmo_err user_of(const struct rebuilding *rebuilding, const char *name,
	const struct record *record, struct users_db_user *ret)
{
	uint32_t uid = 0;
	enum cosmo_err err = COSMO_E_STORE_DAMAGED;

	if (record && uid_register_check(rebuilding->store, name, record->uid) == COSMO_OK)
		err = shown_user(rebuilding->settings, NULL, record, ret);
	if (!err)
		return COSMO_OK;
	err = uid_register_find(rebuilding->store, name, &uid);
	return err ? err : shown_user_damaged(rebuilding->settings, name, uid, ret);
}

static enum cosmo_err put_one(void *context, const char *name, const struct record *record)
{
	struct rebuilding *rebuilding = context;
	struct users_db_user user;
	enum cosmo_err err = user_of(rebuilding, name, record, &user);

	/* Nobody knows any more which uid this was: nothing can be shown of it. */
	if (err && err != COSMO_E_NOMEM && err != COSMO_E_IO)
		return COSMO_OK;
	if (!err)
		err = users_db_file_put(rebuilding->file, &user);
	if (!err && record)
		err = record_link(rebuilding->store, record, false);
	return err;
}

static uint64_t longs_for(uint64_t users)
{
	return users / 16 + MIN_LONGS;
}

static enum cosmo_err fill(struct rebuilding *rebuilding, const struct users_db_size *size)
{
	enum cosmo_err err = users_db_file_make(
		rebuilding->store, rebuilding->settings, size, &rebuilding->file);

	return err ? err : records_each(rebuilding->store, put_one, rebuilding);
}

static enum cosmo_err make_all(struct rebuilding *rebuilding, uint64_t generation)
{
	struct users_db_size size = {.generation = generation};
	enum cosmo_err err = count_records(rebuilding->store, &size.users);

	size.longs = longs_for(size.users);
	/* How many long texts there are is seen only by writing them. */
	do {
		users_db_file_free(COSMO_STEAL(&rebuilding->file));
		if (!err)
			err = fill(rebuilding, &size);
		if (err != COSMO_E_TOO_BIG || size.longs > 4 * size.users + MIN_LONGS)
			break;
		size.longs *= 4;
		err = COSMO_OK;
	} while (true);
	return err;
}

struct rebuild_ahead {
	struct rebuilding rebuilding;
	struct users_db_settings settings;
	uint64_t generation;
	struct records_seen seen;
};

void rebuild_ahead_free(struct rebuild_ahead *ahead)
{
	if (!ahead)
		return;
	users_db_file_free(ahead->rebuilding.file);
	records_seen_done(&ahead->seen);
	free(ahead);
}

/* Is nothing the matter with it? Where anything is, the lock is waited for. */
static bool is_sound(struct store *store, const struct record *record)
{
	char held[COSMO_MAX_NAME_BYTES + 1] = "";

	return uid_register_check(store, record->name, record->uid) == COSMO_OK &&
	       record_link_read(store, record->issuer, record->sub, held) == COSMO_OK &&
	       streq(held, record->name);
}

static enum cosmo_err put_sound(void *context, struct record_seen *seen)
{
	struct rebuilding *rebuilding = context;
	COSMO_AUTO(record_free) struct record *record = NULL;
	struct users_db_user user;
	enum cosmo_err err = record_load(rebuilding->store, seen->name, &record);

	if (err == COSMO_E_NOMEM)
		return err;
	seen->is_damaged = err || !is_sound(rebuilding->store, record) ||
			   shown_user(rebuilding->settings, NULL, record, &user);
	return seen->is_damaged ? COSMO_OK : users_db_file_put(rebuilding->file, &user);
}

/* Twice: what is written in the long time of the first is not left for the lock. */
static enum cosmo_err fill_ahead(struct rebuild_ahead *ahead)
{
	struct rebuilding *rebuilding = &ahead->rebuilding;
	struct users_db_size size = {.generation = ahead->generation};
	enum cosmo_err err = count_records(rebuilding->store, &size.users);

	size.longs = longs_for(size.users);
	if (!err)
		err = users_db_file_make_ahead(
			rebuilding->store, rebuilding->settings, &size, &rebuilding->file);
	for (int i = 0; i < 2 && !err; i++)
		err = records_seen_visit(
			&ahead->seen, rebuilding->store, SIZE_MAX, put_sound, rebuilding);
	return err ? err : users_db_file_write_out(rebuilding->file);
}

enum cosmo_err rebuild_ahead(struct store *store, const struct users_db_settings *settings,
	uint64_t generation, struct rebuild_ahead **ret)
{
	COSMO_AUTO(rebuild_ahead_free) struct rebuild_ahead *ahead = calloc(1, sizeof(*ahead));
	enum cosmo_err err = COSMO_OK;

	if (!ahead)
		return COSMO_E_NOMEM;
	memcpy(&ahead->settings, settings, sizeof(*settings)); /* they are compared as bytes */
	ahead->generation = generation;
	ahead->rebuilding = (struct rebuilding){.store = store, .settings = &ahead->settings};
	err = fill_ahead(ahead);
	if (!err)
		*ret = COSMO_STEAL(&ahead);
	return err;
}

static enum cosmo_err put_again(void *context, struct record_seen *seen)
{
	struct rebuilding *rebuilding = context;
	COSMO_AUTO(record_free) struct record *record = NULL;
	enum cosmo_err err = record_load(rebuilding->store, seen->name, &record);

	if (err == COSMO_E_NOMEM || err == COSMO_E_NOT_FOUND)
		return err == COSMO_E_NOMEM ? err : COSMO_OK;
	return put_one(rebuilding, seen->name, record);
}

/* With the lock: what was written since, and what was not sound. A record that somebody has taken
 * away is in the file still. */
static enum cosmo_err catch_up(struct rebuild_ahead *ahead)
{
	struct records_seen *seen = &ahead->seen;
	enum cosmo_err err = COSMO_OK;

	seen->damaged_again = true;
	err = records_seen_visit(
		seen, ahead->rebuilding.store, SIZE_MAX, put_again, &ahead->rebuilding);
	return !err && seen->present < seen->count ? COSMO_E_NOT_FOUND : err;
}

static bool is_for(const struct rebuild_ahead *ahead, const struct users_db_settings *settings,
	uint64_t generation)
{
	return ahead && ahead->generation == generation &&
	       memcmp(&ahead->settings, settings, sizeof(*settings)) == 0;
}

enum cosmo_err rebuild(struct store *store, const struct users_db_settings *settings,
	uint64_t generation, struct rebuild_ahead *ahead)
{
	struct rebuilding rebuilding = {.store = store, .settings = settings};
	enum cosmo_err err = COSMO_E_NOT_FOUND;

	if (is_for(ahead, settings, generation))
		err = catch_up(ahead);
	if (ahead)
		rebuilding.file = COSMO_STEAL(&ahead->rebuilding.file);
	if (err)
		err = make_all(&rebuilding, generation);
	if (!err)
		err = users_db_file_publish(store, rebuilding.file);
	users_db_file_free(rebuilding.file);
	return err;
}
