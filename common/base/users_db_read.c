/* SPDX-License-Identifier: MIT */
#include "common/base/users_db_read.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>

#include "common/base/users_db_map.h"
#include "common/base/users_db_pair.h"
#include "common/base/users_db_slot.h"

#define ATTEMPTS      64
#define MAX_MAPS      1024
#define LOOK_EVERY_MS 1000

/* Coarse, so that it never becomes a system call. 1 and up. */
static int64_t coarse_ms(void)
{
	struct timespec ts = {0};

	clock_gettime(CLOCK_MONOTONIC_COARSE, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000 + 1;
}

static enum users_db_fate map_fate(const struct users_db_map *map)
{
	uint64_t fate = users_db_load_first(map->words + USERS_DB_AT_FATE);

	return fate > USERS_DB_SUPERSEDED ? USERS_DB_SUPERSEDED : (enum users_db_fate)fate;
}

/* Put @map in the place of @old, or take the one another thread was faster with. */
static const struct users_db_map *map_publish(
	struct users_db *db, const struct users_db_map *old, const struct users_db_map *map)
{
	((struct users_db_map *)(uintptr_t)map)->older = old;
	if (atomic_compare_exchange_strong(&db->map, &old, map)) {
		atomic_fetch_add(&db->maps_used, 1);
		return map;
	}
	users_db_map_free(map);
	return old;
}

static enum cosmo_err map_reopen(
	struct users_db *db, const struct users_db_map *old, const struct users_db_map **ret)
{
	int64_t now_ms = coarse_ms();
	int64_t looked_ms = atomic_load(&db->looked_ms);
	const struct users_db_map *map = NULL;
	enum cosmo_err err = COSMO_OK;

	if (looked_ms && now_ms >= looked_ms && now_ms - looked_ms < LOOK_EVERY_MS)
		return (enum cosmo_err)atomic_load(&db->looked_err);
	if (atomic_load(&db->maps_used) >= MAX_MAPS)
		return COSMO_E_STORE_DAMAGED;
	err = users_db_map_open(AT_FDCWD, db->path, db->machine_id_path, &map);
	if (!err && map_fate(map) == USERS_DB_SUPERSEDED) {
		users_db_map_free(map);
		err = COSMO_E_STORE_DAMAGED;
	}
	if (err) {
		atomic_store(&db->looked_err, (uint32_t)err);
		atomic_store(&db->looked_ms, now_ms);
		return err;
	}
	atomic_store(&db->looked_ms, 0);
	*ret = map_publish(db, old, map);
	return COSMO_OK;
}

/* A writer died, or is, between making a new file and naming it: the name tells which one holds. */
static bool map_is_named(const struct users_db *db, const struct users_db_map *map)
{
	struct stat st = {0};

	return lstat(db->path, &st) == 0 && st.st_dev == map->device && st.st_ino == map->inode;
}

static enum cosmo_err map_get_slowly(
	struct users_db *db, const struct users_db_map *map, const struct users_db_map **ret)
{
	int saved_errno = errno;
	enum cosmo_err err = COSMO_OK;

	if (map && map_fate(map) == USERS_DB_MOVING && map_is_named(db, map))
		*ret = map;
	else
		err = map_reopen(db, map, ret);
	errno = saved_errno;
	return err;
}

static inline enum cosmo_err map_get(struct users_db *db, const struct users_db_map **ret)
{
	const struct users_db_map *map = atomic_load_explicit(&db->map, memory_order_acquire);

	if (__builtin_expect(!map || map_fate(map) != USERS_DB_IN_FORCE, 0))
		return map_get_slowly(db, map, ret);
	*ret = map;
	return COSMO_OK;
}

/* What is damaged stays in doubt; so does what is rewritten all the time, which is not told apart:
 * both are no answer. */
static void pause_briefly(int attempt)
{
	for (int i = 0; i < attempt; i++)
		atomic_signal_fence(memory_order_seq_cst);
}
