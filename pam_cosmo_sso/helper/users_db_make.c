/* SPDX-License-Identifier: MIT */
/* Making a users.1.db and putting it in the old one's place. Until then nobody else has it open, so
 * it is filled through a mapping. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/fdio.h"
#include "common/base/users_db_slot.h"
#include "pam_cosmo_sso/helper/users_db_file.h"

#define FILE_NAME  "users.1.db"
#define NEW_NAME   ".users.1.db.new"
#define MIN_GROUPS 16U

/* Two thirds full with so many users. */
static void size_header(struct users_db_header *header, const struct users_db_size *size)
{
	uint64_t groups = size->users * 3 / ((uint64_t)2 * USERS_DB_GROUP_SLOTS) + MIN_GROUPS;

	header->groups = (uint32_t)groups;
	header->uid_entries = (uint32_t)(groups * USERS_DB_GROUP_SLOTS * 3 / 2);
	header->long_pairs = (uint32_t)size->longs;
	header->file_bytes = users_db_bytes(header);
}

static enum cosmo_err make_header(struct store *store, const struct users_db_settings *settings,
	const struct users_db_size *size, struct users_db_header *ret)
{
	enum cosmo_err err = store_machine_hash(store, &ret->machine_hash);

	if (err)
		return err;
	if (size->users > (uint64_t)USERS_DB_MAX_GROUPS * 4 || size->longs > USERS_DB_MAX_GROUPS)
		return COSMO_E_TOO_BIG;
	if (getrandom(&ret->key, sizeof(ret->key), 0) != (ssize_t)sizeof(ret->key))
		return COSMO_E_IO;
	ret->magic = USERS_DB_MAGIC;
	ret->version = USERS_DB_VERSION;
	ret->generation = size->generation;
	size_header(ret, size);
	memcpy(ret->home, settings->home, sizeof(ret->home));
	memcpy(ret->shell, settings->shell, sizeof(ret->shell));
	ret->check = users_db_header_check(ret);
	return COSMO_OK;
}

static void seal_empty(uint64_t *image, const struct users_db_header *header)
{
	uint64_t *uids = image + users_db_at_uids(header);

	for (uint32_t group = 0; group < header->groups; group++) {
		uint64_t *tags = image + users_db_at_group(group);
		uint32_t key = users_db_group_key(header->key, group);

		for (uint32_t i = 0; i < USERS_DB_GROUP_TAGS; i++)
			tags[i] = users_db_tag_seal(key, 2 * i, 0) |
				  (uint64_t)users_db_tag_seal(key, 2 * i + 1, 0) << 32;
	}
	for (uint32_t i = 0; i < header->uid_entries; i++) {
		uids[i * USERS_DB_UID_WORDS] = USERS_DB_UID_EMPTY;
		uids[i * USERS_DB_UID_WORDS + 1] =
			users_db_uid_check(header->key, i, USERS_DB_UID_EMPTY);
	}
}

/* What a writer that died has left. */
static enum cosmo_err drop_new(struct store *store)
{
	return unlinkat(store_state_fd(store), NEW_NAME, 0) < 0 && errno != ENOENT ? COSMO_E_IO
										   : COSMO_OK;
}

static int open_new(struct store *store)
{
	return drop_new(store) ? -1
			       : openat(store_state_fd(store), NEW_NAME,
					 O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644);
}

static int open_unnamed(struct store *store)
{
	return openat(store_state_fd(store), ".", O_RDWR | O_TMPFILE | O_CLOEXEC, 0644);
}

/* Allocated before anything is stored: a full disk is met here and nowhere else. */
static enum cosmo_err allocate(struct store *store, struct users_db_file *file, size_t bytes)
{
	void *image = MAP_FAILED;

	file->fd = file->is_unnamed ? open_unnamed(store) : open_new(store);
	if (file->fd < 0 || fchmod(file->fd, 0644) < 0 ||
		posix_fallocate(file->fd, 0, (off_t)bytes) != 0)
		return COSMO_E_IO;
	image = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file->fd, 0);
	if (image == MAP_FAILED)
		return COSMO_E_IO;
	file->image = image;
	file->image_bytes = bytes;
	return COSMO_OK;
}

static enum cosmo_err fill(struct users_db_file *file, const struct users_db_header *header,
	const struct users_db_settings *settings)
{
	enum cosmo_err err = COSMO_OK;

	memcpy(file->image, header, sizeof(*header));
	seal_empty(file->image, header);
	err = users_db_map_fd(file->fd, header->machine_hash, &file->map);
	if (!err)
		err = users_db_state_save(file);
	return err ? err : users_db_file_put_settings(file, settings);
}

static enum cosmo_err make(struct store *store, const struct users_db_settings *settings,
	const struct users_db_size *size, bool is_unnamed, struct users_db_file **ret)
{
	COSMO_AUTO(users_db_file_free) struct users_db_file *file = calloc(1, sizeof(*file));
	struct users_db_header header = {0};
	enum cosmo_err err = COSMO_OK;

	if (!file)
		return COSMO_E_NOMEM;
	file->fd = -1;
	file->is_unnamed = is_unnamed;
	err = make_header(store, settings, size, &header);
	if (!err)
		err = allocate(store, file, header.file_bytes);
	if (!err)
		err = fill(file, &header, settings);
	if (!err)
		*ret = COSMO_STEAL(&file);
	else if (file->fd >= 0 && !is_unnamed)
		unlinkat(store_state_fd(store), NEW_NAME, 0);
	return err;
}

