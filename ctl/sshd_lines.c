/* SPDX-License-Identifier: MIT */
#include "ctl/sshd_lines.h"

#include <fnmatch.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/base/auto.h"
#include "ctl/doctor_text.h"

#define MAX_DEPTH 16 /* sshd's own */
#define BLANKS    " \t\r"

struct reader {
	const char *folder;
	const char *ours;
	const char *group; /* whose Match blocks are looked into; NULL: what is outside of all */
	const char *keyword;
	struct sshd_lines *lines;
};

static void read_file(const struct reader *reader, const char *path, unsigned int depth);

/* The word at *at, which is moved behind it and what follows; quotes are left out. */
static const char *next_word(char **at)
{
	char *word = *at + strspn(*at, BLANKS);
	char *end = NULL;

	if (*word == '"') {
		word++;
		end = word + strcspn(word, "\"");
	} else {
		end = word + strcspn(word, BLANKS "=");
	}
	*at = *end ? end + 1 : end;
	*end = '\0';
	*at += strspn(*at, BLANKS "=");
	return word;
}

/* NOLINTNEXTLINE(misc-no-recursion): bounded by @depth */
static void include(const struct reader *reader, char *patterns, unsigned int depth)
{
	while (*patterns && *patterns != '#') {
		const char *word = next_word(&patterns);
		char pattern[512] = "";
		glob_t found = {0};

		(void)snprintf(pattern, sizeof(pattern), "%s%s%s",
			word[0] == '/' ? "" : reader->folder, word[0] == '/' ? "" : "/", word);
		if (fnmatch(pattern, reader->ours, 0) == 0)
			reader->lines->reads_ours = true;
		/* NOLINTNEXTLINE(concurrency-mt-unsafe): this program has one thread */
		if (glob(pattern, 0, NULL, &found) == 0)
			for (size_t i = 0; i < found.gl_pathc; i++)
				read_file(reader, found.gl_pathv[i], depth + 1);
		globfree(&found);
	}
}

static void add(
	const struct reader *reader, const char *path, unsigned int number, const char *value)
{
	struct sshd_line *line = &reader->lines->items[reader->lines->count];
	size_t len = strcspn(value, "#");

	while (len > 0 && strchr(BLANKS, value[len - 1]))
		len--;
	if (reader->lines->count == SSHD_LINES_MAX || strlen(path) >= sizeof(line->file))
		return;
	*line = (struct sshd_line){.number = number, .is_ours = streq(path, reader->ours)};
	(void)snprintf(line->file, sizeof(line->file), "%s", path);
	(void)snprintf(line->value, sizeof(line->value), "%.*s", (int)len, value);
	reader->lines->count++;
}

/* For whom the lines behind a Match line are. */
enum scope {
	SCOPE_ALL,
	SCOPE_GROUP, /* the reader's */
	SCOPE_OTHERS,
};

static enum scope scope_of(const struct reader *reader, char *criteria)
{
	const char *word = next_word(&criteria);

	if (strcasecmp(word, "all") == 0)
		return SCOPE_ALL;
	if (!reader->group || strcasecmp(word, "Group") != 0 ||
		!streq(next_word(&criteria), reader->group))
		return SCOPE_OTHERS;
	return *criteria == '\0' || *criteria == '#' ? SCOPE_GROUP : SCOPE_OTHERS;
}

/* NOLINTNEXTLINE(misc-no-recursion): bounded by @depth */
static void read_file(const struct reader *reader, const char *path, unsigned int depth)
{
	COSMO_AUTO(free) char *text = NULL;
	char *rest = NULL;
	enum scope wanted = reader->group ? SCOPE_GROUP : SCOPE_ALL;
	enum scope scope = SCOPE_ALL;

	if (depth > MAX_DEPTH || !doctor_text_read(path, &text))
		return;
	rest = text;
	for (unsigned int number = 1; rest; number++) {
		char *line = strsep(&rest, "\n");
		const char *word = next_word(&line);

		if (strcasecmp(word, "Match") == 0)
			scope = scope_of(reader, line);
		else if (scope == SCOPE_ALL && strcasecmp(word, "Include") == 0)
			include(reader, line, depth);
		else if (scope == wanted && strcasecmp(word, reader->keyword) == 0)
			add(reader, path, number, line);
	}
}

void sshd_lines_find(
	const char *folder, const char *ours, const char *keyword, struct sshd_lines *ret)
{
	sshd_lines_find_of_group(folder, ours, NULL, keyword, ret);
}

void sshd_lines_find_of_group(const char *folder, const char *ours, const char *group,
	const char *keyword, struct sshd_lines *ret)
{
	const struct reader reader = {
		.folder = folder, .ours = ours, .group = group, .keyword = keyword, .lines = ret};
	char path[256] = "";

	*ret = (struct sshd_lines){.count = 0};
	(void)snprintf(path, sizeof(path), "%s/sshd_config", folder);
	read_file(&reader, path, 0);
}

const struct sshd_line *sshd_lines_foreign(const struct sshd_lines *lines)
{
	for (size_t i = 0; i < lines->count; i++)
		if (!lines->items[i].is_ours)
			return &lines->items[i];
	return NULL;
}
