/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/helper/users_db_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/base/fdio.h"

void users_db_file_free(struct users_db_file *file)
{
	if (!file)
		return;
	if (file->image)
		munmap(file->image, file->image_bytes);
	users_db_map_free(file->map);
	cosmo_auto_close(&file->fd);
	free(file);
}

const struct users_db_map *users_db_file_map(const struct users_db_file *file)
{
	return file->map;
}

enum cosmo_err users_db_file_store(
	struct users_db_file *file, size_t at, const uint64_t *words, size_t count)
{
	if (file->image) {
		memcpy(file->image + at, words, count * sizeof(*words));
		return COSMO_OK;
	}
	return fdio_pwrite(file->fd, words, count * sizeof(*words), (off_t)(at * sizeof(*words)));
}

enum cosmo_err users_db_file_sync(struct users_db_file *file)
{
	if (file->image)
		return COSMO_OK;
	return fdatasync(file->fd) < 0 ? COSMO_E_IO : COSMO_OK;
}

/* A writer that died between marking the file and putting another in its place left it in force:
 * it still has the name. */
static enum cosmo_err settle_fate(struct users_db_file *file)
{
	static const uint64_t in_force = USERS_DB_IN_FORCE;
	uint64_t fate = file->map->words[USERS_DB_AT_FATE];

	if (fate == USERS_DB_IN_FORCE)
		return COSMO_OK;
	if (fate != USERS_DB_MOVING)
		return COSMO_E_STORE_DAMAGED;
	return users_db_file_store(file, USERS_DB_AT_FATE, &in_force, 1);
}

/* One that died before it raised the word of its settings: readers that have the older ones would
 * keep them. */
static enum cosmo_err settle_settings(struct users_db_file *file)
{
	const struct users_db_pair pair = users_db_settings_pair(file->map);
	uint64_t words[USERS_DB_SETTINGS_WORDS];
	int newest = users_db_pair_load(&pair, USERS_DB_SETTINGS_WORDS, words);
	enum cosmo_err err = COSMO_OK;

	if (newest < 0)
		return COSMO_E_STORE_DAMAGED;
	if (users_db_sequence(words[1]) == *pair.current)
		return COSMO_OK;
	words[1] = users_db_sequence(words[1]);
	err = users_db_file_sync(file);
	if (!err)
		err = users_db_file_store(
			file, (size_t)(pair.current - file->map->words), &words[1], 1);
	return err ? err : users_db_file_sync(file);
}

enum cosmo_err users_db_file_open(struct store *store, struct users_db_file **ret)
{
	COSMO_AUTO(users_db_file_free) struct users_db_file *file = calloc(1, sizeof(*file));
	uint64_t machine_hash = 0;
	enum cosmo_err err = COSMO_E_NOMEM;

	if (!file)
		return COSMO_E_NOMEM;
	file->fd = openat(store_state_fd(store), "users.1.db",
		O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK);
	if (file->fd < 0 && errno == ENOENT)
		return COSMO_E_STORE_MISSING;
	if (file->fd < 0)
		return errno == ELOOP ? COSMO_E_UNSAFE_FILE : COSMO_E_IO;
	err = store_machine_hash(store, &machine_hash);
	if (!err)
		err = users_db_map_fd(file->fd, machine_hash, &file->map);
	if (!err)
		err = settle_fate(file);
	if (!err)
		err = settle_settings(file);
	if (!err)
		err = users_db_state_load(file);
	if (!err)
		*ret = COSMO_STEAL(&file);
	return err;
}

enum cosmo_err users_db_file_overwrite(struct users_db_file *file, const struct users_db_pair *pair,
	uint64_t *words, size_t count, int newest)
{
	size_t copies = (size_t)(pair->copies - file->map->words);
	unsigned int copy = newest == 0;
	uint64_t sequence = users_db_sequence(*pair->current);

	if (newest >= 0 &&
		users_db_sequence(pair->copies[(size_t)newest * pair->stride + 1]) > sequence)
		sequence = users_db_sequence(pair->copies[(size_t)newest * pair->stride + 1]);
	if (++sequence > UINT32_MAX)
		return COSMO_E_TOO_BIG;
	words[1] = (words[1] & ~0xffffffffULL) | sequence;
	words[0] = users_db_check(users_db_copy_key(pair->key, copy), words + 1, count - 1);
	return users_db_file_store(file, copies + copy * pair->stride, words, count);
}

enum cosmo_err users_db_file_raise(struct users_db_file *file, const struct users_db_pair *pair)
{
	unsigned int newest = users_db_pair_newest(pair);
	uint64_t sequence = users_db_sequence(pair->copies[newest * pair->stride + 1]);

	return users_db_file_store(file, (size_t)(pair->current - file->map->words), &sequence, 1);
}

enum cosmo_err users_db_file_put_settings(
	struct users_db_file *file, const struct users_db_settings *settings)
{
	const struct users_db_pair pair = users_db_settings_pair(file->map);
	uint64_t words[USERS_DB_SETTINGS_WORDS];
	int newest = users_db_pair_load(&pair, USERS_DB_SETTINGS_WORDS, words);
	enum cosmo_err err = COSMO_OK;

	memset(words, 0, sizeof(words));
	memcpy(words + 2, settings, sizeof(*settings));
	err = users_db_file_overwrite(file, &pair, words, USERS_DB_SETTINGS_WORDS, newest);
	if (!err)
		err = users_db_file_sync(file);
	if (!err)
		err = users_db_file_raise(file, &pair);
	return err ? err : users_db_file_sync(file);
}
