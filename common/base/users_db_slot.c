/* SPDX-License-Identifier: MIT */
#include "common/base/users_db_slot.h"

#include <string.h>

#include "common/base/users_db_pair.h"

bool users_db_name_make(const struct users_db_map *map, const char *name, struct users_db_name *ret)
{
	size_t len = strnlen(name, COSMO_MAX_NAME_BYTES + 1);

	_Static_assert(sizeof(ret->words) == COSMO_MAX_NAME_BYTES, "a name fills its words");
	if (len == 0 || len > COSMO_MAX_NAME_BYTES)
		return false;
	memset(ret->words, 0, sizeof(ret->words));
	memcpy(ret->words, name, len);
	users_db_name_hash(map->header.key, ret);
	return true;
}

struct users_db_pair users_db_slot_pair(const struct users_db_map *map, uint32_t slot)
{
	const uint64_t *words = map->words + users_db_at_slot(slot);

	return (struct users_db_pair){
		.current = words + USERS_DB_SLOT_AT_CURRENT,
		.copies = words + USERS_DB_SLOT_AT_COPY,
		.stride = USERS_DB_COPY_WORDS,
		.key = users_db_slot_key(map->header.key, slot),
	};
}

static void prefetch_slot(const uint64_t *words)
{
	for (size_t i = 0; i < USERS_DB_SLOT_WORDS; i += 8)
		__builtin_prefetch(words + i);
}

/* gecos, home and shell one behind the other; what the templates say is left out. */
static bool unpack_short(const char *text, struct users_db_user *ret)
{
	char *const fields[3] = {ret->gecos, ret->home, ret->shell};
	size_t at = 0;

	for (size_t i = 0; i < 3; i++) {
		size_t len = strnlen(text + at, USERS_DB_TEXT_BYTES - at);

		if (at + len == USERS_DB_TEXT_BYTES)
			return false;
		memcpy(fields[i], text + at, len + 1);
		at += len + 1;
	}
	return true;
}

static bool unpack_long(const struct users_db_map *map, const uint64_t *copy_words,
	unsigned int copy, struct users_db_user *ret)
{
	uint32_t pair = (uint32_t)(copy_words[2] >> 32) - 1;
	uint64_t words[USERS_DB_LONG_WORDS];
	const uint64_t *at = NULL;

	if (pair >= map->header.long_pairs)
		return false;
	at = map->words + users_db_at_longs(&map->header) + (2 * pair + copy) * USERS_DB_LONG_WORDS;
	for (size_t i = 0; i < USERS_DB_LONG_WORDS; i++)
		words[i] = users_db_load(at + i);
	if (copy_words[USERS_DB_COPY_AT_TEXT] !=
		users_db_check(
			users_db_long_key(map->header.key, pair, copy), words, USERS_DB_LONG_WORDS))
		return false;
	memcpy(ret->gecos, words, USERS_DB_MAX_TEXT);
	memcpy(ret->home, words + USERS_DB_MAX_TEXT / 8, USERS_DB_MAX_TEXT);
	memcpy(ret->shell, words + 2 * USERS_DB_MAX_TEXT / 8, USERS_DB_MAX_TEXT);
	return memchr(ret->gecos, '\0', USERS_DB_MAX_TEXT) &&
	       memchr(ret->home, '\0', USERS_DB_MAX_TEXT) &&
	       memchr(ret->shell, '\0', USERS_DB_MAX_TEXT);
}

static bool fill_home(const struct users_db_map *map, struct users_db_user *ret)
{
	size_t name_len = map->home_after ? strlen(ret->name) : 0;
	char *at = ret->home;

	if (map->home_before_len + name_len + map->home_after_len >= sizeof(ret->home))
		return false;
	memcpy(at, map->header.home, map->home_before_len);
	at += map->home_before_len;
	memcpy(at, ret->name, name_len);
	at += name_len;
	if (map->home_after)
		memcpy(at, map->home_after, map->home_after_len);
	at[map->home_after_len] = '\0';
	return true;
}

static bool unpack(const struct users_db_map *map, const uint64_t *words, unsigned int copy,
	struct users_db_user *ret)
{
	uint32_t text = (uint32_t)(words[2] >> 8 & 0xff);

	ret->roles = words[1] >> 32;
	ret->flags = (uint32_t)(words[2] & 0xff);
	ret->reason = (uint32_t)(words[2] >> 16 & 0xffff);
	ret->confirmed_s = (int64_t)words[3];
	ret->signed_in_s = (int64_t)words[4];
	memcpy(ret->integration, words + 5, INTEGRATION_BYTES);
	if (text & USERS_DB_TEXT_LONG) {
		if (!unpack_long(map, words, copy, ret))
			return false;
	} else if (!unpack_short((const char *)(words + USERS_DB_COPY_AT_TEXT), ret)) {
		return false;
	}
	if (text & USERS_DB_SHELL_TEMPLATE)
		memcpy(ret->shell, map->header.shell, map->shell_len + 1);
	return !(text & USERS_DB_HOME_TEMPLATE) || fill_home(map, ret);
}

