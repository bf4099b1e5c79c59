/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/helper/judge_cache.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/fdio.h"
#include "common/base/parse.h"

/* A file is three lines (issuer, time of storing, seconds to keep) and then the document. */
#define MAX_HEAD_BYTES 1024

enum cosmo_err judge_cache_store(int cache_fd, const struct judge_cache_entry *entry, int64_t now_s)
{
	char head[MAX_HEAD_BYTES] = "";
	COSMO_AUTO(free) char *file = NULL;
	int head_len = 0;

	if (entry->len == 0 || entry->len > JUDGE_CACHE_MAX_BYTES || entry->max_age_s <= 0 ||
		strchr(entry->issuer, '\n'))
		return COSMO_E_INVALID;
	head_len = snprintf(head, sizeof(head), "%s\n%" PRId64 "\n%" PRId64 "\n", entry->issuer,
		now_s, entry->max_age_s);
	if (head_len < 0 || (size_t)head_len >= sizeof(head))
		return COSMO_E_INVALID;
	file = malloc((size_t)head_len + entry->len);
	if (!file)
		return COSMO_E_NOMEM;
	memcpy(file, head, (size_t)head_len);
	memcpy(file + head_len, entry->bytes, entry->len);
	return fdio_replace_file(cache_fd, entry->name, file, (size_t)head_len + entry->len, 0600);
}

/* Cut the line at *cursor, which moves behind it; NULL when there is none. */
static char *line_steal(char **cursor)
{
	char *line = *cursor;
	char *end = strchr(line, '\n');

	if (!end)
		return NULL;
	*end = '\0';
	*cursor = end + 1;
	return line;
}

static int64_t most_s(const char *name)
{
	return streq(name, JUDGE_CACHE_JWKS) ? JUDGE_CACHE_JWKS_MAX_AGE_S
					     : JUDGE_CACHE_DISCOVERY_MAX_AGE_S;
}

static bool is_young(const char *name, const char *stored, const char *max_age, int64_t now_s)
{
	int64_t stored_s = 0;
	int64_t max_age_s = 0;

	if (parse_i64(stored, 0, INT64_MAX, &stored_s) != COSMO_OK ||
		parse_i64(max_age, 1, INT64_MAX, &max_age_s) != COSMO_OK)
		return false;
	if (max_age_s > most_s(name))
		max_age_s = most_s(name);
	return stored_s <= now_s && now_s - stored_s <= max_age_s;
}

enum cosmo_err judge_cache_load(int cache_fd, const char *name, const char *issuer, int64_t now_s,
	char **ret_bytes, size_t *ret_len)
{
	const struct fdio_demands demands = {.owner = 0,
		.forbidden_mode = 077,
		.max_bytes = MAX_HEAD_BYTES + JUDGE_CACHE_MAX_BYTES};
	COSMO_AUTO(free) char *file = NULL;
	char *cursor = NULL;
	const char *lines[3] = {NULL, NULL, NULL};
	size_t len = 0;
	enum cosmo_err err = fdio_read_file(cache_fd, name, &demands, &file, &len);

	if (err)
		return err == COSMO_E_NOMEM ? err : COSMO_E_NOT_FOUND;
	cursor = file;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(lines); i++) {
		lines[i] = line_steal(&cursor);
		if (!lines[i])
			return COSMO_E_NOT_FOUND;
	}
	len -= (size_t)(cursor - file);
	if (!streq(lines[0], issuer) || !is_young(name, lines[1], lines[2], now_s) || len == 0)
		return COSMO_E_NOT_FOUND;
	memmove(file, cursor, len);
	*ret_bytes = COSMO_STEAL(&file);
	*ret_len = len;
	return COSMO_OK;
}

void judge_cache_drop(int cache_fd)
{
	(void)unlinkat(cache_fd, JUDGE_CACHE_DISCOVERY, 0);
	(void)unlinkat(cache_fd, JUDGE_CACHE_JWKS, 0);
}
