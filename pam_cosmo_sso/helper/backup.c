/* SPDX-License-Identifier: MIT */
/*
 * What is copied again, for it was written meanwhile, stands in the backup twice, and the later one
 * counts. The register only grows, and a record's entries are there before it: read last, it has
 * them all.
 */
#include "pam_cosmo_sso/helper/backup.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pam_cosmo_sso/helper/backup_file.h"
#include "pam_cosmo_sso/helper/folder.h"
#include "pam_cosmo_sso/helper/integration_record.h"
#include "pam_cosmo_sso/helper/record_write.h"
#include "pam_cosmo_sso/helper/records_seen.h"
#include "pam_cosmo_sso/helper/seed.h"
#include "pam_cosmo_sso/helper/uid_register.h"

#define MAX_LOCKED 512
#define ROUNDS     10
#define UID_DIGITS 8

struct backing_up {
	struct store *store;
	struct backup_writer *writer;
	struct records_seen seen;
	struct backup_report *report;
};

static void backing_up_done(struct backing_up *backing)
{
	backup_writer_free(backing->writer);
	records_seen_done(&backing->seen);
}
COSMO_AUTO_DEFINE(struct backing_up *, backing_up_done);

/* Without its token. */
static enum cosmo_err put_record(struct backing_up *backing, struct record *record)
{
	struct record_text text = {0};
	COSMO_AUTO(record_text_done) struct record_text *owned = &text;
	enum cosmo_err err = COSMO_OK;

	secret_free(COSMO_STEAL(&record->refresh_token));
	record->refresh_expires_s = 0;
	err = record_format(record, owned);
	if (!err)
		err = backup_writer_put(
			backing->writer, "record", record->name, text.data, text.len);
	return err;
}

/* What cannot be read is left out, and said. */
static enum cosmo_err copy_record(void *context, struct record_seen *seen)
{
	struct backing_up *backing = context;
	COSMO_AUTO(record_free) struct record *record = NULL;
	enum cosmo_err err = record_load(backing->store, seen->name, &record);

	seen->is_damaged = err == COSMO_E_STORE_DAMAGED || err == COSMO_E_UNSAFE_FILE;
	if (seen->is_damaged || err == COSMO_E_NOT_FOUND)
		return COSMO_OK;
	return err ? err : put_record(backing, record);
}

/* Copy what is new or changed since the last time; COSMO_E_BUSY for more than @limit of them. */
static enum cosmo_err copy_changed(struct backing_up *backing, size_t limit)
{
	return records_seen_visit(&backing->seen, backing->store, limit, copy_record, backing);
}

static enum cosmo_err put_integration(struct backing_up *backing)
{
	COSMO_AUTO(integration_free) struct integration *integration = NULL;
	struct record_text text = {0};
	COSMO_AUTO(record_text_done) struct record_text *owned = &text;
	enum cosmo_err err = integration_load(backing->store, &integration);

	if (err == COSMO_E_NOT_FOUND || err == COSMO_E_STORE_DAMAGED || err == COSMO_E_UNSAFE_FILE)
		return COSMO_OK; /* a restored host is disconnected anyway */
	if (!err)
		err = integration_format(integration, owned);
	return err ? err
		   : backup_writer_put(backing->writer, "integration", "-", text.data, text.len);
}

static enum cosmo_err put_seed(struct backing_up *backing)
{
	unsigned char seed[SIPHASH_KEY_BYTES] = {0};
	char hex[2 * SIPHASH_KEY_BYTES + 1] = "";
	enum cosmo_err err = seed_read(backing->store, seed);

	if (err)
		return err;
	format_hex(seed, sizeof(seed), hex);
	err = backup_writer_put(backing->writer, "uid_seed", "-", hex, strlen(hex));
	explicit_bzero(seed, sizeof(seed));
	explicit_bzero(hex, sizeof(hex));
	return err;
}

/* Everything of one moment. */
static enum cosmo_err copy_locked(struct backing_up *backing)
{
	enum cosmo_err err = store_lock(backing->store, STORE_LOCK_MS);

	if (err)
		return err;
	err = copy_changed(backing, MAX_LOCKED);
	if (!err)
		err = put_integration(backing);
	if (!err)
		err = put_seed(backing);
	store_unlock(backing->store);
	return err;
}

static enum cosmo_err copy_records(struct backing_up *backing)
{
	enum cosmo_err err = COSMO_E_BUSY;

	for (int i = 0; i < ROUNDS && err == COSMO_E_BUSY; i++) {
		err = copy_changed(backing, SIZE_MAX);
		if (!err)
			err = copy_locked(backing);
	}
	for (size_t i = 0; i < backing->seen.count; i++)
		backing->report->left += backing->seen.items[i].is_damaged;
	backing->report->users = backing->seen.count - backing->report->left;
	return err;
}

static enum cosmo_err put_uid(struct backing_up *backing, const char *digits)
{
	char text[2 + UID_DIGITS + 1] = "0x";
	char name[COSMO_MAX_NAME_BYTES + 1] = "";
	uint32_t uid = 0;
	enum cosmo_err err = COSMO_E_STORE_DAMAGED;

	if (strlen(digits) == UID_DIGITS) {
		memcpy(text + 2, digits, UID_DIGITS + 1);
		if (parse_id(text, 1, UINT32_MAX - 1, &uid) == COSMO_OK)
			err = uid_register_holder(backing->store, uid, name, sizeof(name));
	}
	if (err == COSMO_E_IO || err == COSMO_E_NOMEM)
		return err;
	backing->report->left += err != COSMO_OK;
	backing->report->uids += err == COSMO_OK;
	return err ? COSMO_OK
		   : backup_writer_put(backing->writer, "uid", digits, name, strlen(name));
}

