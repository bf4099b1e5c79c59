/* SPDX-License-Identifier: MIT */
#include <string.h>
#include <sys/mman.h>

#include "common/base/users_db_map.h"
#include "common/base/users_db_pair.h"

#define ATTEMPTS 64

static bool texts_end(const char *texts, size_t size, size_t stride, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (!memchr(texts + i * stride, '\0', size))
			return false;
	return true;
}

#define TEXTS_END(array, member, count)                                                            \
	texts_end((array)[0].member, sizeof((array)[0].member), sizeof((array)[0]), (count))

/* The check has passed; this is against a writer's own mistakes. */
static bool settings_are_sound(const struct users_db_settings *settings)
{
	if (settings->role_count == 0 || settings->role_count > USERS_DB_MAX_ROLES ||
		settings->conferred_count > USERS_DB_MAX_CONFERRED ||
		settings->sshd_count > USERS_DB_MAX_SSHD)
		return false;
	return TEXTS_END(settings->roles, name, settings->role_count) &&
	       TEXTS_END(settings->roles, group, settings->role_count) &&
	       TEXTS_END(settings->conferred, group, settings->conferred_count) &&
	       texts_end(settings->sshd[0], USERS_DB_MAX_TEXT, USERS_DB_MAX_TEXT,
		       settings->sshd_count) &&
	       texts_end(settings->home, USERS_DB_MAX_TEXT, 0, 1) &&
	       texts_end(settings->shell, USERS_DB_MAX_TEXT, 0, 1);
}

struct users_db_pair users_db_settings_pair(const struct users_db_map *map)
{
	return (struct users_db_pair){
		.current = map->words + USERS_DB_AT_SETTINGS_CURRENT,
		.copies = map->words + USERS_DB_AT_SETTINGS,
		.stride = USERS_DB_SETTINGS_STRIDE,
		.key = users_db_settings_key(map->header.key),
	};
}

/* Neither copy was whole in any attempt: damaged, or does somebody write them all the time? */
static enum cosmo_err doubt_reason(const struct users_db_pair *pair, const uint64_t *before)
{
	for (size_t copy = 0; copy < 2; copy++)
		if (users_db_load_first(pair->copies + copy * pair->stride + 1) != before[copy])
			return COSMO_E_BUSY;
	return COSMO_E_STORE_DAMAGED;
}

static bool load_once(const struct users_db_pair *pair, struct users_db_settings_copy *ret)
{
	if (users_db_pair_load(pair, USERS_DB_SETTINGS_WORDS, ret->words) < 0)
		return false;
	ret->sequence = users_db_sequence(ret->sequence);
	return true;
}

static enum cosmo_err settings_load(
	const struct users_db_map *map, struct users_db_settings_copy *ret)
{
	const struct users_db_pair pair = users_db_settings_pair(map);
	const uint64_t before[2] = {users_db_load_first(pair.copies + 1),
		users_db_load_first(pair.copies + pair.stride + 1)};

	for (int i = 0; i < ATTEMPTS; i++)
		if (load_once(&pair, ret))
			return settings_are_sound(&ret->settings) ? COSMO_OK
								  : COSMO_E_STORE_DAMAGED;
	return doubt_reason(&pair, before);
}

static struct users_db_brief brief_of(const struct users_db_settings *settings)
{
	return (struct users_db_brief){
		.uid_min = settings->uid_min,
		.uid_max = settings->uid_max,
		.provisional_on = settings->provisional_on,
		.sshd_count = settings->sshd_count,
		.sshd = settings->sshd[0],
	};
}

void users_db_map_take_brief(struct users_db_map *map)
{
	const struct users_db_pair pair = users_db_settings_pair(map);
	struct users_db_settings_copy copy = {.older = NULL};

	if (!load_once(&pair, &copy) || !settings_are_sound(&copy.settings))
		return;
	map->brief = brief_of(&copy.settings);
	memcpy(map->sshd, copy.settings.sshd, sizeof(map->sshd));
	map->brief.sshd = map->sshd[0];
	map->brief_sequence = copy.sequence;
}

/* A copy of them, in pages of its own; lost races are undone. */
static enum cosmo_err settings_publish(struct users_db_map *map,
	const struct users_db_settings_copy *older, const struct users_db_settings_copy **ret)
{
	struct users_db_settings_copy *copy = mmap(
		NULL, sizeof(*copy), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	enum cosmo_err err = COSMO_OK;

	if (copy == MAP_FAILED)
		return COSMO_E_BUSY;
	err = settings_load(map, copy);
	if (err) {
		munmap(copy, sizeof(*copy));
		return err;
	}
	copy->older = older;
	copy->brief = brief_of(&copy->settings);
	if (atomic_compare_exchange_strong(&map->settings, &older, copy)) {
		*ret = copy;
		return COSMO_OK;
	}
	munmap(copy, sizeof(*copy));
	*ret = older;
	return COSMO_OK;
}

/* Settings older than @current were replaced. */
static enum cosmo_err copy_get(
	const struct users_db_map *map, uint64_t current, const struct users_db_settings_copy **ret)
{
	*ret = atomic_load_explicit(&map->settings, memory_order_acquire);
	if (*ret && (*ret)->sequence >= current)
		return COSMO_OK;
	/* Only the pointer to the settings of a map ever changes. */
	return settings_publish(cosmo_owned(map), *ret, ret);
}

static uint64_t current_of(const struct users_db_map *map)
{
	return users_db_load_first(map->words + USERS_DB_AT_SETTINGS_CURRENT);
}

enum cosmo_err users_db_map_settings(
	const struct users_db_map *map, const struct users_db_settings **ret)
{
	const struct users_db_settings_copy *copy = NULL;
	enum cosmo_err err = copy_get(map, current_of(map), &copy);

	if (!err)
		*ret = &copy->settings;
	return err;
}

enum cosmo_err users_db_map_brief(const struct users_db_map *map, const struct users_db_brief **ret)
{
	uint64_t current = current_of(map);
	const struct users_db_settings_copy *copy = NULL;
	enum cosmo_err err = COSMO_OK;

	if (map->brief.sshd && map->brief_sequence >= current) {
		*ret = &map->brief;
		return COSMO_OK;
	}
	err = copy_get(map, current, &copy);
	if (!err)
		*ret = &copy->brief;
	return err;
}
