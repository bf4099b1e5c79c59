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