static enum cosmo_err put_name(struct backing_up *backing, const char *name)
{
	char digits[UID_DIGITS + 1] = "";
	uint32_t uid = 0;
	enum cosmo_err err = uid_register_find(backing->store, name, &uid);

	if (err == COSMO_E_IO || err == COSMO_E_NOMEM)
		return err;
	/* One half of it is missing, or says something else: a writer died, or it is damaged. */
	if (!err)
		err = uid_register_check(backing->store, name, uid);
	backing->report->left += err != COSMO_OK;
	(void)snprintf(digits, sizeof(digits), "%08x", uid);
	return err ? COSMO_OK
		   : backup_writer_put(backing->writer, "name", name, digits, UID_DIGITS);
}

static enum cosmo_err put_listed(struct backing_up *backing, const char *name)
{
	return login_name_is_valid(name, true)
		       ? backup_writer_put(backing->writer, "listed", name, "", 0)
		       : COSMO_OK;
}

static enum cosmo_err put_folder(struct backing_up *backing, enum store_folder folder,
	enum cosmo_err (*put)(struct backing_up *backing, const char *name))
{
	COSMO_AUTO(folder_close) DIR *dir = NULL;
	const char *name = NULL;
	enum cosmo_err err = folder_open(store_folder_fd(backing->store, folder), &dir);

	if (!err)
		err = folder_next(dir, &name);
	while (!err && name) {
		err = put(backing, name);
		if (!err)
			err = folder_next(dir, &name);
	}
	return err;
}

static enum cosmo_err write_all(struct backing_up *backing)
{
	enum cosmo_err err = copy_records(backing);

	if (!err)
		err = put_folder(backing, STORE_NAMES, put_name);
	if (!err)
		err = put_folder(backing, STORE_UIDS, put_uid);
	if (!err)
		err = put_folder(backing, STORE_LISTED, put_listed);
	return err ? err : backup_writer_end(backing->writer);
}

/* The file, which nobody sees before all of it is there. */
struct target {
	int dir_fd;
	const char *name; /* in it */
	int fd;
	bool is_named; /* it is seen: from the beginning where there are no files without a name */
};

static void target_done(struct target *target)
{
	cosmo_auto_close(&target->fd);
	cosmo_auto_close(&target->dir_fd);
}
COSMO_AUTO_DEFINE(struct target *, target_done);

static enum cosmo_err open_folder(struct target *target, const char *path)
{
	const char *slash = strrchr(path, '/');
	size_t len = slash ? (size_t)(slash - path) + 1 : 0;
	char dir[PATH_MAX] = ".";

	if (len >= sizeof(dir) || path[len] == '\0') {
		errno = path[len] ? ENAMETOOLONG : EISDIR;
		return COSMO_E_IO;
	}
	if (len > 0)
		(void)snprintf(dir, sizeof(dir), "%.*s", (int)len, path);
	target->name = path + len;
	target->dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return target->dir_fd < 0 ? COSMO_E_IO : COSMO_OK;
}

static enum cosmo_err open_target(struct target *target, const char *path)
{
	struct stat st = {0};
	enum cosmo_err err = open_folder(target, path);

	if (err)
		return err;
	if (fstatat(target->dir_fd, target->name, &st, AT_SYMLINK_NOFOLLOW) == 0) {
		errno = EEXIST;
		return COSMO_E_EXISTS;
	}
	target->fd = openat(target->dir_fd, ".", O_WRONLY | O_TMPFILE | O_CLOEXEC, 0600);
	/* NFS, FAT and others; before Linux 3.11 nobody. */
	if (target->fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR)) {
		target->fd = openat(target->dir_fd, target->name,
			O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY, 0600);
		target->is_named = target->fd >= 0;
	}
	if (target->fd >= 0)
		return COSMO_OK;
	return errno == EEXIST ? COSMO_E_EXISTS : COSMO_E_IO;
}

/* It is on the disk, and has its name there. */
static enum cosmo_err settle_target(struct target *target)
{
	char path[64] = "";

	if (fsync(target->fd) < 0)
		return COSMO_E_IO;
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", target->fd);
	if (!target->is_named &&
		linkat(AT_FDCWD, path, target->dir_fd, target->name, AT_SYMLINK_FOLLOW) < 0)
		return errno == EEXIST ? COSMO_E_EXISTS : COSMO_E_IO;
	target->is_named = true;
	return fsync(target->dir_fd) < 0 ? COSMO_E_IO : COSMO_OK;
}

static void note_problem(struct backup_report *report)
{
	/* NOLINTNEXTLINE(concurrency-mt-unsafe): the helper has one thread */
	(void)snprintf(report->problem, sizeof(report->problem), "%s", strerror(errno));
}

enum cosmo_err backup(struct store *store, const char *path, struct backup_report *ret)
{
	struct backing_up backing = {.store = store, .report = ret};
	COSMO_AUTO(backing_up_done) struct backing_up *owned = &backing;
	struct target target = {.dir_fd = -1, .fd = -1};
	COSMO_AUTO(target_done) struct target *owned_target = &target;
	enum cosmo_err err = COSMO_OK;

	*ret = (struct backup_report){.users = 0};
	err = open_target(owned_target, path);
	if (err) {
		note_problem(ret);
		return err;
	}
	err = backup_writer_new(target.fd, &owned->writer);
	if (!err)
		err = write_all(owned);
	if (!err)
		err = settle_target(owned_target);
	if (err == COSMO_E_IO || err == COSMO_E_EXISTS)
		note_problem(ret);
	if (err && target.is_named)
		(void)unlinkat(target.dir_fd, target.name, 0);
	return err;
}
