/* SPDX-License-Identifier: MIT */
/*
 * Many sequences by chance that can be had again: each has its dice from the campaign's seed and
 * its own number, and needs none before it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dice {
	uint64_t state;
};

uint64_t dice_next(struct dice *dice);
/* 0 to @count - 1. */
size_t dice_below(struct dice *dice, size_t count);
bool dice_chance(struct dice *dice, unsigned int percent);

/*
 * COSMO_FUZZ_SEED (1), COSMO_FUZZ_FIRST (0) and COSMO_FUZZ_COUNT (@count) of the environment. A
 * sequence that fails is told by its number, and by what runs it alone; so is one that does not end
 * within a minute of the real clock, with SIGALRM.
 */
struct campaign {
	const char *name;
	uint64_t seed;
	size_t first;
	size_t count;
};

/* The dice of sequence @number, which is the one to blame from now on. */
struct dice campaign_dice(const struct campaign *campaign, size_t number);

/* Every one of @count sequences of the campaign @name; they end with true where they did @what,
 * which some must. */
void campaign_run(const char *name, size_t count,
	bool (*sequence)(const struct campaign *campaign, size_t number), const char *what);

/* Like assert_true(), naming seed and number. */
#define CAMPAIGN_ASSERT(condition) campaign_assert((condition), #condition, __FILE__, __LINE__)
void campaign_assert(bool holds, const char *condition, const char *file, int line);
