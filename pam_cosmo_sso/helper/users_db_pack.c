/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/helper/users_db_pack.h"

#include <string.h>

#include "common/base/home_template.h"
#include "common/base/users_db_check.h"

/* What must be stored of the texts. */
struct texts {
	const char *fields[3]; /* gecos, home, shell; "" where the template says it */
	uint64_t kinds;        /* enum users_db_text */
	size_t bytes;
};

/* Readers put the name in once: a template with two places for it is not used. */
static bool home_fits(const char *template, const struct users_db_user *user)
{
	char home[USERS_DB_MAX_TEXT] = "";
	const char *mark = strstr(template, "%u");

	if (mark && strstr(mark + 2, "%u"))
		return false;
	return home_template_expand(template, user->name, home, sizeof(home)) == COSMO_OK &&
	       streq(home, user->home);
}

static void texts_of(
	const struct users_db_map *map, const struct users_db_user *user, struct texts *ret)
{
	*ret = (struct texts){.fields = {user->gecos, user->home, user->shell}};
	if (home_fits(map->header.home, user)) {
		ret->fields[1] = "";
		ret->kinds |= USERS_DB_HOME_TEMPLATE;
	}
	if (streq(map->header.shell, user->shell)) {
		ret->fields[2] = "";
		ret->kinds |= USERS_DB_SHELL_TEMPLATE;
	}
	for (size_t i = 0; i < 3; i++)
		ret->bytes += strlen(ret->fields[i]) + 1;
}

bool users_db_pack_is_long(const struct users_db_map *map, const struct users_db_user *user)
{
	struct texts texts;

	texts_of(map, user, &texts);
	return texts.bytes > USERS_DB_TEXT_BYTES;
}

void users_db_pack(const struct users_db_map *map, const struct users_db_user *user,
	uint64_t ret_words[USERS_DB_COPY_WORDS])
{
	char *at = (char *)(ret_words + USERS_DB_COPY_AT_TEXT);
	struct texts texts;

	texts_of(map, user, &texts);
	memset(ret_words, 0, USERS_DB_COPY_WORDS * sizeof(*ret_words));
	ret_words[1] = user->roles << 32;
	ret_words[2] =
		(user->flags & 0xffU) | texts.kinds << 8 | (uint64_t)(user->reason & 0xffffU) << 16;
	ret_words[3] = (uint64_t)user->confirmed_s;
	ret_words[4] = (uint64_t)user->signed_in_s;
	memcpy(ret_words + 5, user->integration, INTEGRATION_BYTES);
	if (texts.bytes > USERS_DB_TEXT_BYTES)
		return;
	for (size_t i = 0; i < 3; i++) {
		memcpy(at, texts.fields[i], strlen(texts.fields[i]) + 1);
		at += strlen(texts.fields[i]) + 1;
	}
}

void users_db_pack_long(const struct users_db_map *map, const struct users_db_user *user,
	unsigned int copy, uint64_t words[USERS_DB_COPY_WORDS],
	uint64_t ret_texts[USERS_DB_LONG_WORDS])
{
	uint32_t pair = (uint32_t)(words[2] >> 32) - 1;
	char *at = (char *)ret_texts;

	memset(ret_texts, 0, USERS_DB_LONG_WORDS * sizeof(*ret_texts));
	memcpy(at, user->gecos, strlen(user->gecos));
	memcpy(at + USERS_DB_MAX_TEXT, user->home, strlen(user->home));
	memcpy(at + 2 * (size_t)USERS_DB_MAX_TEXT, user->shell, strlen(user->shell));
	words[2] = (words[2] & ~0xff00ULL) | (uint64_t)USERS_DB_TEXT_LONG << 8;
	words[USERS_DB_COPY_AT_TEXT] = users_db_check(
		users_db_long_key(map->header.key, pair, copy), ret_texts, USERS_DB_LONG_WORDS);
}
