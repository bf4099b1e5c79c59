/* SPDX-License-Identifier: MIT */
/* Opening users.1.db for writing, making a new one, and putting it in the old one's place. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/users_db_check.h"
#include "pam_cosmo_sso/helper/users_db_file.h"

#define FILE_NAME  "users.1.db"
#define NEW_NAME   ".users.1.db.new"
#define MIN_GROUPS 2U
#define MIN_LONGS  16U

static enum cosmo_err file_new(struct users_db_file **ret)
{
	struct users_db_file *file = calloc(1, sizeof(*file));

	if (!file)
		return COSMO_E_NOMEM;
	file->fd = -1;
	*ret = file;
	return COSMO_OK;
}

enum cosmo_err users_db_file_open(struct store *store, struct users_db_file **ret)
{
	COSMO_AUTO(users_db_file_free) struct users_db_file *file = NULL;
	uint64_t machine_hash = 0;
	enum cosmo_err err = file_new(&file);

	if (!err)
		err = store_machine_hash(store, &machine_hash);
	if (err)
		return err;
	file->fd = openat(store_state_fd(store), FILE_NAME, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	if (file->fd < 0)
		return errno == ENOENT ? COSMO_E_STORE_MISSING : COSMO_E_IO;
	err = users_db_map_fd(file->fd, machine_hash, &file->map);
	if (!err)
		*ret = COSMO_STEAL(&file);
	return err;
}

/* Two thirds full at @users, rounded up. */
static void size_header(struct users_db_header *header, uint64_t users)
{
	uint64_t groups = users * 3 / (2 * USERS_DB_GROUP_SLOTS) + MIN_GROUPS;

	header->groups = (uint32_t)groups;
	header->uid_entries = (uint32_t)(groups * USERS_DB_GROUP_SLOTS * 2);
	header->long_pairs = (uint32_t)(users / 16 + MIN_LONGS);
	header->file_bytes = users_db_bytes(header);
}

static enum cosmo_err make_header(struct store *store, const struct users_db_settings *settings,
	uint64_t users, struct users_db_header *ret)
{
	enum cosmo_err err = store_machine_hash(store, &ret->machine_hash);

	if (err)
		return err;
	if (users > (uint64_t)USERS_DB_MAX_GROUPS * USERS_DB_GROUP_SLOTS / 4)
		return COSMO_E_TOO_BIG;
	ret->magic = USERS_DB_MAGIC;
	ret->version = USERS_DB_VERSION;
	if (getrandom(&ret->key, sizeof(ret->key), 0) != (ssize_t)sizeof(ret->key))
		return COSMO_E_IO;
	size_header(ret, users);
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

/* Allocated before anything is stored: a full disk is met here and nowhere else. */
static enum cosmo_err allocate(struct store *store, struct users_db_file *file, size_t bytes)
{
	void *image = MAP_FAILED;

	if (unlinkat(store_state_fd(store), NEW_NAME, 0) < 0 && errno != ENOENT)
		return COSMO_E_IO;
	file->fd = openat(store_state_fd(store), NEW_NAME,
		O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644);
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

static enum cosmo_err first_state(struct users_db_file *file)
{
	const struct users_db_pair pair =
		users_db_state_pair(file->map->words, file->map->header.key);
	uint64_t words[USERS_DB_STATE_WORDS] = {0};

	return users_db_file_put_pair(file, &pair, words, USERS_DB_STATE_WORDS, -1);
}

enum cosmo_err users_db_file_make(struct store *store, const struct users_db_settings *settings,
	uint64_t users, struct users_db_file **ret)
{
	COSMO_AUTO(users_db_file_free) struct users_db_file *file = NULL;
	struct users_db_header header = {0};
	enum cosmo_err err = file_new(&file);

	if (!err)
		err = make_header(store, settings, users, &header);
	if (!err)
		err = allocate(store, file, header.file_bytes);
	if (err)
		return err;
	memcpy(file->image, &header, sizeof(header));
	seal_empty(file->image, &header);
	err = users_db_map_fd(file->fd, header.machine_hash, &file->map);
	if (!err)
		err = first_state(file);
	if (!err)
		err = users_db_file_put_settings(file, settings);
	if (!err)
		*ret = COSMO_STEAL(&file);
	return err;
}

static void mark(int fd, uint64_t fate)
{
	if (fd >= 0)
		(void)!pwrite(fd, &fate, sizeof(fate), (off_t)(USERS_DB_AT_FATE * sizeof(fate)));
}

enum cosmo_err users_db_file_publish(struct store *store, struct users_db_file *file)
{
	int dir_fd = store_state_fd(store);
	COSMO_AUTO_FD int old_fd = openat(dir_fd, FILE_NAME, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	struct stat st = {0};

	/* Only a file that has that word may be marked: what stands there may be anything. */
	if (old_fd >= 0 && (fstat(old_fd, &st) < 0 || st.st_size < (off_t)(USERS_DB_AT_GROUPS * 8)))
		close(cosmo_steal_fd(&old_fd));
	if (msync(file->image, file->image_bytes, MS_SYNC) < 0 || fsync(file->fd) < 0)
		return COSMO_E_IO;
	mark(old_fd, USERS_DB_MOVING);
	if (renameat(dir_fd, NEW_NAME, dir_fd, FILE_NAME) < 0) {
		mark(old_fd, USERS_DB_IN_FORCE);
		return COSMO_E_IO;
	}
	mark(old_fd, USERS_DB_SUPERSEDED);
	return fsync(dir_fd) < 0 ? COSMO_E_IO : COSMO_OK;
}
