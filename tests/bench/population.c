/* SPDX-License-Identifier: MIT */
#include "tests/bench/population.h"

#define DIGITS      "abcdefghijklmnopqrstuvwxyz234567"
#define DISTINCT    8 /* digits that differ between any two names */
#define NUMBER_BITS 40
#define UID_BITS    28

uint64_t population_random(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return z ^ z >> 31;
}

/* A bijection of the numbers of so many bits: odd factors and shifts to the right can be undone. */
static uint64_t scatter(uint64_t number, unsigned int bits)
{
	uint64_t mask = (1ULL << bits) - 1;

	for (int i = 0; i < 3; i++) {
		number = number * 0x9e3779b97f4a7c15ULL & mask;
		number ^= number >> bits / 2;
	}
	return number;
}

void population_name(uint64_t number, char ret[POPULATION_NAME_BYTES])
{
	uint64_t distinct = scatter(number, NUMBER_BITS);
	uint64_t state = number;
	uint64_t filler = population_random(&state);
	unsigned int filler_len = (unsigned int)(population_random(&state) % 9);
	char *at = ret;

	*at++ = DIGITS[filler >> 59 & 15];
	for (unsigned int i = 0; i < DISTINCT; i++)
		*at++ = DIGITS[distinct >> 5 * i & 31];
	for (unsigned int i = 0; i < filler_len; i++)
		*at++ = DIGITS[filler >> 5 * i & 31];
	*at = '\0';
}

uint32_t population_uid(uint32_t number)
{
	uint64_t at = number;

	/* Out of the range and back in: still a bijection of the range. */
	do
		at = scatter(at, UID_BITS);
	while (at >= POPULATION_UIDS);
	return POPULATION_UID_MIN + (uint32_t)at;
}
