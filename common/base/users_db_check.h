/* SPDX-License-Identifier: MIT */
/*
 * Hashes and checks of users.1.db. Damage, torn copies among it, slips through with a chance of
 * about 2^-64. They guard against accidents, not against somebody who may write the file.
 */
#pragma once

#include "common/base/users_db_format.h"

static inline uint64_t users_db_fold(uint64_t state, uint64_t word)
{
	state = (state ^ word) * 0x9e3779b97f4a7c15ULL;
	return state ^ state >> 32;
}

/* The two halves of a product on each other: each bit of it hangs on all bits of both factors. */
static inline uint64_t users_db_mix(uint64_t a, uint64_t b)
{
#ifdef __SIZEOF_INT128__
	__extension__ typedef unsigned __int128 wide;
	wide product = (wide)a * b;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
#else
	uint64_t low = (a & 0xffffffffU) * (b & 0xffffffffU);
	uint64_t left = (a >> 32) * (b & 0xffffffffU) + (low >> 32);
	uint64_t right = (a & 0xffffffffU) * (b >> 32) + (left & 0xffffffffU);
	uint64_t high = (a >> 32) * (b >> 32) + (left >> 32) + (right >> 32);

	return (right << 32 | (low & 0xffffffffU)) ^ high;
#endif
}

/* Two words at once, each under a key of its place; no product waits for another. */
static inline __attribute__((always_inline)) uint64_t users_db_check(
	uint64_t key, const uint64_t *words, size_t count)
{
	uint64_t sum = key ^ count;

#pragma GCC unroll 8
	for (size_t i = 0; i < count; i += 2) {
		uint64_t place = key + i * 0xa0761d6478bd642fULL;
		uint64_t second = i + 1 < count ? words[i + 1] : 0;

		sum += users_db_mix(words[i] ^ place, second ^ (place + 0xd6e8feb86659fd93ULL));
	}
	return sum;
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
	name->hash = users_db_fold(users_db_check(key, name->words, USERS_DB_NAME_WORDS), key);
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

/* Are two tags in a word as they were sealed? Neither half's sums reach the other. */
static inline bool users_db_tags_are_sealed(uint32_t group_key, uint32_t pair, uint64_t word)
{
	const uint64_t low = 0x0000ffff0000ffffULL;
	uint64_t tags = word & low;
	uint64_t keys = group_key & 0xffffU;
	uint64_t seats = (uint64_t)(2 * pair * 0x3779U & 0xffffU) |
			 (uint64_t)((2 * pair + 1) * 0x3779U & 0xffffU) << 32;
	uint64_t seals = ((tags * 0x9e37U & low) + (keys | keys << 32) + seats) & low;

	return word == (tags | seals << 16);
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
