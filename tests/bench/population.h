/* SPDX-License-Identifier: MIT */
/* The users of a measurement: who fills a store and who asks it make the same ones by number. */
#pragma once

#include <stdint.h>

#define POPULATION_NAME_BYTES 24 /* with NUL */
#define POPULATION_UID_MIN    0x70000400U
#define POPULATION_UID_MAX    0x7ffdffffU
#define POPULATION_UIDS       (POPULATION_UID_MAX - POPULATION_UID_MIN + 1)

/* The next number of a sequence that starts with any *@state. */
uint64_t population_random(uint64_t *state);

/* Random-looking names of 9 to 17 characters, different ones for different numbers below 2^40. */
void population_name(uint64_t number, char ret[POPULATION_NAME_BYTES]);

/* Random-looking uids of the default range, different ones for different numbers below
 * POPULATION_UIDS. */
uint32_t population_uid(uint32_t number);
