/* SPDX-License-Identifier: MIT */
/*
 * One user as his slot holds him: words copied out of the file that have passed their checks. What
 * a look-up needs of them it takes from here; struct users_db_user has all of it spelled out.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/users_db_map.h"
#include "common/base/users_db_read.h"

struct users_db_entry {
	uint64_t name[USERS_DB_NAME_WORDS + 1]; /* padded with zero bytes; the last word is 0 */
	uint64_t ids;                           /* uid | gid << 32 */
	uint64_t copy[USERS_DB_COPY_WORDS];
	unsigned int which;             /* of the two copies */
	const struct users_db_map *map; /* for as long as the process has it */
};

static inline const char *users_db_entry_name(const struct users_db_entry *entry)
{
	return (const char *)entry->name;
}

static inline uint32_t users_db_entry_uid(const struct users_db_entry *entry)
{
	return (uint32_t)entry->ids;
}

static inline uint32_t users_db_entry_gid(const struct users_db_entry *entry)
{
	return (uint32_t)(entry->ids >> 32);
}

static inline uint32_t users_db_entry_flags(const struct users_db_entry *entry)
{
	return (uint32_t)(entry->copy[2] & 0xff);
}

/* enum users_db_text's bits */
static inline uint32_t users_db_entry_text(const struct users_db_entry *entry)
{
	return (uint32_t)(entry->copy[2] >> 8 & 0xff);
}

/* What decides on his roles. */
static inline struct users_db_standing users_db_entry_standing(const struct users_db_entry *entry)
{
	struct users_db_standing standing = {
		.roles = entry->copy[1] >> 32,
		.flags = users_db_entry_flags(entry),
		.reason = (uint32_t)(entry->copy[2] >> 16 & 0xffff),
		.confirmed_s = (int64_t)entry->copy[3],
	};

	memcpy(standing.integration, entry->copy + 5, INTEGRATION_BYTES);
	return standing;
}

/* Are the long texts whole that this copy names? */
bool users_db_entry_long_is_whole(const struct users_db_entry *entry);

/* Those that stand in the copy itself always are. */
static inline bool users_db_entry_texts_are_whole(const struct users_db_entry *entry)
{
	return !(users_db_entry_text(entry) & USERS_DB_TEXT_LONG) ||
	       users_db_entry_long_is_whole(entry);
}

/* Everything of it. false: the texts are damaged, or written at this moment. */
bool users_db_entry_unpack(const struct users_db_entry *entry, struct users_db_user *ret);
