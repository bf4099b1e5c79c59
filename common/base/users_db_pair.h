/* SPDX-License-Identifier: MIT */
/* Two copies of the same thing, of which one is being overwritten at most. */
#pragma once

#include "common/base/users_db_check.h"

/* Copies: word 0 check, word 1 sequence in the low half, then what they hold. */
struct users_db_pair {
	const uint64_t *current; /* the sequence that was completed last */
	const uint64_t *copies;
	size_t stride; /* words from one copy to the other */
	uint64_t key;
};

static inline uint64_t users_db_load(const uint64_t *word)
{
	return __atomic_load_n(word, __ATOMIC_RELAXED);
}

static inline uint64_t users_db_load_first(const uint64_t *word)
{
	return __atomic_load_n(word, __ATOMIC_ACQUIRE);
}

static inline uint64_t users_db_sequence(uint64_t word)
{
	return word & 0xffffffffU;
}

/* Copy @copy to @ret if it is whole. Inlined where the count is known, for the loops to vanish. */
static inline __attribute__((always_inline)) bool users_db_copy_load(
	const struct users_db_pair *pair, unsigned int copy, size_t count, uint64_t *ret)
{
	const uint64_t *words = pair->copies + copy * pair->stride;

#pragma GCC unroll 14
	for (size_t i = 0; i < count; i++)
		ret[i] = users_db_load(words + i);
	return ret[0] == users_db_check(users_db_copy_key(pair->key, copy), ret + 1, count - 1);
}

/* Which copy says it is the newer one. */
static inline unsigned int users_db_pair_newest(const struct users_db_pair *pair)
{
	uint64_t a = users_db_sequence(users_db_load(pair->copies + 1));
	uint64_t b = users_db_sequence(users_db_load(pair->copies + pair->stride + 1));

	return b > a;
}

/*
 * The newest whole copy, but none older than the one completed last. Returns which it is, or -1:
 * damaged, or overwritten while it was read.
 */
static inline int users_db_pair_load(const struct users_db_pair *pair, size_t count, uint64_t *ret)
{
	uint64_t current = users_db_load_first(pair->current);
	unsigned int newest = users_db_pair_newest(pair);

	for (unsigned int i = 0; i < 2; i++) {
		unsigned int copy = newest ^ i;

		if (users_db_copy_load(pair, copy, count, ret) &&
			users_db_sequence(ret[1]) >= current)
			return (int)copy;
	}
	return -1;
}

/* The writer's own counts; @words is the mapped file. */
static inline struct users_db_pair users_db_state_pair(const uint64_t *words, uint64_t key)
{
	return (struct users_db_pair){
		.current = words + USERS_DB_AT_STATE_CURRENT,
		.copies = words + USERS_DB_AT_STATE,
		.stride = USERS_DB_STATE_STRIDE,
		.key = users_db_state_key(key),
	};
}
