/* SPDX-License-Identifier: MIT */
/*
 * A commit notes in users.db what it is about to do, then writes link, record, slot and index, each
 * durable before the next. One that broke off is done again by the next writer from the record,
 * which is whole, old or new (P9).
 */
#include "pam_cosmo_sso/helper/commit.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "pam_cosmo_sso/helper/rebuild.h"
#include "pam_cosmo_sso/helper/recent_folder.h"
#include "pam_cosmo_sso/helper/record_write.h"
#include "pam_cosmo_sso/helper/shown_user.h"
#include "pam_cosmo_sso/helper/staged_file.h"
#include "pam_cosmo_sso/helper/uid_register.h"
#include "pam_cosmo_sso/helper/users_db_write.h"

#define VERIFIED_NAME "verified" /* in the private folder on the tmpfs */

/* Records on their way into one file. */
struct commit {
	struct store *store;
	const struct config *config; /* NULL: roles of the file's settings */
	struct users_db_file *file;
	const struct record *const *records;
	size_t count;
	struct users_db_user *users;
	struct users_db_place *places;
};

static void commit_done(struct commit *commit)
{
	free(commit->users);
	free(commit->places);
	users_db_file_free(commit->file);
}
COSMO_AUTO_DEFINE(struct commit *, commit_done);

/* The uid of a record in force is in the register: that it is not there, or another's, is damage.
 */
static enum cosmo_err check_uid(const struct commit *commit, const struct record *record)
{
	enum cosmo_err err = uid_register_check(commit->store, record->name, record->uid);

	return err == COSMO_E_NOT_FOUND || err == COSMO_E_UID ? COSMO_E_STORE_DAMAGED : err;
}

static enum cosmo_err make_users(struct commit *commit)
{
	const struct users_db_settings *settings = NULL;
	enum cosmo_err err = users_db_map_settings(users_db_file_map(commit->file), &settings);

	commit->users = calloc(commit->count, sizeof(*commit->users));
	commit->places = calloc(commit->count, sizeof(*commit->places));
	if (!err && (!commit->users || !commit->places))
		err = COSMO_E_NOMEM;
	for (size_t i = 0; i < commit->count && !err; i++) {
		const struct record *record = commit->records[i];

		err = shown_user(settings, commit->config, record, &commit->users[i]);
		if (!err)
			err = check_uid(commit, record);
	}
	return err;
}

static enum cosmo_err grow(struct commit *commit)
{
	COSMO_AUTO(users_db_file_free) struct users_db_file *larger = NULL;
	enum cosmo_err err = users_db_file_grow(commit->store, commit->file, &larger);

	if (!err)
		err = users_db_file_publish(commit->store, larger);
	if (err)
		return err;
	users_db_file_free(commit->file);
	commit->file = COSMO_STEAL(&larger);
	return COSMO_OK;
}

static enum cosmo_err plan(struct commit *commit)
{
	enum cosmo_err err = COSMO_E_TOO_BIG;

	for (int i = 0; i < 32 && err == COSMO_E_TOO_BIG; i++) {
		err = i ? grow(commit) : COSMO_OK;
		if (!err)
			err = users_db_file_plan(
				commit->file, commit->users, commit->places, commit->count);
	}
	return err;
}

static enum cosmo_err note_pending(struct commit *commit)
{
	struct users_db_state *state = users_db_file_state(commit->file);
	const struct users_db_place *place = &commit->places[0];
	enum cosmo_err err = COSMO_OK;

	state->pending = commit->count == 1 ? USERS_DB_USER_PENDING : USERS_DB_BATCH_PENDING;
	state->was = (place->is_new ? 0U : USERS_DB_WAS_USED) |
		     (place->was_shown ? USERS_DB_WAS_SHOWN : 0U);
	memcpy(state->name, commit->users[0].name, sizeof(state->name));
	err = users_db_state_save(commit->file);
	return err ? err : users_db_file_sync(commit->file);
}

/* Not synced: done twice is done. */
static enum cosmo_err note_done(struct users_db_file *file)
{
	struct users_db_state *state = users_db_file_state(file);

	state->pending = USERS_DB_NOTHING_PENDING;
	state->was = 0;
	memset(state->name, 0, sizeof(state->name));
	return users_db_state_save(file);
}

static enum cosmo_err stage_records(struct commit *commit)
{
	bool alone = commit->count == 1;
	enum cosmo_err err = COSMO_OK;

	for (size_t i = 0; i < commit->count && !err; i++) {
		err = record_link(commit->store, commit->records[i], alone);
		if (!err)
			err = record_stage(commit->store, commit->records[i], alone);
		if (err == COSMO_E_TOO_BIG)
			err = COSMO_E_INVALID;
	}
	if (!err && !alone && syncfs(store_private_fd(commit->store)) < 0)
		err = COSMO_E_IO;
	return err;
}

