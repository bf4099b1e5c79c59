/* SPDX-License-Identifier: MIT */
#include "common/base/users_db_read.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "common/base/fdio.h"
#include "common/base/users_db_map.h"
#include "common/base/users_db_pair.h"
#include "common/base/users_db_slot.h"

#define ATTEMPTS      64
#define REOPENINGS    8
#define MAX_MAPS      1024
#define LOOK_EVERY_MS 1000

static enum users_db_fate map_fate(const struct users_db_map *map)
{
	uint64_t fate = users_db_load_first(map->words + USERS_DB_AT_FATE);

	return fate > USERS_DB_SUPERSEDED ? USERS_DB_SUPERSEDED : (enum users_db_fate)fate;
}

/* Put @map in the place of @old, or take the one another thread was faster with. */
static const struct users_db_map *map_publish(
	struct users_db *db, const struct users_db_map *old, const struct users_db_map *map)
{
	struct users_db_map *fresh = cosmo_owned(map);

	fresh->older = old;
	if (atomic_compare_exchange_strong(&db->map, &old, map)) {
		atomic_fetch_add(&db->maps_used, 1);
		return map;
	}
	users_db_map_free(map);
	return old;
}

/* What the last look ended in; doubt, never success without a map. */
static enum cosmo_err remembered_error(struct users_db *db)
{
	enum cosmo_err err = (enum cosmo_err)atomic_load(&db->looked_err);

	return err ? err : COSMO_E_BUSY;
}

/* The file that has the name and is in force. One that another took the place of meanwhile was
 * opened a moment too early. */
static enum cosmo_err map_open(struct users_db *db, const struct users_db_map **ret)
{
	for (int i = 0; i < REOPENINGS; i++) {
		const struct users_db_map *map = NULL;
		enum cosmo_err err =
			users_db_map_open(AT_FDCWD, db->path, db->machine_id_path, &map);

		if (err)
			return err;
		if (map_fate(map) != USERS_DB_SUPERSEDED) {
			*ret = map;
			return COSMO_OK;
		}
		users_db_map_free(map);
	}
	return COSMO_E_STORE_DAMAGED;
}

/* Did opening the file fail less than a second ago? */
static bool has_looked_just_now(struct users_db *db)
{
	int64_t looked_ms = atomic_load(&db->looked_ms);
	int64_t now_ms = looked_ms ? fdio_coarse_ms() : 0;

	return looked_ms && now_ms >= looked_ms && now_ms - looked_ms < LOOK_EVERY_MS;
}

static enum cosmo_err map_reopen(
	struct users_db *db, const struct users_db_map *old, const struct users_db_map **ret)
{
	const struct users_db_map *map = NULL;
	enum cosmo_err err = COSMO_OK;

