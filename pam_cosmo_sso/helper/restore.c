/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/helper/restore.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/fdio.h"
#include "common/base/parse.h"
#include "common/base/siphash.h"
#include "pam_cosmo_sso/helper/commit.h"
#include "pam_cosmo_sso/helper/folder.h"
#include "pam_cosmo_sso/helper/integration_record.h"
#include "pam_cosmo_sso/helper/record_write.h"
#include "pam_cosmo_sso/helper/restore_roll.h"

#define STAGE_NAME     ".restore"
#define PRIVATE_NAME   "private"
#define MAX_FILE_BYTES ((size_t)1 << 34)
#define MAX_DEPTH      4

struct restoring {
	struct store *store;
	const struct store_paths *paths;
	const struct config *config;
	struct store *stage;
	struct restore_roll *roll;
	struct integration *integration;
	int fd; /* the file */
	struct restore_report *report;
};

static void restoring_done(struct restoring *restoring)
{
	store_free(restoring->stage);
	restore_roll_free(restoring->roll);
	integration_free(restoring->integration);
	cosmo_auto_close(&restoring->fd);
}
COSMO_AUTO_DEFINE(struct restoring *, restoring_done);

static enum cosmo_err open_file(struct restoring *restoring, const char *path)
{
	static const struct fdio_demands demands = {
		.owner = 0, .forbidden_mode = 022, .max_bytes = MAX_FILE_BYTES};
	size_t bytes = 0;
	enum cosmo_err err = fdio_open(AT_FDCWD, path, &demands, &restoring->fd, &bytes);

	restoring->report->is_file = err != COSMO_OK;
	return err == COSMO_E_NOT_FOUND ? COSMO_E_INVALID : err;
}

static enum cosmo_err take(void *context, const struct backup_entry *entry)
{
	struct restoring *restoring = context;

	return restore_roll_take(restoring->roll, entry, &restoring->report->problem);
}

/* The visitor's problem, or the reader's. */
static enum cosmo_err read_file(struct restoring *restoring, backup_visitor visit)
{
	struct backup_problem problem = {.text = NULL};
	enum cosmo_err err = backup_read(restoring->fd, visit, restoring, &problem);

	if (problem.text)
		restoring->report->problem = problem;
	return err;
}

static enum cosmo_err judge(struct restoring *restoring)
{
	enum cosmo_err err = restore_roll_new(&restoring->roll);

	if (!err)
		err = read_file(restoring, take);
	if (!err)
		err = restore_roll_check(restoring->roll, &restoring->report->problem);
	if (err)
		return err;
	restoring->report->users = restore_roll_users(restoring->roll);
	restoring->report->uids = restore_roll_uids(restoring->roll);
	return COSMO_OK;
}

/* Nobody's roles may be at stake: a host that is connected is disconnected first, with all that
 * follows from that. */
static enum cosmo_err check_disconnected(struct store *store, bool *ret_connected)
{
	COSMO_AUTO(integration_free) struct integration *integration = NULL;
	struct gate_view gate = {.state = GATE_MISSING};
	enum cosmo_err err = COSMO_OK;

	gate_read(store_gate(store), &gate);
	*ret_connected = gate.state == GATE_OPEN;
	if (*ret_connected)
		return COSMO_E_EXISTS;
	err = integration_load(store, &integration);
	if (err && err != COSMO_E_NOT_FOUND && err != COSMO_E_STORE_DAMAGED &&
		err != COSMO_E_UNSAFE_FILE)
		return err;
	*ret_connected =
		!err && integration->connected && integration_check_machine(store) == COSMO_OK;
	return *ret_connected ? COSMO_E_EXISTS : COSMO_OK;
}

static enum cosmo_err check_empty(struct store *store)
{
	bool empty = true;
	enum cosmo_err err = COSMO_OK;

	for (int i = 0; i < STORE_FOLDERS && !err && empty; i++)
		err = folder_is_empty(store_folder_fd(store, (enum store_folder)i), &empty);
	if (err)
		return err;
	return empty ? COSMO_OK : COSMO_E_EXISTS;
}

static enum cosmo_err check_target(struct restoring *restoring, const struct restore_order *order)
{
	enum cosmo_err err = check_disconnected(restoring->store, &restoring->report->is_connected);

	if (!err && !order->replace)
		err = check_empty(restoring->store);
	return err;
}

