/* SPDX-License-Identifier: MIT */
/*
 * users.1.db on disk. Everything is 64-bit words in host order; the file is made whole, then only
 * overwritten in place.
 *
 * page 0      header (never changes), live words, two copies of the writer's state
 * page 1-4    two copies of the settings
 * groups      one page each: 12 tags, 12 slots; a name's hash gives the group and the tag
 * uids        open-addressed: uid -> slot
 * longs       two copies of texts that do not fit into a slot
 *
 * What changes stands twice. The writer overwrites the older copy and then raises the "current"
 * word of the pair: a copy older than that is never believed, so a damaged newest copy reads as
 * damage and not as yesterday's roles. A name exists from the moment its tag is written.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/users_db_read.h"

#define USERS_DB_MAGIC   0x0a626473736f6d63ULL /* "cmossdb\n" */
#define USERS_DB_VERSION 1

#define USERS_DB_PAGE_WORDS     ((size_t)512)
#define USERS_DB_PAGE_BYTES     ((size_t)4096)
#define USERS_DB_SETTINGS_WORDS (2 + sizeof(struct users_db_settings) / 8)
#define USERS_DB_STATE_WORDS    ((size_t)12)
#define USERS_DB_MAX_GROUPS     (1U << 26)

/* Words of page 0. */
#define USERS_DB_AT_FATE             ((size_t)256) /* enum users_db_fate */
#define USERS_DB_AT_SETTINGS_CURRENT ((size_t)264)
#define USERS_DB_AT_STATE_CURRENT    ((size_t)265)
#define USERS_DB_AT_STATE            ((size_t)320) /* A; B stands 64 words behind */
#define USERS_DB_STATE_STRIDE        ((size_t)64)
#define USERS_DB_AT_SETTINGS         USERS_DB_PAGE_WORDS /* A; B stands two pages behind */
#define USERS_DB_SETTINGS_STRIDE     (2 * USERS_DB_PAGE_WORDS)
#define USERS_DB_AT_GROUPS           (5 * USERS_DB_PAGE_WORDS)

/*
 * The writer's state: check, sequence | enum users_db_pending << 32, then counts, and what a commit
 * was about to do: the next writer does it again if the commit broke off.
 */
#define USERS_DB_STATE_AT_SHOWN ((size_t)2) /* users that are not tombstones */
#define USERS_DB_STATE_AT_USED  ((size_t)3) /* slots taken */
#define USERS_DB_STATE_AT_LONGS ((size_t)4) /* pairs of long texts taken */
#define USERS_DB_STATE_AT_WAS   ((size_t)5) /* enum users_db_was of the pending user */
#define USERS_DB_STATE_AT_NAME  ((size_t)6) /* his name */

/* A group: words 0-5 hold the tags, two per word; the slots begin with the next line of memory. */
#define USERS_DB_GROUP_SLOTS    12U
#define USERS_DB_GROUP_TAGS     ((size_t)6)
#define USERS_DB_AT_SLOTS       ((size_t)8)
#define USERS_DB_MAX_PROBES     16U  /* groups looked at for one name */
#define USERS_DB_MAX_UID_PROBES 256U /* entries looked at for one uid */

/* A slot: check of name and ids, name, ids, current; then the two copies. Five lines of memory:
 * what never changes in the first, each copy in two of its own. */
#define USERS_DB_SLOT_WORDS      ((size_t)40)
#define USERS_DB_NAME_WORDS      ((size_t)4)
#define USERS_DB_SLOT_AT_NAME    ((size_t)1)
#define USERS_DB_SLOT_AT_IDS     ((size_t)5) /* uid | gid << 32 */
#define USERS_DB_SLOT_AT_CURRENT ((size_t)6)
#define USERS_DB_SLOT_AT_COPY    ((size_t)8)
#define USERS_DB_SLOT_FIXED      ((size_t)6) /* words that never change */

/* A slot's copy: check, sequence | roles << 32, bits, confirmed, signed in, integration, text. */
#define USERS_DB_COPY_WORDS   ((size_t)14)
#define USERS_DB_COPY_STRIDE  ((size_t)16)
#define USERS_DB_COPY_AT_TEXT ((size_t)7)
#define USERS_DB_TEXT_BYTES   ((size_t)56)

