/* SPDX-License-Identifier: MIT */
#include "common/base/users_db_map.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/users_db_check.h"
#include "common/base/users_db_pair.h"

static bool is_terminated(const char *text, size_t size)
{
	return memchr(text, '\0', size) != NULL;
}

static bool header_is_ours(const struct users_db_header *header, size_t bytes)
{
	if (header->magic != USERS_DB_MAGIC || header->version != USERS_DB_VERSION)
		return false;
	if (header->check != users_db_header_check(header))
		return false;
	if (header->groups == 0 || header->groups > USERS_DB_MAX_GROUPS ||
		header->uid_entries == 0 || header->long_pairs > USERS_DB_MAX_GROUPS)
		return false;
	return header->file_bytes == bytes && users_db_bytes(header) == bytes &&
	       is_terminated(header->home, sizeof(header->home)) &&
	       is_terminated(header->shell, sizeof(header->shell));
}

static bool is_plain_path(const char *path)
{
	for (const char *c = path; *c; c++)
		if (*c < ' ' || *c > '~' || *c == ':')
			return false;
	return path[0] == '/';
}

static void split_templates(struct users_db_map *map)
{
	const char *home = map->header.home;
	size_t at = 0;

	while (home[at] && !(home[at] == '%' && home[at + 1] == 'u'))
		at++;
	map->home_before_len = at;
	map->home_after = home[at] ? home + at + 2 : NULL;
	map->home_after_len = home[at] ? strlen(map->home_after) : 0;
	map->shell_len = strlen(map->header.shell);
	map->templates_are_plain =
		is_plain_path(home) && is_plain_path(map->header.shell) &&
		map->home_before_len + COSMO_MAX_NAME_BYTES + map->home_after_len <
			sizeof(map->header.home);
}

static enum cosmo_err check_file(int fd, struct stat *ret_st)
{
	/* Not fstat(), which is this with a text of the C library's that few have touched. */
	if (fstatat(fd, "", ret_st, AT_EMPTY_PATH) < 0)
		return COSMO_E_BUSY;
	if (!S_ISREG(ret_st->st_mode) || ret_st->st_uid != 0 || (ret_st->st_mode & 022) != 0)
		return COSMO_E_UNSAFE_FILE;
	if (ret_st->st_size < (off_t)(USERS_DB_AT_GROUPS * 8) ||
		ret_st->st_size % (off_t)USERS_DB_PAGE_BYTES != 0)
		return COSMO_E_STORE_DAMAGED;
	return COSMO_OK;
}

/*
 * The first map of a process is here, beside what the plugin has of its own anyway: pages of their
 * own would be asked for and touched by every process that looks anybody up.
 */
static struct users_db_map room;
static _Atomic bool room_is_taken;

static struct users_db_map *map_new(void)
{
	void *pages = NULL;

	if (!atomic_exchange(&room_is_taken, true))
		return &room;
	pages = mmap(NULL, sizeof(struct users_db_map), PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return pages == MAP_FAILED ? NULL : pages;
}

static void map_delete(struct users_db_map *map)
{
	if (map != &room) {
		munmap(map, sizeof(*map));
		return;
	}
	memset(map, 0, sizeof(*map));
	atomic_store(&room_is_taken, false);
}

static enum cosmo_err map_header(struct users_db_map *map, uint64_t machine_hash)
{
	uint64_t words[USERS_DB_HEADER_WORDS];

	for (size_t i = 0; i < USERS_DB_HEADER_WORDS; i++)
		words[i] = users_db_load(map->words + i);
	memcpy(&map->header, words, sizeof(map->header));
	if (!header_is_ours(&map->header, map->bytes))
		return COSMO_E_STORE_DAMAGED;
	if (map->header.machine_hash != machine_hash)
		return COSMO_E_MACHINE;
	split_templates(map);
	return COSMO_OK;
}

static enum cosmo_err map_file(int fd, struct users_db_map *map, uint64_t machine_hash)
{
	struct stat st = {0};
	void *words = MAP_FAILED;
	enum cosmo_err err = check_file(fd, &st);

	if (err)
		return err;
	map->bytes = (size_t)st.st_size;
	words = mmap(NULL, map->bytes, PROT_READ, MAP_SHARED, fd, 0);
	if (words == MAP_FAILED)
		return COSMO_E_BUSY;
	map->words = words;
	map->device = st.st_dev;
	map->inode = st.st_ino;
	return map_header(map, machine_hash);
}

enum cosmo_err users_db_map_fd(int fd, uint64_t machine_hash, const struct users_db_map **ret)
{
	struct users_db_map *map = map_new();
	enum cosmo_err err = COSMO_OK;

	if (!map)
		return COSMO_E_BUSY;
	err = map_file(fd, map, machine_hash);
	if (err) {
		users_db_map_free(map);
		return err;
	}
	users_db_map_take_brief(map);
	*ret = map;
	return COSMO_OK;
}

/* What a failed open means to somebody who looks a name up. */
static enum cosmo_err open_error(int error)
{
	if (error == ENOENT || error == ENOTDIR)
		return COSMO_E_STORE_MISSING;
	if (error == ELOOP)
		return COSMO_E_UNSAFE_FILE;
	if (error == EMFILE || error == ENFILE || error == ENOMEM || error == EINTR)
		return COSMO_E_BUSY;
	return COSMO_E_STORE_DAMAGED;
}

/* Not fdio_open(), which would ask for what check_file() asks again: every process comes here once.
 */
enum cosmo_err users_db_map_open(
	int dir_fd, const char *path, const char *machine_id_path, const struct users_db_map **ret)
{
	COSMO_AUTO_FD int fd =
		openat(dir_fd, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK);
	uint64_t machine_hash = 0;
	enum cosmo_err err = COSMO_OK;

	if (fd < 0)
		return open_error(errno);
	err = machine_hash_read(machine_id_path, &machine_hash);
	return err ? err : users_db_map_fd(fd, machine_hash, ret);
}

void users_db_map_free(const struct users_db_map *map)
{
	const struct users_db_settings_copy *copy = NULL;

	if (!map)
		return;
	copy = atomic_load(&map->settings);
	while (copy) {
		const struct users_db_settings_copy *older = copy->older;

		munmap(cosmo_owned(copy), sizeof(*copy));
		copy = older;
	}
	if (map->words)
		munmap(cosmo_owned(map->words), map->bytes);
	map_delete(cosmo_owned(map));
}
