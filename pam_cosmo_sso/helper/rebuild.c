/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/helper/rebuild.h"

#include "pam_cosmo_sso/helper/folder.h"
#include "pam_cosmo_sso/helper/record_write.h"
#include "pam_cosmo_sso/helper/records.h"
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

static enum cosmo_err fill(struct rebuilding *rebuilding, const struct users_db_size *size)
{
	enum cosmo_err err = users_db_file_make(
		rebuilding->store, rebuilding->settings, size, &rebuilding->file);

	return err ? err : records_each(rebuilding->store, put_one, rebuilding);
}

enum cosmo_err rebuild(
	struct store *store, const struct users_db_settings *settings, uint64_t generation)
{
	struct rebuilding rebuilding = {.store = store, .settings = settings};
	struct users_db_size size = {.generation = generation};
	enum cosmo_err err = count_records(store, &size.users);

	size.longs = size.users / 16 + MIN_LONGS;
	/* How many long texts there are is seen only by writing them. */
	do {
		users_db_file_free(COSMO_STEAL(&rebuilding.file));
		if (!err)
			err = fill(&rebuilding, &size);
		if (err != COSMO_E_TOO_BIG || size.longs > 4 * size.users + MIN_LONGS)
			break;
		size.longs *= 4;
		err = COSMO_OK;
	} while (true);
	if (!err)
		err = users_db_file_publish(store, rebuilding.file);
	users_db_file_free(rebuilding.file);
	return err;
}