	if (has_looked_just_now(db))
		return remembered_error(db);
	if (atomic_load(&db->maps_used) >= MAX_MAPS)
		return COSMO_E_STORE_DAMAGED;
	err = map_open(db, &map);
	/* Where there was a file, none is no sign of a host that was never connected. */
	if (err == COSMO_E_STORE_MISSING && old)
		err = COSMO_E_STORE_DAMAGED;
	if (err) {
		atomic_store(&db->looked_err, (uint32_t)err);
		atomic_store(&db->looked_ms, fdio_coarse_ms());
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

	return fstatat(AT_FDCWD, db->path, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	       st.st_dev == map->device && st.st_ino == map->inode;
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

/* Whether somebody writes: what the two copies of the writer's state are at. */
struct activity {
	uint64_t sequences[2];
	bool pending;
};

static struct activity activity_now(const struct users_db_map *map)
{
	const struct users_db_pair pair = users_db_state_pair(map->words, map->header.key);
	uint64_t a = users_db_load_first(pair.copies + 1);
	uint64_t b = users_db_load_first(pair.copies + pair.stride + 1);
	uint64_t newest = users_db_sequence(a) > users_db_sequence(b) ? a : b;

	return (struct activity){
		.sequences = {a, b},
		.pending = newest >> 32 != USERS_DB_NOTHING_PENDING,
	};
}

/* What stays in doubt while nobody writes is damaged. */
static enum cosmo_err doubt_reason(const struct users_db_map *map, const struct activity *before)
{
	struct activity now = activity_now(map);

	if (now.pending || before->pending || now.sequences[0] != before->sequences[0] ||
		now.sequences[1] != before->sequences[1])
		return COSMO_E_BUSY;
	return COSMO_E_STORE_DAMAGED;
}

/* A copy takes the writer some ten nanoseconds; wait for no longer than many of these. */
static void pause_briefly(int attempt)
{
	for (int i = 0; i < attempt; i++)
		atomic_signal_fence(memory_order_seq_cst);
}

/* Either way of finding a slot. */
struct search {
	const char *name; /* NULL: by uid */
	uint32_t uid;
};

/* @ret_user: NULL for whom the entry will do. */
static inline enum slot_result search_once(const struct users_db_map *map,
	const struct search *search, struct users_db_entry *ret, struct users_db_user *ret_user)
{
	enum slot_result result = SLOT_NONE;
	COSMO_UNINITIALIZED struct users_db_name name;
	uint32_t slot = 0;

	if (!search->name)
		result = users_db_slot_find_uid(map, search->uid, &slot, ret);
	else if (users_db_name_make(map, search->name, &name))
		result = users_db_slot_find_name(map, &name, &slot, ret);
	if (ret_user && result == SLOT_FOUND && !users_db_entry_unpack(ret, ret_user))
		return SLOT_DOUBT;
	return result;
}

static enum cosmo_err search_again(const struct users_db_map *map, const struct search *search,
	struct users_db_entry *ret, struct users_db_user *ret_user)
{
	struct activity before = activity_now(map);

	for (int i = 0; i < ATTEMPTS; i++) {
		enum slot_result result = search_once(map, search, ret, ret_user);

		if (result != SLOT_DOUBT)
			return result == SLOT_FOUND ? COSMO_OK : COSMO_E_NOT_FOUND;
		pause_briefly(i);
	}
	return doubt_reason(map, &before);
}

static inline enum cosmo_err find(struct users_db *db, const struct search *search,
	struct users_db_entry *ret, struct users_db_user *ret_user)
{
	const struct users_db_map *map = NULL;
	enum cosmo_err err = map_get(db, &map);
	enum slot_result result = SLOT_NONE;

	if (__builtin_expect(err != COSMO_OK, 0))
		return err;
	result = search_once(map, search, ret, ret_user);
	if (__builtin_expect(result == SLOT_DOUBT, 0))
		return search_again(map, search, ret, ret_user);
	return result == SLOT_FOUND ? COSMO_OK : COSMO_E_NOT_FOUND;
}

static inline bool is_removed(const struct users_db_entry *entry)
{
	return users_db_entry_flags(entry) & USERS_DB_REMOVED;
}

enum cosmo_err users_db_entry_by_name(
	struct users_db *db, const char *name, struct users_db_entry *ret)
{
	const struct search search = {.name = name};
	enum cosmo_err err = find(db, &search, ret, NULL);

	return !err && is_removed(ret) ? COSMO_E_NOT_FOUND : err;
}

enum cosmo_err users_db_entry_by_uid(struct users_db *db, uint32_t uid, struct users_db_entry *ret)
{
	const struct search search = {.uid = uid};
	enum cosmo_err err = find(db, &search, ret, NULL);

	return !err && is_removed(ret) ? COSMO_E_NOT_FOUND : err;
}

static enum cosmo_err find_ever(
	struct users_db *db, const struct search *search, struct users_db_user *ret)
{
	struct users_db_entry entry;

	return find(db, search, &entry, ret);
}

static enum cosmo_err find_shown(
	struct users_db *db, const struct search *search, struct users_db_user *ret)
{
	enum cosmo_err err = find_ever(db, search, ret);

	if (!err && ret->flags & USERS_DB_REMOVED)
		return COSMO_E_NOT_FOUND;
	return err;
}

enum cosmo_err users_db_find_name(struct users_db *db, const char *name, struct users_db_user *ret)
{
	const struct search search = {.name = name};

	return find_shown(db, &search, ret);
}

enum cosmo_err users_db_find_uid(struct users_db *db, uint32_t uid, struct users_db_user *ret)
{
	const struct search search = {.uid = uid};

	return find_shown(db, &search, ret);
}

enum cosmo_err users_db_find_ever(struct users_db *db, const char *name, struct users_db_user *ret)
{
	const struct search search = {.name = name};

	return find_ever(db, &search, ret);
}

enum cosmo_err users_db_find_uid_ever(struct users_db *db, uint32_t uid, struct users_db_user *ret)
{
	const struct search search = {.uid = uid};

	return find_ever(db, &search, ret);
}

static enum cosmo_err entry_surely(const struct users_db_map *map, uint32_t slot,
	struct users_db_entry *ret, struct users_db_user *ret_user)
{
	struct activity before = activity_now(map);

	for (int i = 0; i < ATTEMPTS; i++) {
		enum slot_result result = users_db_slot_entry(map, slot, ret);

		if (result == SLOT_NONE)
			return COSMO_E_NOT_FOUND;
		if (result == SLOT_FOUND && (!ret_user || users_db_entry_unpack(ret, ret_user)))
			return COSMO_OK;
		pause_briefly(i);
	}
	return doubt_reason(map, &before);
}

static inline enum cosmo_err next(struct users_db *db, uint64_t *cursor, uint64_t roles,
	struct users_db_entry *ret, struct users_db_user *ret_user)
{
	const struct users_db_map *map = NULL;
	enum cosmo_err err = map_get(db, &map);
	uint64_t slots = 0;

	if (err)
		return err;
	slots = (uint64_t)map->header.groups * USERS_DB_GROUP_SLOTS;
	for (; *cursor < slots; (*cursor)++) {
		if (roles && !users_db_slot_may_have(map, (uint32_t)*cursor, roles))
			continue;
		err = entry_surely(map, (uint32_t)*cursor, ret, ret_user);
		if (err == COSMO_E_BUSY)
			return err;
		if (err == COSMO_E_NOT_FOUND || (!err && is_removed(ret)))
			continue;
		(*cursor)++;
		return err;
	}
	return COSMO_E_NOT_FOUND;
}

enum cosmo_err users_db_entry_next(
	struct users_db *db, uint64_t *cursor, uint64_t roles, struct users_db_entry *ret)
{
	return next(db, cursor, roles, ret, NULL);
}

enum cosmo_err users_db_next(struct users_db *db, uint64_t *cursor, struct users_db_user *ret)
{
	struct users_db_entry entry;

	return next(db, cursor, 0, &entry, ret);
}

enum cosmo_err users_db_settings_peek(struct users_db *db, const struct users_db_settings **ret)
{
	const struct users_db_map *map = NULL;
	enum cosmo_err err = map_get(db, &map);
	int saved_errno = 0;

	if (err)
		return err;
	saved_errno = errno;
	err = users_db_map_settings(map, ret);
	errno = saved_errno;
	return err;
}

enum cosmo_err users_db_brief_peek(struct users_db *db, const struct users_db_brief **ret)
{
	const struct users_db_map *map = NULL;
	enum cosmo_err err = map_get(db, &map);
	int saved_errno = 0;

	if (err)
		return err;
	saved_errno = errno;
	err = users_db_map_brief(map, ret);
	errno = saved_errno;
	return err;
}

enum cosmo_err users_db_settings(struct users_db *db, struct users_db_settings *ret)
{
	const struct users_db_settings *settings = NULL;
	enum cosmo_err err = users_db_settings_peek(db, &settings);

	if (!err)
		*ret = *settings;
	return err;
}

enum cosmo_err users_db_numbers(struct users_db *db, struct users_db_numbers *ret)
{
	const struct users_db_settings *settings = NULL;
	enum cosmo_err err = users_db_settings_peek(db, &settings);

	if (err)
		return err;
	ret->users_gid = settings->users_gid;
	ret->uid_min = settings->uid_min;
	ret->uid_max = settings->uid_max;
	ret->provisional_on = settings->provisional_on;
	ret->role_count = settings->role_count;
	ret->conferred_count = settings->conferred_count;
	ret->role_lease_s = settings->role_lease_s;
	for (uint32_t i = 0; i < settings->role_count; i++)
		ret->role_gid[i] = settings->roles[i].gid;
	for (uint32_t i = 0; i < settings->conferred_count; i++) {
		ret->conferred_gid[i] = settings->conferred[i].gid;
		ret->conferred_roles[i] = settings->conferred[i].roles;
	}
	return COSMO_OK;
}

enum cosmo_err users_db_count(struct users_db *db, uint64_t *ret)
{
	const struct users_db_map *map = NULL;
	uint64_t words[USERS_DB_STATE_WORDS];
	struct users_db_pair pair = {0};
	struct activity before = {.pending = false};
	enum cosmo_err err = map_get(db, &map);

	if (err)
		return err;
	before = activity_now(map);
	pair = users_db_state_pair(map->words, map->header.key);
	for (int i = 0; i < ATTEMPTS; i++) {
		if (users_db_pair_load(&pair, USERS_DB_STATE_WORDS, words) >= 0) {
			*ret = words[USERS_DB_STATE_AT_SHOWN];
			return COSMO_OK;
		}
		pause_briefly(i);
	}
	return doubt_reason(map, &before);
}

void users_db_done(struct users_db *db)
{
	const struct users_db_map *map = atomic_exchange(&db->map, NULL);

	while (map) {
		const struct users_db_map *older = map->older;

		users_db_map_free(map);
		map = older;
	}
	atomic_store(&db->looked_ms, 0);
	atomic_store(&db->looked_err, 0);
	atomic_store(&db->maps_used, 0);
}
