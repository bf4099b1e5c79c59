/* SPDX-License-Identifier: MIT */
/*
 * What a look-up does when it found somebody: his slot's words are laid out as they are, a fixed
 * number of bytes at a time, since how long texts are cannot be foreseen. That takes a buffer with
 * room to spare and plain texts; anything else is spelled out first.
 */
#include <stdbool.h>
#include <string.h>

#include "common/base/users_db_entry.h"
#include "nss_cosmo/bytes16.h"
#include "nss_cosmo/pack.h"

#define NAME_BYTES ((size_t)COSMO_MAX_NAME_BYTES)
#define WITH_NUL   (NAME_BYTES + 1)

/* Where the parts begin. No part is longer than its place, and glibc's callers begin with 1024. */
enum {
	AT_NAME = 0,
	AT_PASSWORD = 40,
	AT_TEXT = 48,
	AT_HOME = AT_TEXT + 64,
	AT_SHELL = AT_HOME + 2 * USERS_DB_MAX_TEXT,
	ROOMY_BYTES = AT_SHELL + USERS_DB_MAX_TEXT,
	GROUP_BYTES = AT_TEXT + 2 * sizeof(char *),
};

_Static_assert(USERS_DB_TEXT_BYTES <= 64, "the texts of a slot have room");
_Static_assert(sizeof(((struct users_db_entry *)0)->name) >= WITH_NUL, "a name ends");

/* Where a word's first byte is its lowest. Elsewhere everything is spelled out. */
#define WORDS_FIT (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__)

/* Is it a control character other than NUL, ':', or what may begin a control character of UTF-8?
 */
static inline bytes16 unfit(bytes16 bytes)
{
	return bytes16_in(bytes, 1, 0x1f) |
	       (bytes16)((bytes == 0x7f) | (bytes == ':') | (bytes == 0xc2));
}

/* Where gecos, home and shell begin in the text of a slot. */
struct text_places {
	size_t home;
	size_t shell;
};

static bool find_places(const uint64_t *text, struct text_places *ret)
{
	bytes16 doubt = {0};
	uint64_t ends = 0;

	_Static_assert(
		USERS_DB_TEXT_BYTES == 56, "three times sixteen bytes, and the last sixteen");
#pragma GCC unroll 4
	for (size_t i = 0; i < 4; i++) {
		size_t at = i < 3 ? 2 * i : USERS_DB_TEXT_BYTES / 8 - 2;
		bytes16 bytes = bytes16_of(text[at], text[at + 1]);

		doubt |= unfit(bytes);
		ends |= bytes16_bits((bytes16)(bytes == 0)) << 8 * at;
	}
	if (bytes16_has_any(doubt) || !ends)
		return false;
	ret->home = (size_t)__builtin_ctzll(ends) + 1;
	ends &= ends - 1;
	if (!ends)
		return false;
	ret->shell = (size_t)__builtin_ctzll(ends) + 1;
	return (ends & (ends - 1)) != 0;
}

static inline size_t name_len(const struct users_db_entry *entry)
{
	size_t len = 0;

	for (size_t i = 0; i < USERS_DB_NAME_WORDS; i++)
		if (entry->name[i])
			len = 8 * i + 8 - (size_t)__builtin_clzll(entry->name[i]) / 8;
	return len;
}

/* The template with the name in it. Each part is shorter than the place for all of them. */
static void put_home(const struct users_db_entry *entry, char *home)
{
	const struct users_db_map *map = entry->map;
	char *at = home;

	memcpy(at, map->header.home, map->home_before_len);
	at += map->home_before_len;
	*at = '\0';
	if (!map->home_after)
		return;
	memcpy(at, entry->name, WITH_NUL);
	if (map->home_after_len)
		memcpy(at + name_len(entry), map->home_after, map->home_after_len + 1);
}