/* Like users_db_pair_load(); the long texts of a copy belong to it. */
static inline int copy_read(const struct users_db_map *map, const struct users_db_pair *pair,
	uint64_t *words, struct users_db_user *ret)
{
	uint64_t current = users_db_load_first(pair->current);
	unsigned int newest = users_db_pair_newest(pair);

	for (unsigned int i = 0; i < 2; i++) {
		unsigned int copy = newest ^ i;

		if (users_db_copy_load(pair, copy, USERS_DB_COPY_WORDS, words) &&
			users_db_sequence(words[1]) >= current && unpack(map, words, copy, ret))
			return (int)copy;
	}
	return -1;
}

/* @want: the name it must have, else SLOT_NONE; NULL: any. */
static enum slot_result slot_read(const struct users_db_map *map, uint32_t slot,
	const uint64_t *want, struct users_db_user *ret)
{
	const uint64_t *words = map->words + users_db_at_slot(slot);
	const struct users_db_pair pair = users_db_slot_pair(map, slot);
	uint64_t fixed[USERS_DB_SLOT_FIXED];
	uint64_t copy_words[USERS_DB_COPY_WORDS];

	for (size_t i = 0; i < USERS_DB_SLOT_FIXED; i++)
		fixed[i] = users_db_load(words + i);
	if (fixed[0] != users_db_check(pair.key, fixed + 1, USERS_DB_SLOT_FIXED - 1))
		return SLOT_DOUBT;
	if (want && memcmp(want, fixed + USERS_DB_SLOT_AT_NAME, COSMO_MAX_NAME_BYTES) != 0)
		return SLOT_NONE;
	memcpy(ret->name, fixed + USERS_DB_SLOT_AT_NAME, COSMO_MAX_NAME_BYTES);
	ret->name[COSMO_MAX_NAME_BYTES] = '\0';
	ret->uid = (uint32_t)fixed[USERS_DB_SLOT_AT_IDS];
	ret->gid = (uint32_t)(fixed[USERS_DB_SLOT_AT_IDS] >> 32);
	return copy_read(map, &pair, copy_words, ret) < 0 ? SLOT_DOUBT : SLOT_FOUND;
}

int users_db_slot_newest(const struct users_db_map *map, uint32_t slot, uint32_t *ret_long_pair)
{
	const struct users_db_pair pair = users_db_slot_pair(map, slot);
	uint64_t fixed_name[USERS_DB_NAME_WORDS];
	uint64_t words[USERS_DB_COPY_WORDS];
	struct users_db_user user;
	int copy = 0;

	for (size_t i = 0; i < USERS_DB_NAME_WORDS; i++)
		fixed_name[i] = users_db_load(
			map->words + users_db_at_slot(slot) + USERS_DB_SLOT_AT_NAME + i);
	memcpy(user.name, fixed_name, sizeof(fixed_name));
	user.name[COSMO_MAX_NAME_BYTES] = '\0';
	copy = copy_read(map, &pair, words, &user);
	*ret_long_pair = copy < 0 ? 0 : (uint32_t)(words[2] >> 32);
	return copy;
}

/* The tags of a group as they were at one moment, two in a word. */
struct group_tags {
	uint64_t words[USERS_DB_GROUP_TAGS];
};

#define BOTH(half) ((half)*0x0000000100000001ULL)

static void tags_load(const struct users_db_map *map, uint32_t group, struct group_tags *ret)
{
	const uint64_t *words = map->words + users_db_at_group(group);

	for (uint32_t i = 0; i < USERS_DB_GROUP_TAGS; i++)
		ret->words[i] = users_db_load_first(words + i);
}

/* Bit i: slot i has that tag. No branch per tag: where in its group a name stands is not to be
 * foreseen. */
static uint32_t tags_find(const struct group_tags *tags, uint32_t tag)
{
	uint64_t found = 0;

	for (uint32_t i = 0; i < USERS_DB_GROUP_TAGS; i++) {
		uint64_t difference = (tags->words[i] ^ BOTH(tag)) & BOTH(0xffffULL);
		uint64_t equal = (BOTH(0x10000ULL) - difference) & BOTH(0x10000ULL);

		found |= (equal >> 16 | equal >> 47) << 2 * i;
	}
	return (uint32_t)found & ((1U << USERS_DB_GROUP_SLOTS) - 1);
}

static bool tags_are_damaged(
	const struct users_db_map *map, uint32_t group, const struct group_tags *tags)
{
	uint32_t group_key = users_db_group_key(map->header.key, group);
	uint32_t difference = 0;

	for (uint32_t i = 0; i < USERS_DB_GROUP_TAGS; i++) {
		uint32_t even = (uint32_t)tags->words[i];
		uint32_t odd = (uint32_t)(tags->words[i] >> 32);

		difference |= even ^ users_db_tag_seal(group_key, 2 * i, even & 0xffff);
		difference |= odd ^ users_db_tag_seal(group_key, 2 * i + 1, odd & 0xffff);
	}
	return difference != 0;
}