/* NOLINTNEXTLINE(misc-no-recursion): bounded by @depth */
static enum cosmo_err remove_all(int dir_fd, const char *name, int depth)
{
	COSMO_AUTO_FD int fd =
		openat(dir_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	COSMO_AUTO(folder_close) DIR *dir = NULL;
	const struct dirent *entry = NULL;
	enum cosmo_err err = COSMO_OK;

	if (fd < 0 && (errno == ENOTDIR || errno == ELOOP))
		return unlinkat(dir_fd, name, 0) < 0 ? COSMO_E_IO : COSMO_OK;
	if (fd < 0)
		return errno == ENOENT ? COSMO_OK : COSMO_E_IO;
	err = depth > 0 ? folder_open(fd, &dir) : COSMO_E_IO;
	/* NOLINTNEXTLINE(concurrency-mt-unsafe): the stream has one owner */
	while (!err && (entry = readdir(dir)))
		if (!streq(entry->d_name, ".") && !streq(entry->d_name, ".."))
			err = remove_all(fd, entry->d_name, depth - 1);
	if (!err && unlinkat(dir_fd, name, AT_REMOVEDIR) < 0)
		err = COSMO_E_IO;
	return err;
}

enum cosmo_err restore_drop_remains(struct store *store)
{
	return remove_all(store_state_fd(store), STAGE_NAME, MAX_DEPTH);
}

static enum cosmo_err open_stage(struct restoring *restoring)
{
	char path[PATH_MAX] = "";
	struct store_paths paths = *restoring->paths;
	int len = snprintf(path, sizeof(path), "%s/%s", paths.state_dir, STAGE_NAME);

	if (len < 0 || (size_t)len >= sizeof(path))
		return COSMO_E_INVALID;
	paths.state_dir = path;
	return store_open(&paths, &restoring->stage);
}

/* Nobody else sees it yet: all of it is synced at once, at the end. */
static enum cosmo_err put_file(int dir_fd, const char *name, const char *line)
{
	COSMO_AUTO_FD int fd =
		openat(dir_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0 || fchmod(fd, 0600) < 0)
		return COSMO_E_IO;
	return fdio_write(fd, line, strlen(line));
}

static enum cosmo_err put_line(
	struct restoring *restoring, enum store_folder folder, const struct backup_entry *entry)
{
	char line[COSMO_MAX_NAME_BYTES + 2] = "";

	if (entry->len > 0 && entry->len <= COSMO_MAX_NAME_BYTES)
		(void)snprintf(line, sizeof(line), "%s\n", entry->data);
	return put_file(store_folder_fd(restoring->stage, folder), entry->name, line);
}

static enum cosmo_err put_record(struct restoring *restoring, const struct backup_entry *entry)
{
	COSMO_AUTO(record_free) struct record *record = NULL;
	enum cosmo_err err = COSMO_OK;

	if (!restore_roll_has_record(restoring->roll, entry->name, entry->at))
		return COSMO_OK;
	err = record_parse(entry->data, entry->len, entry->name, &record);
	if (!err)
		err = record_stage(restoring->stage, record, false);
	return err ? err : record_settle(restoring->stage, record);
}

static enum cosmo_err put_seed(struct restoring *restoring, const struct backup_entry *entry)
{
	unsigned char seed[SIPHASH_KEY_BYTES] = {0};
	enum cosmo_err err = parse_hex(entry->data, seed, sizeof(seed));

	if (!err)
		err = integration_seed_ensure(restoring->stage, seed);
	explicit_bzero(seed, sizeof(seed));
	return err;
}

/* Judged again as it is read again: what the file says now is what counts. */
static enum cosmo_err put(void *context, const struct backup_entry *entry)
{
	struct restoring *restoring = context;
	COSMO_AUTO(restore_roll_free) struct restore_roll *again = NULL;
	enum cosmo_err err = restore_roll_new(&again);