/* NULL: not plain. */
static const char *put_texts(const struct users_db_entry *entry, char *buffer, struct passwd *ret)
{
	const uint64_t *text = entry->copy + USERS_DB_COPY_AT_TEXT;
	uint32_t kinds = users_db_entry_text(entry);
	struct text_places places = {0};

	if (kinds & USERS_DB_TEXT_LONG || !find_places(text, &places))
		return NULL;
	memcpy(buffer + AT_TEXT, text, USERS_DB_TEXT_BYTES);
	ret->pw_gecos = buffer + AT_TEXT;
	ret->pw_dir = buffer + AT_TEXT + places.home;
	ret->pw_shell = buffer + AT_TEXT + places.shell;
	if (kinds & USERS_DB_HOME_TEMPLATE) {
		ret->pw_dir = buffer + AT_HOME;
		put_home(entry, ret->pw_dir);
	}
	if (kinds & USERS_DB_SHELL_TEMPLATE) {
		ret->pw_shell = buffer + AT_SHELL;
		memcpy(ret->pw_shell, entry->map->header.shell, USERS_DB_MAX_TEXT);
	}
	return ret->pw_dir[0] == '/' && ret->pw_shell[0] == '/' ? buffer : NULL;
}

/* Name and password as every entry has them. */
static void put_head(const struct users_db_entry *entry, char *buffer)
{
	static const char password[8] = "*";

	memcpy(buffer + AT_NAME, entry->name, sizeof(entry->name));
	memcpy(buffer + AT_PASSWORD, password, sizeof(password));
}

static __attribute__((noinline)) enum cosmo_err pack_spelled_out(
	const struct users_db_entry *entry, char *buffer, size_t buffer_size, struct passwd *ret)
{
	struct users_db_user user;

	/* Whole a moment ago: somebody writes. */
	if (!users_db_entry_unpack(entry, &user))
		return COSMO_E_BUSY;
	return pack_passwd(&user, buffer, buffer_size, ret);
}

enum cosmo_err pack_entry_passwd(
	const struct users_db_entry *entry, char *buffer, size_t buffer_size, struct passwd *ret)
{
	struct passwd pw = {
		.pw_uid = users_db_entry_uid(entry), .pw_gid = users_db_entry_gid(entry)};

	if (!WORDS_FIT || buffer_size < ROOMY_BYTES || !entry->map->templates_are_plain ||
		pw.pw_uid == 0 || pw.pw_gid == 0 || !put_texts(entry, buffer, &pw))
		return pack_spelled_out(entry, buffer, buffer_size, ret);
	put_head(entry, buffer);
	pw.pw_name = buffer + AT_NAME;
	pw.pw_passwd = buffer + AT_PASSWORD;
	*ret = pw;
	return COSMO_OK;
}

static __attribute__((noinline)) enum cosmo_err pack_group_tightly(
	const struct users_db_entry *entry, char *buffer, size_t buffer_size, struct group *ret)
{
	struct pack_group packed = {0};
	enum cosmo_err err = pack_group_begin(&packed, users_db_entry_name(entry),
		users_db_entry_gid(entry), buffer, buffer_size);

	if (!err)
		pack_group_end(&packed, ret);
	return err;
}

enum cosmo_err pack_entry_group(
	const struct users_db_entry *entry, char *buffer, size_t buffer_size, struct group *ret)
{
	size_t at_members = AT_TEXT + (-((uintptr_t)buffer + AT_TEXT) & (sizeof(char *) - 1));

	if (buffer_size < GROUP_BYTES || users_db_entry_gid(entry) == 0)
		return pack_group_tightly(entry, buffer, buffer_size, ret);
	put_head(entry, buffer);
	*ret = (struct group){
		.gr_name = buffer + AT_NAME,
		.gr_passwd = buffer + AT_PASSWORD,
		.gr_gid = users_db_entry_gid(entry),
		.gr_mem = (char **)(void *)(buffer + at_members),
	};
	*ret->gr_mem = NULL;
	return COSMO_OK;
}
