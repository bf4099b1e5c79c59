/* SPDX-License-Identifier: MIT */
/* From a user to the words of a slot's copy; common/base/users_db_slot.c reads them. */
#pragma once

#include <stdbool.h>

#include "common/base/users_db_map.h"
#include "common/base/users_db_read.h"

/* Do his texts not fit into a slot? What the file's templates say takes no room. */
bool users_db_pack_is_long(const struct users_db_map *map, const struct users_db_user *user);

/* All but check, sequence and long pair; the texts only if they fit. */
void users_db_pack(const struct users_db_map *map, const struct users_db_user *user,
	uint64_t ret_words[USERS_DB_COPY_WORDS]);

/* @words, packed and with their long pair, made to say that the texts are @ret_texts. */
void users_db_pack_long(const struct users_db_map *map, const struct users_db_user *user,
	unsigned int copy, uint64_t words[USERS_DB_COPY_WORDS],
	uint64_t ret_texts[USERS_DB_LONG_WORDS]);
