/* SPDX-License-Identifier: MIT */
#include "common/base/users_db_slot.h"

#include <endian.h>
#include <string.h>

#include "common/base/users_db_pair.h"

/* The eight bytes at @bytes as a number whose lowest byte is the first. */
static inline uint64_t eight(const char *bytes)
{
	uint64_t word = 0;

	memcpy(&word, bytes, sizeof(word));
	return le64toh(word);
}

static inline uint64_t four(const char *bytes)
{
	uint32_t word = 0;

	memcpy(&word, bytes, sizeof(word));
	return le32toh(word);
}

/* Fewer than eight, of which some are read twice. */
static inline uint64_t up_to_seven(const char *bytes, size_t len)
{
	const unsigned char *each = (const unsigned char *)bytes;

	if (len >= 4)
		return four(bytes) | four(bytes + len - 4) << 8 * (len - 4);
	return each[0] | (uint64_t)each[len / 2] << 8 * (len / 2) |
	       (uint64_t)each[len - 1] << 8 * (len - 1);
}

/* The last @rest of eight. */
static inline uint64_t last_of(uint64_t word, size_t rest)
{
	return word >> 4 * (8 - rest) >> 4 * (8 - rest);
}

/*
 * Nothing behind the name is read, and no branch hangs on how long it is but for a few lengths. A
 * word at a time: words that are read just after their bytes were put one by one are waited for.
 */
static void name_words(const char *name, size_t len, uint64_t ret_words[USERS_DB_NAME_WORDS])
{
	size_t whole = len / 8;

	for (size_t i = 0; i < USERS_DB_NAME_WORDS; i++)
		ret_words[i] = 0;
	if (len < 8) {
		ret_words[0] = htole64(up_to_seven(name, len));
		return;
	}
	ret_words[0] = htole64(eight(name));
	if (len <= 16) {
		ret_words[1] = htole64(last_of(eight(name + len - 8), len - 8));
		return;
	}
	for (size_t i = 1; i < whole; i++)
		ret_words[i] = htole64(eight(name + 8 * i));
	if (len % 8)
		ret_words[whole] = htole64(last_of(eight(name + len - 8), len % 8));
}

bool users_db_name_make(const struct users_db_map *map, const char *name, struct users_db_name *ret)
{
	size_t len = strnlen(name, COSMO_MAX_NAME_BYTES + 1);

	_Static_assert(sizeof(ret->words) == COSMO_MAX_NAME_BYTES, "a name fills its words");
	if (len == 0 || len > COSMO_MAX_NAME_BYTES)
		return false;
	name_words(name, len, ret->words);
	users_db_name_hash(map->header.key, ret);
	return true;
}

struct users_db_pair users_db_slot_pair(const struct users_db_map *map, uint32_t slot)
{
	const uint64_t *words = map->words + users_db_at_slot(slot);

	return (struct users_db_pair){
		.current = words + USERS_DB_SLOT_AT_CURRENT,
		.copies = words + USERS_DB_SLOT_AT_COPY,
		.stride = USERS_DB_COPY_STRIDE,
		.key = users_db_slot_key(map->header.key, slot),
	};
}

static void prefetch_slot(const uint64_t *words)
{
#pragma GCC unroll 5
	for (size_t i = 0; i < USERS_DB_SLOT_WORDS; i += 8)
		__builtin_prefetch(words + i);
}

/* Like users_db_pair_load(); the long texts of a copy belong to it. */
static inline int copy_read(const struct users_db_pair *pair, struct users_db_entry *ret)
{
	uint64_t current = users_db_load_first(pair->current);
	unsigned int newest = users_db_pair_newest(pair);

	for (unsigned int i = 0; i < 2; i++) {
		ret->which = newest ^ i;
		if (users_db_copy_load(pair, ret->which, USERS_DB_COPY_WORDS, ret->copy) &&
			users_db_sequence(ret->copy[1]) >= current &&
			users_db_entry_texts_are_whole(ret))
			return (int)ret->which;
	}
	return -1;
}

/* @want: the name it must have, else SLOT_NONE; NULL: any. */
static inline enum slot_result slot_read(const struct users_db_map *map, uint32_t slot,
	const uint64_t *want, struct users_db_entry *ret)
{
	const uint64_t *words = map->words + users_db_at_slot(slot);
	const struct users_db_pair pair = users_db_slot_pair(map, slot);
	COSMO_UNINITIALIZED uint64_t fixed[USERS_DB_SLOT_FIXED];
	uint64_t difference = 0;

#pragma GCC unroll 6
	for (size_t i = 0; i < USERS_DB_SLOT_FIXED; i++)
		fixed[i] = users_db_load(words + i);
	if (fixed[0] != users_db_check(pair.key, fixed + 1, USERS_DB_SLOT_FIXED - 1))
		return SLOT_DOUBT;
#pragma GCC unroll 4
	for (size_t i = 0; i < USERS_DB_NAME_WORDS; i++) {
		ret->name[i] = fixed[USERS_DB_SLOT_AT_NAME + i];
		difference |= want ? want[i] ^ ret->name[i] : 0;
	}
	if (difference)
		return SLOT_NONE;
	ret->name[USERS_DB_NAME_WORDS] = 0;
	ret->ids = fixed[USERS_DB_SLOT_AT_IDS];
	ret->map = map;
	return copy_read(&pair, ret) < 0 ? SLOT_DOUBT : SLOT_FOUND;
}

