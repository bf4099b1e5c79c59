/* SPDX-License-Identifier: MIT */
/* All that readers, records and register say of some people at one moment. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "tests/unit/store/store_fixture.h"

#define PICTURE_PEOPLE 4

struct sight {
	bool is_there;
	struct users_db_user user;
	char roles[128]; /* their names */
};

struct picture {
	struct sight people[PICTURE_PEOPLE];
	unsigned int others; /* other users, seen in enumeration */
	bool has_settings;
	struct users_db_settings settings;
};

extern const char *const picture_names[PICTURE_PEOPLE];

/*
 * Look everybody up in @db, by name, uid and enumeration. Returns NULL, or what the three disagree
 * about or cannot say.
 */
const char *picture_take(struct users_db *db, struct picture *ret);

bool sight_equals(const struct sight *a, const struct sight *b);

/* Does what is shown agree with record and register, and everybody's uid belong to him alone? The
 * number of users as well. Returns NULL, or what does not. */
const char *picture_check(const struct picture *picture, struct store *store);

/* Is everybody but dan as in one of two pictures? Returns NULL, or what is not. */
const char *picture_compare(
	const struct picture *now, const struct picture *before, const struct picture *after);

/* Was somebody as after, and is not any more? */
bool picture_goes_back(
	const struct picture *earlier, const struct picture *now, const struct picture *after);

bool picture_same_people(const struct picture *a, const struct picture *b);
bool picture_same_settings(const struct picture *a, const struct picture *b);

/* All but dan. */
bool picture_is_after(const struct picture *now, const struct picture *after);

/* Half-made records hold refresh tokens: are there any? */
bool picture_has_stages(const struct store_paths *paths);