	if (!err)
		err = restore_roll_take(again, entry, &restoring->report->problem);
	if (err)
		return err;
	if (streq(entry->kind, "record"))
		return put_record(restoring, entry);
	if (streq(entry->kind, "uid"))
		return put_line(restoring, STORE_UIDS, entry);
	if (streq(entry->kind, "name"))
		return put_line(restoring, STORE_NAMES, entry);
	if (streq(entry->kind, "listed"))
		return put_line(restoring, STORE_LISTED, entry);
	if (streq(entry->kind, "uid_seed"))
		return put_seed(restoring, entry);
	integration_free(COSMO_STEAL(&restoring->integration));
	return integration_parse(entry->data, entry->len, &restoring->integration);
}

/* Nobody's, until it is adopted. */
static enum cosmo_err put_integration(struct restoring *restoring)
{
	struct integration *integration = restoring->integration;

	if (!integration)
		integration = restoring->integration = calloc(1, sizeof(*integration));
	if (!integration)
		return COSMO_E_NOMEM;
	free(integration->reason);
	integration->reason = strdup("restored");
	integration->connected = false;
	integration->unfinished = false;
	integration->machine_hash = 0;
	integration->since_s = fdio_now_s();
	return integration->reason
		       ? integration_save(restoring->stage, INTEGRATION_NAME, integration)
		       : COSMO_E_NOMEM;
}

static enum cosmo_err fill_stage(struct restoring *restoring)
{
	enum cosmo_err err = restore_drop_remains(restoring->store);

	if (!err)
		err = open_stage(restoring);
	if (!err)
		err = read_file(restoring, put);
	if (!err)
		err = put_integration(restoring);
	if (!err && syncfs(store_private_fd(restoring->stage)) < 0)
		err = COSMO_E_IO;
	return err;
}

/* The one step. What look-ups show is of the old store until it is made anew; if this process does
 * not come to that, the next writer does. */
static enum cosmo_err exchange(struct restoring *restoring)
{
	int state_fd = store_state_fd(restoring->store);
	int stage_fd = store_state_fd(restoring->stage);
	enum cosmo_err err = integration_close(restoring->store);

	/* A gate that is not ours is closed to everybody who reads it. */
	if (err && err != COSMO_E_UNSAFE_FILE)
		return err;
	err = commit_note_stale(restoring->store);
	if (err)
		return err;
	if (renameat2(stage_fd, PRIVATE_NAME, state_fd, PRIVATE_NAME, RENAME_EXCHANGE) < 0)
		return COSMO_E_IO;
	restoring->report->is_in_place = true;
	return fsync(state_fd) < 0 || fsync(stage_fd) < 0 ? COSMO_E_IO : COSMO_OK;
}

static enum cosmo_err finish_locked(struct restoring *restoring, struct store *store)
{
	/* Links follow from records and seed, and are made here too. */
	enum cosmo_err err = commit_rebuild(store, restoring->config);

	if (!err && syncfs(store_private_fd(store)) < 0)
		err = COSMO_E_IO;
	return err ? err : restore_drop_remains(store);
}

/* The store as everybody opens it from now on. */
static enum cosmo_err finish(struct restoring *restoring)
{
	COSMO_AUTO(store_free) struct store *store = NULL;
	enum cosmo_err err = store_open(restoring->paths, &store);

	if (!err)
		err = store_lock(store, STORE_LOCK_MS);
	if (err)
		return err;
	err = finish_locked(restoring, store);
	store_unlock(store);
	return err;
}

static enum cosmo_err put_in_place(struct restoring *restoring, const struct restore_order *order)
{
	enum cosmo_err err = store_lock(restoring->store, STORE_LOCK_MS);

	if (err)
		return err;
	err = check_target(restoring, order);
	if (!err)
		err = fill_stage(restoring);
	if (!err)
		err = exchange(restoring);
	if (err && restoring->stage && !restoring->report->is_in_place)
		(void)!restore_drop_remains(restoring->store);
	store_unlock(restoring->store);
	return err ? err : finish(restoring);
}

enum cosmo_err restore(struct store *store, const struct store_paths *paths,
	const struct config *config, const struct restore_order *order, struct restore_report *ret)
{
	struct restoring restoring = {
		.store = store, .paths = paths, .config = config, .fd = -1, .report = ret};
	COSMO_AUTO(restoring_done) struct restoring *owned = &restoring;
	enum cosmo_err err = COSMO_OK;

	*ret = (struct restore_report){.users = 0};
	err = open_file(owned, order->path);
	if (!err)
		err = judge(owned);
	if (!err && order->dry_run)
		err = check_target(owned, order);
	else if (!err)
		err = put_in_place(owned, order);
	return err;
}