static enum cosmo_err settle_records(struct commit *commit)
{
	enum cosmo_err err = COSMO_OK;

	for (size_t i = 0; i < commit->count && !err; i++)
		err = record_settle(commit->store, commit->records[i]);
	if (!err && fsync(store_folder_fd(commit->store, STORE_USERS)) < 0)
		err = COSMO_E_IO;
	return err;
}

/* Slots, then what makes them final. */
static enum cosmo_err show_users(struct commit *commit)
{
	bool any_new = false;
	enum cosmo_err err = COSMO_OK;

	for (size_t i = 0; i < commit->count && !err; i++)
		err = users_db_file_fill(commit->file, &commit->users[i], &commit->places[i]);
	if (!err)
		err = users_db_file_sync(commit->file);
	for (size_t i = 0; i < commit->count && !err; i++) {
		any_new = any_new || commit->places[i].is_new;
		err = users_db_file_show(commit->file, &commit->users[i], &commit->places[i]);
	}
	if (!err && any_new)
		err = users_db_file_sync(commit->file);
	return err ? err : note_done(commit->file);
}

/* Nothing was put in force yet: the records are as they were, and so are the users. */
static void withdraw(struct commit *commit)
{
	for (size_t i = 0; i < commit->count; i++)
		staged_file_drop(
			store_folder_fd(commit->store, STORE_USERS), commit->records[i]->name);
	/* As long as the note stands the next writer looks for them. */
	if (fsync(store_folder_fd(commit->store, STORE_USERS)) == 0)
		(void)!note_done(commit->file);
}

/* After the records are settled an error leaves them to the next writer. */
static enum cosmo_err write_all(struct commit *commit)
{
	enum cosmo_err err = note_pending(commit);

	if (!err)
		err = stage_records(commit);
	if (err) {
		withdraw(commit);
		return err;
	}
	err = settle_records(commit);
	return err ? err : show_users(commit);
}

/* The user of a commit that broke off, as his record says now. What was staged for him holds
 * tokens, and was never in force. */
static enum cosmo_err redo_user(struct store *store, struct users_db_file *file)
{
	COSMO_AUTO(record_free) struct record *record = NULL;
	const struct users_db_state *state = users_db_file_state(file);
	struct users_db_place place;
	struct users_db_user user;
	const struct users_db_settings *settings = NULL;
	uint32_t was = state->was;
	enum cosmo_err err = record_load(store, state->name, &record);

	/* Gone for good before the note is: nobody else would look for it. */
	staged_file_drop(store_folder_fd(store, STORE_USERS), state->name);
	if (fsync(store_folder_fd(store, STORE_USERS)) < 0)
		return COSMO_E_IO;
	/* Never enrolled after all; or damaged, and then what is shown of him stays as it was. */
	if (err == COSMO_E_NOT_FOUND || err == COSMO_E_STORE_DAMAGED || err == COSMO_E_UNSAFE_FILE)
		return note_done(file);
	if (!err)
		err = users_db_map_settings(users_db_file_map(file), &settings);
	if (!err)
		err = shown_user(settings, NULL, record, &user);
	if (!err)
		err = users_db_file_plan(file, &user, &place, 1);
	if (!err)
		err = users_db_file_fill(file, &user, &place);
	if (!err)
		err = users_db_file_sync(file);
	if (err)
		return err;
	/* The counts are those from before. */
	place.was_shown = (was & USERS_DB_WAS_SHOWN) != 0;
	err = users_db_file_show(file, &user, &place);
	if (!err && !place.is_new && !(was & USERS_DB_WAS_USED))
		users_db_file_state(file)->used++;
	if (!err)
		err = users_db_file_sync(file);
	return err ? err : note_done(file);
}

/* Without the note the file is looked at once more, no harm done. */
static void note_verified(struct store *store)
{
	int fd = openat(store_run_fd(store), VERIFIED_NAME,
		O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd >= 0)
		(void)close(fd);
}

/*
 * Whatever the last power cut did to the file is met before it is written to, and not by a look-up
 * some day. That it was looked at is noted where a boot forgets it.
 */
static enum cosmo_err verify_once(struct store *store, const struct users_db_file *file)
{
	enum cosmo_err err = COSMO_OK;