enum cosmo_err users_db_file_make(struct store *store, const struct users_db_settings *settings,
	const struct users_db_size *size, struct users_db_file **ret)
{
	return make(store, settings, size, false, ret);
}

enum cosmo_err users_db_file_make_ahead(struct store *store,
	const struct users_db_settings *settings, const struct users_db_size *size,
	struct users_db_file **ret)
{
	return make(store, settings, size, true, ret);
}

enum cosmo_err users_db_file_write_out(struct users_db_file *file)
{
	return msync(file->image, file->image_bytes, MS_SYNC) < 0 ? COSMO_E_IO : COSMO_OK;
}

static enum cosmo_err copy_users(const struct users_db_map *from, struct users_db_file *to)
{
	uint64_t slots = (uint64_t)from->header.groups * USERS_DB_GROUP_SLOTS;
	enum cosmo_err err = COSMO_OK;

	for (uint64_t slot = 0; slot < slots && !err; slot++) {
		struct users_db_user user;
		enum slot_result result = users_db_slot_by_number(from, (uint32_t)slot, &user);

		if (result == SLOT_DOUBT)
			return COSMO_E_STORE_DAMAGED;
		if (result == SLOT_FOUND)
			err = users_db_file_put(to, &user);
	}
	return err;
}

enum cosmo_err users_db_file_grow(
	struct store *store, const struct users_db_file *old, struct users_db_file **ret)
{
	COSMO_AUTO(users_db_file_free) struct users_db_file *file = NULL;
	const struct users_db_settings *settings = NULL;
	struct users_db_size size = {
		.users = (uint64_t)old->map->header.groups * USERS_DB_GROUP_SLOTS * 4 / 3,
		.longs = 2 * (uint64_t)old->map->header.long_pairs,
		.generation = old->map->header.generation + 1,
	};
	enum cosmo_err err = users_db_map_settings(old->map, &settings);

	if (!err)
		err = users_db_file_make(store, settings, &size, &file);
	if (!err)
		err = copy_users(old->map, file);
	if (err)
		return err;
	file->state.pending = old->state.pending;
	file->state.was = old->state.was;
	memcpy(file->state.name, old->state.name, sizeof(file->state.name));
	*ret = COSMO_STEAL(&file);
	return COSMO_OK;
}

/* The file that readers have mapped, if it is one that has that word. */
static enum cosmo_err open_old(int dir_fd, int *ret_fd)
{
	COSMO_AUTO_FD int fd =
		openat(dir_fd, FILE_NAME, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	struct stat st = {0};

	if (fd < 0)
		return errno == ENOENT || errno == ELOOP || errno == EISDIR ? COSMO_OK : COSMO_E_IO;
	if (fstat(fd, &st) < 0)
		return COSMO_E_IO;
	if (S_ISREG(st.st_mode) && st.st_size >= (off_t)(USERS_DB_AT_GROUPS * sizeof(uint64_t)))
		*ret_fd = cosmo_steal_fd(&fd);
	return COSMO_OK;
}

static enum cosmo_err mark(int fd, uint64_t fate)
{
	return fd < 0 ? COSMO_OK
		      : fdio_pwrite(
				fd, &fate, sizeof(fate), (off_t)(USERS_DB_AT_FATE * sizeof(fate)));
}

/* It was made without the lock, under which alone the name is anybody's. */
static enum cosmo_err name_it(struct store *store, struct users_db_file *file)
{
	int dir_fd = store_state_fd(store);
	char path[64] = "";
	enum cosmo_err err = drop_new(store);

	if (err)
		return err;
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", file->fd);
	if (linkat(AT_FDCWD, path, dir_fd, NEW_NAME, AT_SYMLINK_FOLLOW) < 0)
		return COSMO_E_IO;
	file->is_unnamed = false;
	return COSMO_OK;
}

/* Readers of the old file look which one has the name from the first mark on. */
enum cosmo_err users_db_file_publish(struct store *store, struct users_db_file *file)
{
	int dir_fd = store_state_fd(store);
	COSMO_AUTO_FD int old_fd = -1;
	enum cosmo_err err = users_db_state_save(file);

	if (!err && (msync(file->image, file->image_bytes, MS_SYNC) < 0 || fsync(file->fd) < 0))
		err = COSMO_E_IO;
	if (!err && file->is_unnamed)
		err = name_it(store, file);
	if (!err)
		err = open_old(dir_fd, &old_fd);
	if (!err)
		err = mark(old_fd, USERS_DB_MOVING);
	if (!err && renameat(dir_fd, NEW_NAME, dir_fd, FILE_NAME) < 0) {
		(void)!mark(old_fd, USERS_DB_IN_FORCE);
		err = COSMO_E_IO;
	}
	/* Else a power cut could leave the old one in its place with that mark, which ends it. */
	if (!err && fsync(dir_fd) < 0)
		err = COSMO_E_IO;
	if (!err)
		err = mark(old_fd, USERS_DB_SUPERSEDED);
	/* From now on others may have it mapped. */
	munmap(file->image, file->image_bytes);
	file->image = NULL;
	return err;
}