/* The bits: flags | enum users_db_text << 8 | reason << 16 | (long pair + 1) << 32. */
enum users_db_text {
	USERS_DB_HOME_TEMPLATE = 1U << 0,
	USERS_DB_SHELL_TEMPLATE = 1U << 1,
	USERS_DB_TEXT_LONG = 1U << 2,
};

/* One copy of gecos, home and shell, USERS_DB_MAX_TEXT each; its check stands in the slot. */
#define USERS_DB_LONG_WORDS ((size_t)(3 * USERS_DB_MAX_TEXT / 8))

#define USERS_DB_UID_WORDS ((size_t)2) /* uid | slot << 32, check */
#define USERS_DB_UID_EMPTY UINT64_MAX

enum users_db_pending {
	USERS_DB_NOTHING_PENDING = 0,
	USERS_DB_USER_PENDING = 1,
	USERS_DB_BATCH_PENDING = 2,
};

enum users_db_was {
	USERS_DB_WAS_USED = 1U << 0,  /* he had a slot */
	USERS_DB_WAS_SHOWN = 1U << 1, /* and was no tombstone */
};

enum users_db_fate {
	USERS_DB_IN_FORCE = 0,
	USERS_DB_MOVING = 1, /* a successor may stand in its place: compare inodes */
	USERS_DB_SUPERSEDED = 2,
};

/* Never changes once the file is made. */
struct users_db_header {
	uint64_t magic;
	uint32_t version;
	uint32_t groups;
	uint64_t file_bytes;
	uint64_t key; /* random; of all hashes and checks in this file */
	uint64_t machine_hash;
	uint64_t generation; /* counts the files */
	uint32_t uid_entries;
	uint32_t long_pairs;
	char home[USERS_DB_MAX_TEXT];
	char shell[USERS_DB_MAX_TEXT];
	uint64_t check;
};
#define USERS_DB_HEADER_WORDS (sizeof(struct users_db_header) / 8)

_Static_assert(sizeof(struct users_db_header) == 320, "the header has no holes");
_Static_assert(sizeof(struct users_db_settings) == 5176, "a new layout is a new version");
_Static_assert(USERS_DB_STATE_AT_NAME + COSMO_MAX_NAME_BYTES / 8 <= USERS_DB_STATE_WORDS,
	"the state holds a name");
_Static_assert(USERS_DB_MAX_ROLES <= 32, "roles take 32 bits of a slot");
_Static_assert(
	USERS_DB_AT_SLOTS + USERS_DB_GROUP_SLOTS * USERS_DB_SLOT_WORDS <= USERS_DB_PAGE_WORDS,
	"a group fits into a page");
_Static_assert(USERS_DB_SLOT_AT_COPY + 2 * USERS_DB_COPY_STRIDE == USERS_DB_SLOT_WORDS &&
		       USERS_DB_COPY_WORDS <= USERS_DB_COPY_STRIDE,
	"a slot holds two copies");

/* Where the regions stand, in words. */
static inline size_t users_db_at_group(uint32_t group)
{
	return USERS_DB_AT_GROUPS + (size_t)group * USERS_DB_PAGE_WORDS;
}

static inline size_t users_db_at_slot(uint32_t slot)
{
	return users_db_at_group(slot / USERS_DB_GROUP_SLOTS) + USERS_DB_AT_SLOTS +
	       slot % USERS_DB_GROUP_SLOTS * USERS_DB_SLOT_WORDS;
}

static inline size_t users_db_at_uids(const struct users_db_header *header)
{
	return users_db_at_group(header->groups);
}

static inline size_t users_db_at_longs(const struct users_db_header *header)
{
	return users_db_at_uids(header) + header->uid_entries * USERS_DB_UID_WORDS;
}

static inline size_t users_db_bytes(const struct users_db_header *header)
{
	size_t words =
		users_db_at_longs(header) + (size_t)2 * header->long_pairs * USERS_DB_LONG_WORDS;

	return (words + USERS_DB_PAGE_WORDS - 1) / USERS_DB_PAGE_WORDS * USERS_DB_PAGE_BYTES;
}
