/* SPDX-License-Identifier: MIT */
/* Finding and reading one slot of a mapped users.db. */
#pragma once

#include "common/base/users_db_check.h"
#include "common/base/users_db_entry.h"
#include "common/base/users_db_map.h"

/* What one attempt gave; only SLOT_DOUBT is worth another. */
enum slot_result {
	SLOT_FOUND,
	SLOT_NONE,  /* certainly not there */
	SLOT_DOUBT, /* damaged, or being written at this moment */
};

/* @name as the file holds it; false if it cannot be there (empty or too long). */
bool users_db_name_make(
	const struct users_db_map *map, const char *name, struct users_db_name *ret);

/* One attempt each. @ret_slot is set with SLOT_FOUND; @ret as well, also for removed users. */
enum slot_result users_db_slot_find_name(const struct users_db_map *map,
	const struct users_db_name *name, uint32_t *ret_slot, struct users_db_entry *ret);
enum slot_result users_db_slot_find_uid(const struct users_db_map *map, uint32_t uid,
	uint32_t *ret_slot, struct users_db_entry *ret);

/* The slot by its number; SLOT_NONE if it is empty. */
enum slot_result users_db_slot_entry(
	const struct users_db_map *map, uint32_t slot, struct users_db_entry *ret);

/* The same with everything spelled out. */
enum slot_result users_db_slot_by_name(const struct users_db_map *map,
	const struct users_db_name *name, uint32_t *ret_slot, struct users_db_user *ret);
enum slot_result users_db_slot_by_uid(const struct users_db_map *map, uint32_t uid,
	uint32_t *ret_slot, struct users_db_user *ret);
enum slot_result users_db_slot_by_number(
	const struct users_db_map *map, uint32_t slot, struct users_db_user *ret);

/* Can the user in that slot have one of these stored roles? Nothing else of him is read. */
bool users_db_slot_may_have(const struct users_db_map *map, uint32_t slot, uint64_t roles);

/* The pair of copies in a slot. */
struct users_db_pair users_db_slot_pair(const struct users_db_map *map, uint32_t slot);

/* For the writer: which copy readers take, or -1, and the pair of long texts it names (counted from
 * 1; 0: none). */
int users_db_slot_newest(const struct users_db_map *map, uint32_t slot, uint32_t *ret_long_pair);