static enum slot_result group_find(const struct users_db_map *map, uint32_t group,
	const struct users_db_name *name, uint32_t *ret_slot, struct users_db_user *ret)
{
	struct group_tags tags;

	tags_load(map, group, &tags);
	for (uint32_t left = tags_find(&tags, users_db_name_tag(name->hash)); left;
		left &= left - 1) {
		enum slot_result result = SLOT_NONE;

		*ret_slot = group * USERS_DB_GROUP_SLOTS + (uint32_t)__builtin_ctz(left);
		result = slot_read(map, *ret_slot, name->words, ret);
		if (result != SLOT_NONE)
			return result;
	}
	if (tags_are_damaged(map, group, &tags))
		return SLOT_DOUBT;
	/* An empty seat: the name would have been put there, not into the next group. */
	*ret_slot = UINT32_MAX;
	return tags_find(&tags, 0) ? SLOT_FOUND : SLOT_NONE;
}

enum slot_result users_db_slot_by_name(const struct users_db_map *map,
	const struct users_db_name *name, uint32_t *ret_slot, struct users_db_user *ret)
{
	uint32_t groups = map->header.groups;
	uint32_t group = users_db_name_group(name->hash, groups);

	prefetch_slot(map->words + users_db_at_slot(group * USERS_DB_GROUP_SLOTS +
						    users_db_name_seat(name->hash)));
	for (uint32_t i = 0; i < USERS_DB_MAX_PROBES && i < groups; i++) {
		enum slot_result result = group_find(map, group, name, ret_slot, ret);

		if (result == SLOT_FOUND && *ret_slot == UINT32_MAX)
			return SLOT_NONE;
		if (result != SLOT_NONE)
			return result;
		group = group + 1 == groups ? 0 : group + 1;
	}
	return SLOT_NONE;
}

static uint32_t tag_load(const struct users_db_map *map, uint32_t slot)
{
	uint32_t seat = slot % USERS_DB_GROUP_SLOTS;
	const uint64_t *words = map->words + users_db_at_group(slot / USERS_DB_GROUP_SLOTS);
	uint64_t word = users_db_load_first(words + seat / 2);

	return (uint32_t)(seat % 2 ? word >> 32 : word);
}

enum slot_result users_db_slot_by_number(
	const struct users_db_map *map, uint32_t slot, struct users_db_user *ret)
{
	uint32_t group_key = users_db_group_key(map->header.key, slot / USERS_DB_GROUP_SLOTS);
	uint32_t entry = 0;
	struct users_db_name name;

	prefetch_slot(map->words + users_db_at_slot(slot));
	entry = tag_load(map, slot);
	if (entry != users_db_tag_seal(group_key, slot % USERS_DB_GROUP_SLOTS, entry & 0xffff))
		return SLOT_DOUBT;
	if ((entry & 0xffff) == 0)
		return SLOT_NONE;
	if (slot_read(map, slot, NULL, ret) != SLOT_FOUND)
		return SLOT_DOUBT;
	if (!users_db_name_make(map, ret->name, &name) ||
		users_db_name_tag(name.hash) != (entry & 0xffff))
		return SLOT_DOUBT;
	return SLOT_FOUND;
}

enum slot_result users_db_slot_by_uid(
	const struct users_db_map *map, uint32_t uid, uint32_t *ret_slot, struct users_db_user *ret)
{
	const struct users_db_header *header = &map->header;
	const uint64_t *uids = map->words + users_db_at_uids(header);
	uint32_t position = users_db_uid_home(header->key, uid, header->uid_entries);

	for (uint32_t i = 0; i < USERS_DB_MAX_UID_PROBES && i < header->uid_entries; i++) {
		const uint64_t *entry = uids + position * USERS_DB_UID_WORDS;
		uint64_t word = users_db_load_first(entry);
		enum slot_result result = SLOT_NONE;

		if (users_db_load(entry + 1) != users_db_uid_check(header->key, position, word))
			return SLOT_DOUBT;
		if (word == USERS_DB_UID_EMPTY)
			return SLOT_NONE;
		position = position + 1 == header->uid_entries ? 0 : position + 1;
		if ((uint32_t)word != uid)
			continue;
		*ret_slot = (uint32_t)(word >> 32);
		if (*ret_slot / USERS_DB_GROUP_SLOTS >= header->groups)
			return SLOT_DOUBT;
		result = users_db_slot_by_number(map, *ret_slot, ret);
		return result == SLOT_FOUND && ret->uid != uid ? SLOT_DOUBT : result;
	}
	return SLOT_NONE;
}
