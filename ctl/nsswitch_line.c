/* SPDX-License-Identifier: MIT */
#include "ctl/nsswitch_line.h"

#include <string.h>
#include <strings.h>

#include "common/base/auto.h"

/* What isspace() is to glibc, the carriage return of foreign editors included. */
#define BLANKS " \t\r\v\f"

static bool is_blank(char c)
{
	return c && strchr(BLANKS, c);
}

/* The database named at *at, which is moved behind the ':'. */
static enum nsswitch_database read_database(const char *text, size_t len, size_t *at)
{
	static const struct {
		const char *name;
		enum nsswitch_database database;
	} names[] = {
		{"passwd:", NSSWITCH_PASSWD},
		{"group:", NSSWITCH_GROUP},
		{"initgroups:", NSSWITCH_INITGROUPS},
	};

	while (*at < len && is_blank(text[*at]))
		++*at;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(names); i++) {
		size_t name = strlen(names[i].name);

		if (len - *at < name || memcmp(text + *at, names[i].name, name) != 0)
			continue;
		*at += name;
		return names[i].database;
	}
	return NSSWITCH_NONE;
}

/* Length of the service or action at @at; 0: an action without its end. */
static size_t word_len(const char *text, size_t at, size_t end)
{
	size_t stop = at;

	if (text[at] == '[') {
		const char *close = memchr(text + at, ']', end - at);

		return close ? (size_t)(close - (text + at)) + 1 : 0;
	}
	while (stop < end && !is_blank(text[stop]) && text[stop] != '[')
		stop++;
	return stop - at;
}

static void read_words(struct nsswitch_line *line, size_t at)
{
	const char *comment = memchr(line->text, '#', line->len);
	size_t end = comment ? (size_t)(comment - line->text) : line->len;

	for (;;) {
		size_t len = 0;

		while (at < end && is_blank(line->text[at]))
			at++;
		if (at == end)
			return;
		len = word_len(line->text, at, end);
		if (len == 0 || line->count == NSSWITCH_MAX_WORDS) {
			line->broken = true;
			return;
		}
		line->words[line->count++] = (struct nsswitch_word){.at = at, .len = len};
		at += len;
	}
}

void nsswitch_line_read(const char *text, struct nsswitch_line *ret)
{
	size_t at = 0;

	*ret = (struct nsswitch_line){.text = text, .len = strcspn(text, "\n")};
	ret->database = read_database(text, ret->len, &at);
	if (ret->database != NSSWITCH_NONE)
		read_words(ret, at);
}

bool nsswitch_line_is(const struct nsswitch_line *line, size_t index, const char *word)
{
	const struct nsswitch_word *found = &line->words[index];

	if (index >= line->count || found->len != strlen(word))
		return false;
	/* Services are names of libraries; actions may be in any case. */
	return word[0] == '[' ? strncasecmp(line->text + found->at, word, found->len) == 0
			      : strncmp(line->text + found->at, word, found->len) == 0;
}

bool nsswitch_line_is_action(const struct nsswitch_line *line, size_t index)
{
	return index < line->count && line->text[line->words[index].at] == '[';
}

size_t nsswitch_line_files(const struct nsswitch_line *line)
{
	size_t at = 0;

	while (at < line->count && !nsswitch_line_is(line, at, "files") &&
		!nsswitch_line_is(line, at, "compat"))
		at++;
	return at;
}

/* "[!SUCCESS=return NOTFOUND=continue]": what it says of NOTFOUND, a later part winning. */
static bool action_returns(const char *text, size_t len)
{
	static const char status[] = "NOTFOUND=";
	bool returns = false;

	for (size_t at = 1; at + 1 < len;) {
		bool negated = text[at] == '!';
		size_t stop = at += negated;
		bool named = len - at > strlen(status) &&
			     strncasecmp(text + at, status, strlen(status)) == 0;
		const char *equals = NULL;

		while (stop + 1 < len && !is_blank(text[stop]))
			stop++;
		equals = memchr(text + at, '=', stop - at);
		if (equals && named != negated)
			returns = (size_t)(text + stop - equals) == strlen("=return") &&
				  strncasecmp(equals, "=return", strlen("=return")) == 0;
		for (at = stop; at + 1 < len && is_blank(text[at]);)
			at++;
	}
	return returns;
}

size_t nsswitch_line_end_before(const struct nsswitch_line *line, size_t count)
{
	for (size_t i = 0; i < count && i < line->count; i++)
		if (nsswitch_line_is_action(line, i) &&
			action_returns(line->text + line->words[i].at, line->words[i].len))
			return i;
	return line->count;
}

bool nsswitch_line_ends_before(const struct nsswitch_line *line, size_t count)
{
	return nsswitch_line_end_before(line, count) < line->count;
}