int users_db_slot_newest(const struct users_db_map *map, uint32_t slot, uint32_t *ret_long_pair)
{
	const struct users_db_pair pair = users_db_slot_pair(map, slot);
	struct users_db_entry entry = {.map = map};
	int copy = copy_read(&pair, &entry);

	*ret_long_pair = copy < 0 ? 0 : (uint32_t)(entry.copy[2] >> 32);
	return copy;
}

/* The tags of a group as they were at one moment, two in a word. */
struct group_tags {
	uint64_t words[USERS_DB_GROUP_TAGS];
};

/* Two words side by side, and the four tags in them. */
typedef uint64_t words2 __attribute__((vector_size(16)));
typedef uint32_t tags4 __attribute__((vector_size(16)));

/* The first tag of a word is its lower half, wherever that stands. */
static inline tags4 first_four(void)
{
	if (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__)
		return (tags4){1, 2, 4, 8};
	return (tags4){2, 1, 8, 4};
}

static void tags_load(const struct users_db_map *map, uint32_t group, struct group_tags *ret)
{
	const uint64_t *words = map->words + users_db_at_group(group);

#pragma GCC unroll 6
	for (uint32_t i = 0; i < USERS_DB_GROUP_TAGS; i++)
		ret->words[i] = users_db_load_first(words + i);
}

/* Bit i: slot i has that tag. No branch per tag: where in its group a name stands is not to be
 * foreseen. */
static uint32_t tags_find(const struct group_tags *tags, uint32_t tag)
{
	const tags4 bits = first_four();
	tags4 found = {0};
	words2 sums = {0};

	_Static_assert(USERS_DB_GROUP_SLOTS == 12 && USERS_DB_GROUP_TAGS == 6, "four tags at once");
#pragma GCC unroll 3
	for (uint32_t i = 0; i < USERS_DB_GROUP_TAGS; i += 2) {
		tags4 four = (tags4)(words2){tags->words[i], tags->words[i + 1]};

		found |= (tags4)((four & 0xffff) == tag) & bits << 2 * i;
	}
	sums = (words2)found;
	sums[0] |= sums[1];
	return (uint32_t)(sums[0] | sums[0] >> 32);
}

static bool tags_are_damaged(
	const struct users_db_map *map, uint32_t group, const struct group_tags *tags)
{
	uint32_t group_key = users_db_group_key(map->header.key, group);
	bool sealed = true;

#pragma GCC unroll 7
	for (uint32_t i = 0; i < USERS_DB_GROUP_TAGS; i++)
		sealed &= users_db_tags_are_sealed(group_key, i, tags->words[i]);
	return !sealed;
}

static enum slot_result group_find(const struct users_db_map *map, uint32_t group,
	const struct users_db_name *name, uint32_t *ret_slot, struct users_db_entry *ret)
{
	COSMO_UNINITIALIZED struct group_tags tags;

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

enum slot_result users_db_slot_find_name(const struct users_db_map *map,
	const struct users_db_name *name, uint32_t *ret_slot, struct users_db_entry *ret)
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

enum slot_result users_db_slot_entry(
	const struct users_db_map *map, uint32_t slot, struct users_db_entry *ret)
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
	memcpy(name.words, ret->name, sizeof(name.words));
	users_db_name_hash(map->header.key, &name);
	return users_db_name_tag(name.hash) == (entry & 0xffff) ? SLOT_FOUND : SLOT_DOUBT;
}

/* The newest copy is one of the two; what is no member by either is none. */
bool users_db_slot_may_have(const struct users_db_map *map, uint32_t slot, uint64_t roles)
{
	const struct users_db_pair pair = users_db_slot_pair(map, slot);
	uint64_t either =
		users_db_load(pair.copies + 1) | users_db_load(pair.copies + pair.stride + 1);

	return (either >> 32 & roles) != 0;
}

enum slot_result users_db_slot_find_uid(const struct users_db_map *map, uint32_t uid,
	uint32_t *ret_slot, struct users_db_entry *ret)
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
		result = users_db_slot_entry(map, *ret_slot, ret);
		return result == SLOT_FOUND && users_db_entry_uid(ret) != uid ? SLOT_DOUBT : result;
	}
	return SLOT_NONE;
}

/* Texts that were whole a moment ago may be another's by now. */
static enum slot_result spelled_out(
	enum slot_result result, const struct users_db_entry *entry, struct users_db_user *ret)
{
	if (result != SLOT_FOUND)
		return result;
	return users_db_entry_unpack(entry, ret) ? SLOT_FOUND : SLOT_DOUBT;
}

enum slot_result users_db_slot_by_name(const struct users_db_map *map,
	const struct users_db_name *name, uint32_t *ret_slot, struct users_db_user *ret)
{
	struct users_db_entry entry;

	return spelled_out(users_db_slot_find_name(map, name, ret_slot, &entry), &entry, ret);
}

enum slot_result users_db_slot_by_uid(
	const struct users_db_map *map, uint32_t uid, uint32_t *ret_slot, struct users_db_user *ret)
{
	struct users_db_entry entry;

	return spelled_out(users_db_slot_find_uid(map, uid, ret_slot, &entry), &entry, ret);
}

enum slot_result users_db_slot_by_number(
	const struct users_db_map *map, uint32_t slot, struct users_db_user *ret)
{
	struct users_db_entry entry;

	return spelled_out(users_db_slot_entry(map, slot, &entry), &entry, ret);
}
