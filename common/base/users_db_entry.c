/* SPDX-License-Identifier: MIT */
#include "common/base/users_db_entry.h"

#include <string.h>

#include "common/base/users_db_check.h"
#include "common/base/users_db_pair.h"

/* gecos, home and shell one behind the other; what the templates say is left out. */
static bool unpack_short(const char *text, struct users_db_user *ret)
{
	char *const fields[3] = {ret->gecos, ret->home, ret->shell};
	size_t at = 0;

	for (size_t i = 0; i < 3; i++) {
		size_t len = strnlen(text + at, USERS_DB_TEXT_BYTES - at);

		if (at + len == USERS_DB_TEXT_BYTES)
			return false;
		memcpy(fields[i], text + at, len + 1);
		at += len + 1;
	}
	return true;
}

/* The long texts as they are at this moment. */
static bool long_load(const struct users_db_entry *entry, uint64_t ret_words[USERS_DB_LONG_WORDS])
{
	const struct users_db_header *header = &entry->map->header;
	uint32_t pair = (uint32_t)(entry->copy[2] >> 32) - 1;
	const uint64_t *at = NULL;

	if (pair >= header->long_pairs)
		return false;
	at = entry->map->words + users_db_at_longs(header) +
	     (2 * (size_t)pair + entry->which) * USERS_DB_LONG_WORDS;
	for (size_t i = 0; i < USERS_DB_LONG_WORDS; i++)
		ret_words[i] = users_db_load(at + i);
	return entry->copy[USERS_DB_COPY_AT_TEXT] ==
	       users_db_check(users_db_long_key(header->key, pair, entry->which), ret_words,
		       USERS_DB_LONG_WORDS);
}

static bool unpack_long(const struct users_db_entry *entry, struct users_db_user *ret)
{
	uint64_t words[USERS_DB_LONG_WORDS];

	if (!long_load(entry, words))
		return false;
	memcpy(ret->gecos, words, USERS_DB_MAX_TEXT);
	memcpy(ret->home, words + USERS_DB_MAX_TEXT / 8, USERS_DB_MAX_TEXT);
	memcpy(ret->shell, words + 2 * USERS_DB_MAX_TEXT / 8, USERS_DB_MAX_TEXT);
	return memchr(ret->gecos, '\0', USERS_DB_MAX_TEXT) &&
	       memchr(ret->home, '\0', USERS_DB_MAX_TEXT) &&
	       memchr(ret->shell, '\0', USERS_DB_MAX_TEXT);
}

bool users_db_entry_long_is_whole(const struct users_db_entry *entry)
{
	uint64_t words[USERS_DB_LONG_WORDS];

	return long_load(entry, words);
}

static bool fill_home(const struct users_db_map *map, struct users_db_user *ret)
{
	size_t name_len = map->home_after ? strlen(ret->name) : 0;
	char *at = ret->home;

	if (map->home_before_len + name_len + map->home_after_len >= sizeof(ret->home))
		return false;
	memcpy(at, map->header.home, map->home_before_len);
	at += map->home_before_len;
	memcpy(at, ret->name, name_len);
	at += name_len;
	if (map->home_after)
		memcpy(at, map->home_after, map->home_after_len);
	at[map->home_after_len] = '\0';
	return true;
}

bool users_db_entry_unpack(const struct users_db_entry *entry, struct users_db_user *ret)
{
	const struct users_db_standing standing = users_db_entry_standing(entry);
	const struct users_db_map *map = entry->map;
	uint32_t text = users_db_entry_text(entry);

	memcpy(ret->name, entry->name, sizeof(ret->name));
	ret->uid = users_db_entry_uid(entry);
	ret->gid = users_db_entry_gid(entry);
	ret->roles = standing.roles;
	ret->flags = standing.flags;
	ret->reason = standing.reason;
	ret->confirmed_s = standing.confirmed_s;
	ret->signed_in_s = (int64_t)entry->copy[4];
	memcpy(ret->integration, standing.integration, INTEGRATION_BYTES);
	if (text & USERS_DB_TEXT_LONG) {
		if (!unpack_long(entry, ret))
			return false;
	} else if (!unpack_short((const char *)(entry->copy + USERS_DB_COPY_AT_TEXT), ret)) {
		return false;
	}
	if (text & USERS_DB_SHELL_TEMPLATE)
		memcpy(ret->shell, map->header.shell, map->shell_len + 1);
	return !(text & USERS_DB_HOME_TEMPLATE) || fill_home(map, ret);
}
