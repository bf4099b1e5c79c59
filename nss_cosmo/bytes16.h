/* SPDX-License-Identifier: MIT */
/* Sixteen bytes at once: what is said of each of them is 0xff for yes, 0 for no, in its place. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

typedef unsigned char bytes16 __attribute__((vector_size(16)));

/* Of words that were just put together: reading them from memory would wait for it. */
static inline bytes16 bytes16_of(uint64_t first, uint64_t second)
{
	typedef uint64_t words2 __attribute__((vector_size(16)));

	return (bytes16)(words2){first, second};
}

static inline bytes16 bytes16_in(bytes16 bytes, unsigned char first, unsigned char last)
{
	return (bytes16)(bytes - first <= (unsigned char)(last - first));
}

static inline bool bytes16_has_any(bytes16 said)
{
	uint64_t words[2];

	memcpy(words, &said, sizeof(words));
	return (words[0] | words[1]) != 0;
}

/* Bit i for byte i, of so many eight. */
static inline uint64_t bytes8_bits(uint64_t said)
{
	return (said & 0x8040201008040201ULL) * 0x0101010101010101ULL >> 56;
}

/* Bit i for byte i. Where a word's first byte is its lowest. */
static inline uint64_t bytes16_bits(bytes16 said)
{
	uint64_t words[2];

	memcpy(words, &said, sizeof(words));
	return bytes8_bits(words[0]) | bytes8_bits(words[1]) << 8;
}
