/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "common/base/auto.h"
#include "common/base/user_text.h"

/* The text being made; @len goes on counting where there is no room any more. */
struct line {
	char *at;
	size_t size;
	size_t len;
};

static void put(struct line *line, const char *text, size_t text_len)
{
	size_t room = line->len < line->size ? line->size - line->len : 0;

	if (room > 0)
		memcpy(line->at + line->len, text, text_len < room ? text_len : room);
	line->len += text_len;
}

/* The value whose name stands between @name and @end; NULL for a name that there is not. */
static const char *value_of(
	const struct user_text_values *values, const char *name, const char *end)
{
	const struct {
		const char *name;
		const char *value;
	} rows[] = {
		{"host", values->host},
		{"user", values->user},
		{"source", values->source},
		{"uri", values->uri},
		{"code", values->code},
		{"left", values->left},
		{"since", values->since},
		{"until", values->until},
	};
	size_t name_len = (size_t)(end - name);

	for (size_t i = 0; i < COSMO_ARRAY_LEN(rows); i++)
		if (strlen(rows[i].name) == name_len && memcmp(rows[i].name, name, name_len) == 0)
			return rows[i].value ? rows[i].value : "";
	return NULL;
}

size_t user_text_fill(
	enum user_text which, const struct user_text_values *values, char *ret, size_t ret_size)
{
	struct line line = {.at = ret, .size = ret_size};

	for (const char *at = user_text(which); *at; at++) {
		const char *end = *at == '{' ? strchr(at, '}') : NULL;
		const char *value = end ? value_of(values, at + 1, end) : NULL;

		if (value) {
			put(&line, value, strlen(value));
			at = end;
		} else {
			put(&line, at, 1);
		}
	}
	if (ret_size > 0)
		ret[line.len < ret_size ? line.len : ret_size - 1] = '\0';
	return line.len;
}