	if (faccessat(store_run_fd(store), VERIFIED_NAME, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return COSMO_OK;
	err = users_db_file_verify(file);
	if (!err)
		note_verified(store);
	return err;
}

/* Open users.db with nothing pending in it. */
static enum cosmo_err open_settled(struct store *store, struct users_db_file **ret)
{
	COSMO_AUTO(users_db_file_free) struct users_db_file *file = NULL;
	const struct users_db_settings *settings = NULL;
	const struct users_db_map *map = NULL;
	enum cosmo_err err = users_db_file_open(store, &file);

	if (!err)
		err = verify_once(store, file);
	if (err)
		return err;
	map = users_db_file_map(file);
	if (users_db_file_state(file)->pending == USERS_DB_USER_PENDING)
		err = redo_user(store, file);
	if (err == COSMO_E_TOO_BIG || err == COSMO_E_INVALID)
		err = COSMO_E_STORE_DAMAGED; /* it was planned otherwise */
	if (users_db_file_state(file)->pending == USERS_DB_BATCH_PENDING) {
		err = users_db_map_settings(map, &settings);
		if (!err)
			err = staged_file_drop_all(store_folder_fd(store, STORE_USERS));
		if (!err)
			err = rebuild(store, settings, map->header.generation + 1, NULL);
		users_db_file_free(COSMO_STEAL(&file));
		if (!err)
			err = users_db_file_open(store, &file);
	}
	if (!err)
		*ret = COSMO_STEAL(&file);
	return err;
}

enum cosmo_err commit_recover(struct store *store)
{
	COSMO_AUTO(users_db_file_free) struct users_db_file *file = NULL;

	return open_settled(store, &file);
}

enum cosmo_err commit_note_stale(struct store *store)
{
	COSMO_AUTO(users_db_file_free) struct users_db_file *file = NULL;
	enum cosmo_err err = users_db_file_open(store, &file);

	if (err)
		return err == COSMO_E_IO || err == COSMO_E_NOMEM ? err : COSMO_OK;
	users_db_file_state(file)->pending = USERS_DB_BATCH_PENDING;
	err = users_db_state_save(file);
	return err ? err : users_db_file_sync(file);
}

/* What is derived is made anew from the truth when it is missing or damaged. */
static enum cosmo_err open_or_rebuild(
	struct store *store, const struct config *config, struct users_db_file **ret)
{
	enum cosmo_err err = open_settled(store, ret);

	if (err == COSMO_E_STORE_MISSING || err == COSMO_E_STORE_DAMAGED) {
		err = commit_rebuild(store, config);
		if (!err)
			err = open_settled(store, ret);
	}
	return err;
}

/* A sign-in that does not fit what the user is now counts no more. That it is gone is for good: a
 * role that comes back does not bring it back. */
static void settle_recent(const struct commit *commit)
{
	(void)!recent_folder_settle(store_run_fd(commit->store), commit->records, commit->count);
}

enum cosmo_err commit_users(struct store *store, const struct config *config,
	const struct record *const *records, size_t count)
{
	struct commit commit = {
		.store = store, .config = config, .records = records, .count = count};
	COSMO_AUTO(commit_done) struct commit *owned = &commit;
	enum cosmo_err err = COSMO_OK;

	if (count == 0 || count > COMMIT_MAX_USERS)
		return COSMO_E_INVALID;
	err = open_or_rebuild(store, config, &owned->file);
	if (!err)
		err = make_users(owned);
	if (!err)
		err = plan(owned);
	if (!err)
		err = write_all(owned);
	if (!err)
		settle_recent(owned);
	return err;
}

enum cosmo_err commit_unshown_all(
	struct store *store, const struct record *const *records, size_t count)
{
	bool alone = count == 1;
	enum cosmo_err err = COSMO_OK;

	for (size_t i = 0; i < count && !err; i++)
		err = record_stage(store, records[i], alone);
	if (!err && !alone && syncfs(store_private_fd(store)) < 0)
		err = COSMO_E_IO;
	for (size_t i = 0; i < count && !err; i++)
		err = record_settle(store, records[i]);
	for (size_t i = 0; i < count && err; i++)
		staged_file_drop(store_folder_fd(store, STORE_USERS), records[i]->name);
	if (err)
		return err == COSMO_E_TOO_BIG ? COSMO_E_INVALID : err;
	return fsync(store_folder_fd(store, STORE_USERS)) < 0 ? COSMO_E_IO : COSMO_OK;
}

enum cosmo_err commit_unshown(struct store *store, const struct record *record)
{
	return commit_unshown_all(store, &record, 1);
}

enum cosmo_err commit_user(
	struct store *store, const struct config *config, const struct record *record)
{
	enum cosmo_err err = commit_users(store, config, &record, 1);

	/* Damage that was met on the way, or sequences at their end: a new file from the records,
	 * this one among them or not. That of the register is mended by no new file. */
	if ((err == COSMO_E_STORE_DAMAGED || err == COSMO_E_TOO_BIG) &&
		uid_register_check(store, record->name, record->uid) == COSMO_OK &&
		commit_rebuild(store, config) == COSMO_OK)
		err = commit_users(store, config, &record, 1);
	return err;
}
