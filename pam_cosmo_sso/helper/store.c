/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/helper/store.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "common/base/fdio.h"
#include "common/base/users_db_map.h"
#include "paths.h"

#define PRIVATE_NAME "private"

const struct store_paths store_default_paths = {
	.state_dir = COSMO_STATE_DIR,
	.cache_dir = COSMO_CACHE_DIR,
	.run_dir = COSMO_RUN_DIR,
	.machine_id_path = "/etc/machine-id",
};

struct store {
	int state_fd;
	int private_fd;
	int cache_fd;
	int run_fd;
	int run_private_fd;
	int lock_fd;
	unsigned int lock_count; /* taken by nested callers of this process */
	int folder_fds[STORE_FOLDERS];
	char gate_path[PATH_MAX];
	char users_path[PATH_MAX];
	const char *machine_id_path;
	struct gate_reader gate;
	struct users_db users;
};

static int open_present(int dir_fd, const char *path)
{
	return openat(dir_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
}

/* A folder just made has its mode whatever the umask; one that was there may be stricter. It lasts
 * before anything in it does: of two, one with what belongs to the other would be worse than none.
 */
static enum cosmo_err make_dir(int dir_fd, const char *path, mode_t mode, int *ret_fd)
{
	bool made = mkdirat(dir_fd, path, mode) == 0;
	COSMO_AUTO_FD int fd = -1;

	if (!made && errno != EEXIST)
		return COSMO_E_IO;
	fd = open_present(dir_fd, path);
	if (fd < 0)
		return errno == ELOOP || errno == ENOTDIR ? COSMO_E_UNSAFE_FILE : COSMO_E_IO;
	if (made && fchmod(fd, mode) < 0)
		return COSMO_E_IO;
	if (made && dir_fd != AT_FDCWD && fsync(dir_fd) < 0)
		return COSMO_E_IO;
	*ret_fd = cosmo_steal_fd(&fd);
	return COSMO_OK;
}

static enum cosmo_err check_dir(int fd, mode_t mode)
{
	struct stat st = {0};

	if (fstat(fd, &st) < 0)
		return COSMO_E_IO;
	return st.st_uid != 0 || (st.st_mode & (mode == 0700 ? 077 : 022)) != 0
		       ? COSMO_E_UNSAFE_FILE
		       : COSMO_OK;
}

/* Nearly always it is there: mkdir() first would take its folder's lock in vain each time. */
static enum cosmo_err open_dir(int dir_fd, const char *path, mode_t mode, int *ret_fd)
{
	COSMO_AUTO_FD int fd = open_present(dir_fd, path);
	enum cosmo_err err = fd < 0 ? make_dir(dir_fd, path, mode, &fd) : COSMO_OK;

	if (!err)
		err = check_dir(fd, mode);
	if (!err)
		*ret_fd = cosmo_steal_fd(&fd);
	return err;
}

static enum cosmo_err look_into(int dir_fd, const char *path, mode_t mode, int *ret_fd)
{
	COSMO_AUTO_FD int fd = open_present(dir_fd, path);
	enum cosmo_err err = fd < 0 ? COSMO_E_NOT_FOUND : check_dir(fd, mode);

	if (!err)
		*ret_fd = cosmo_steal_fd(&fd);
	return err;
}

static const char *const folders[STORE_FOLDERS] = {
	[STORE_USERS] = "users",
	[STORE_SUBJECTS] = "subjects",
	[STORE_UIDS] = "uids",
	[STORE_NAMES] = "names",
	[STORE_LISTED] = "listed",
};

static enum cosmo_err open_folders(struct store *store)
{
	enum cosmo_err err = COSMO_OK;

	for (size_t i = 0; i < STORE_FOLDERS && !err; i++)
		err = open_dir(store->private_fd, folders[i], 0700, &store->folder_fds[i]);
	return err;
}

static enum cosmo_err open_dirs(struct store *store, const struct store_paths *paths)
{
	enum cosmo_err err = open_dir(AT_FDCWD, paths->state_dir, 0755, &store->state_fd);

	if (!err)
		err = open_dir(store->state_fd, PRIVATE_NAME, 0700, &store->private_fd);
	if (!err)
		err = open_folders(store);
	if (!err)
		err = open_dir(AT_FDCWD, paths->cache_dir, 0755, &store->cache_fd);
	if (!err)
		err = open_dir(AT_FDCWD, paths->run_dir, 0755, &store->run_fd);
	if (!err)
		err = open_dir(store->run_fd, PRIVATE_NAME, 0700, &store->run_private_fd);
	return err;
}

static enum cosmo_err look_into_dirs(struct store *store, const struct store_paths *paths)
{
	int *users_fd = &store->folder_fds[STORE_USERS];
	enum cosmo_err err = look_into(AT_FDCWD, paths->state_dir, 0755, &store->state_fd);

	if (!err)
		err = look_into(store->state_fd, PRIVATE_NAME, 0700, &store->private_fd);
	if (!err)
		err = look_into(store->private_fd, folders[STORE_USERS], 0700, users_fd);
	if (!err)
		err = look_into(AT_FDCWD, paths->run_dir, 0755, &store->run_fd);
	if (!err)
		err = look_into(store->run_fd, PRIVATE_NAME, 0700, &store->run_private_fd);
	return err;
}

static bool name_file(char ret[PATH_MAX], const char *dir, const char *name)
{
	int len = snprintf(ret, PATH_MAX, "%s/%s", dir, name);

	return len > 0 && len < PATH_MAX;
}

static struct store *store_new(const struct store_paths *paths)
{
	struct store *store = calloc(1, sizeof(*store));

	if (!store)
		return NULL;
	store->state_fd = store->private_fd = store->cache_fd = -1;
	store->run_fd = store->run_private_fd = store->lock_fd = -1;
	for (size_t i = 0; i < STORE_FOLDERS; i++)
		store->folder_fds[i] = -1;
	store->machine_id_path = paths->machine_id_path;
	store->gate.path = store->gate_path;
	store->users.path = store->users_path;
	store->users.machine_id_path = paths->machine_id_path;
	return store;
}

typedef enum cosmo_err (*opener)(struct store *store, const struct store_paths *paths);

static enum cosmo_err open_by(opener open, const struct store_paths *paths, struct store **ret)
{
	COSMO_AUTO(store_free) struct store *store = store_new(paths);
	enum cosmo_err err = COSMO_OK;

	if (!store)
		return COSMO_E_NOMEM;
	if (!name_file(store->gate_path, paths->run_dir, "gate") ||
		!name_file(store->users_path, paths->state_dir, "users.1.db"))
		return COSMO_E_INVALID;
	err = open(store, paths);
	if (!err)
		*ret = COSMO_STEAL(&store);
	return err;
}

enum cosmo_err store_open(const struct store_paths *paths, struct store **ret)
{
	return open_by(open_dirs, paths, ret);
}

enum cosmo_err store_look(const struct store_paths *paths, struct store **ret)
{
	return open_by(look_into_dirs, paths, ret);
}

void store_free(struct store *store)
{
	if (!store)
		return;
	users_db_done(&store->users);
	gate_done(&store->gate);
	for (size_t i = 0; i < STORE_FOLDERS; i++)
		cosmo_auto_close(&store->folder_fds[i]);
	cosmo_auto_close(&store->lock_fd);
	cosmo_auto_close(&store->run_private_fd);
	cosmo_auto_close(&store->run_fd);
	cosmo_auto_close(&store->cache_fd);
	cosmo_auto_close(&store->private_fd);
	cosmo_auto_close(&store->state_fd);
	free(store);
}

int store_folder_fd(const struct store *store, enum store_folder folder)
{
	return store->folder_fds[folder];
}

int store_private_fd(const struct store *store)
{
	return store->private_fd;
}

int store_cache_fd(const struct store *store)
{
	return store->cache_fd;
}

int store_run_fd(const struct store *store)
{
	return store->run_private_fd;
}

int store_run_public_fd(const struct store *store)
{
	return store->run_fd;
}

int store_state_fd(const struct store *store)
{
	return store->state_fd;
}

struct gate_reader *store_gate(struct store *store)
{
	return &store->gate;
}

struct users_db *store_users_db(struct store *store)
{
	return &store->users;
}

enum cosmo_err store_machine_hash(const struct store *store, uint64_t *ret_hash)
{
	return machine_hash_read(store->machine_id_path, ret_hash);
}

/* Whoever has opened a folder that a restore took away must write no more: its lock is nobody's. */
static bool is_in_force(const struct store *store)
{
	struct stat held = {0};
	struct stat named = {0};

	return fstat(store->private_fd, &held) == 0 &&
	       fstatat(store->state_fd, PRIVATE_NAME, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
	       held.st_ino == named.st_ino && held.st_dev == named.st_dev;
}

enum cosmo_err store_lock(struct store *store, int64_t timeout_ms)
{
	const struct timespec pause = {.tv_nsec = STORE_LOCK_POLL_MS * 1000000L};
	int64_t deadline_ms = fdio_boot_ms() + timeout_ms;

	if (store->lock_count > 0) {
		store->lock_count++;
		return COSMO_OK;
	}
	if (store->lock_fd < 0)
		store->lock_fd = openat(
			store->private_fd, "lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (store->lock_fd < 0)
		return COSMO_E_IO;
	while (flock(store->lock_fd, LOCK_EX | LOCK_NB) < 0) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return COSMO_E_IO;
		if (fdio_boot_ms() >= deadline_ms)
			return COSMO_E_BUSY;
		nanosleep(&pause, NULL);
	}
	if (!is_in_force(store)) {
		(void)flock(store->lock_fd, LOCK_UN);
		return COSMO_E_BUSY;
	}
	store->lock_count = 1;
	return COSMO_OK;
}

void store_unlock(struct store *store)
{
	if (store->lock_count == 0 || --store->lock_count > 0)
		return;
	(void)flock(store->lock_fd, LOCK_UN);
}
