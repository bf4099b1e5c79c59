/* SPDX-License-Identifier: MIT */
/*
 * Hashes and checks of users.1.db. Each step is a bijection of the state, so damage within one word
 * is always seen; anything wider, torn copies among it, with a chance of 2^-64 to slip through.
 * They guard against accidents, not against somebody who may write the file.
 */
#pragma once

#include "common/base/users_db_format.h"

static inline uint64_t users_db_fold(uint64_t state, uint64_t word)
{
	state = (state ^ word) * 0x9e3779b97f4a7c15ULL;
	return state ^ state >> 32;
}

/* Word i goes into lane i % 4. Four of them, so that the multiplications overlap. */
static inline uint64_t users_db_check(uint64_t key, const uint64_t *words, size_t count)
{
	uint64_t a = key;
	uint64_t b = ~key;
	uint64_t c = key ^ 0xd6e8feb86659fd93ULL;
	uint64_t d = key ^ 0xa0761d6478bd642fULL;
	size_t i = 0;

	for (; i + 4 <= count; i += 4) {
		a = users_db_fold(a, words[i]);
		b = users_db_fold(b, words[i + 1]);
		c = users_db_fold(c, words[i + 2]);
		d = users_db_fold(d, words[i + 3]);
	}
	if (i < count)
		a = users_db_fold(a, words[i]);
	if (i + 1 < count)
		b = users_db_fold(b, words[i + 1]);
	if (i + 2 < count)
		c = users_db_fold(c, words[i + 2]);
	return users_db_fold(users_db_fold(users_db_fold(a, b), c), d ^ count);
}

/* Keys of the parts, so that nothing is taken for what stands elsewhere. */
static inline uint64_t users_db_slot_key(uint64_t key, uint32_t slot)
{
	return users_db_fold(key, slot);
}

static inline uint64_t users_db_copy_key(uint64_t key, unsigned int copy)
{
	return key + 0x632be59bd9b4e019ULL * (copy + 1);
}

static inline uint64_t users_db_long_key(uint64_t key, uint32_t pair, unsigned int copy)
{
	return users_db_copy_key(users_db_fold(key, 1ULL << 40 | pair), copy);
}

static inline uint64_t users_db_settings_key(uint64_t key)
{
	return users_db_fold(key, 2ULL << 40);
}

static inline uint64_t users_db_state_key(uint64_t key)
{
	return users_db_fold(key, 3ULL << 40);
}

static inline uint64_t users_db_header_check(const struct users_db_header *header)
{
	return users_db_check(
		header->key, (const uint64_t *)(const void *)header, USERS_DB_HEADER_WORDS - 1);
}

/* A name as the file holds it, with where it belongs. */
struct users_db_name {
	uint64_t words[USERS_DB_NAME_WORDS]; /* padded with zero bytes */
	uint64_t hash;
};

static inline void users_db_name_hash(uint64_t key, struct users_db_name *name)
{
	uint64_t hash = key;

	for (size_t i = 0; i < USERS_DB_NAME_WORDS; i++)
		hash = users_db_fold(hash, name->words[i]);
	name->hash = users_db_fold(hash, USERS_DB_NAME_WORDS);
}

static inline uint32_t users_db_name_group(uint64_t hash, uint32_t groups)
{
	return (uint32_t)((hash >> 32) * groups >> 32);
}

/* The slot in the group that is tried first. */
static inline uint32_t users_db_name_seat(uint64_t hash)
{
	return (uint32_t)((hash >> 16 & 0xffff) * USERS_DB_GROUP_SLOTS >> 16);
}

/* 1 .. 0xffff; 0 is an empty slot's. */
static inline uint32_t users_db_name_tag(uint64_t hash)
{
	uint32_t tag = (uint32_t)(hash & 0xffff);

	return tag ? tag : 1;
}

/* A tag with its own check: a bijection of the tag, so that no damaged bit goes unseen. */
static inline uint32_t users_db_tag_seal(uint32_t group_key, uint32_t seat, uint32_t tag)
{
	return tag | (tag * 0x9e37U + group_key + seat * 0x3779U) << 16;
}

static inline uint32_t users_db_group_key(uint64_t key, uint32_t group)
{
	return (uint32_t)users_db_fold(key, 4ULL << 40 | group);
}

static inline uint32_t users_db_uid_home(uint64_t key, uint32_t uid, uint32_t entries)
{
	return (uint32_t)((users_db_fold(key, 5ULL << 40 | uid) >> 32) * entries >> 32);
}

static inline uint64_t users_db_uid_check(uint64_t key, uint32_t position, uint64_t word)
{
	return users_db_fold(users_db_fold(key, 6ULL << 40 | position), word);
}
