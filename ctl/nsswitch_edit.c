/* SPDX-License-Identifier: MIT */
#include "ctl/nsswitch_edit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/nsswitch_line.h"

#define SERVICE  "cosmo"
#define MERGE    "[SUCCESS=merge]"
#define CONTINUE "[SUCCESS=continue]"

static size_t find_service(const struct nsswitch_line *line)
{
	size_t at = 0;

	while (at < line->count && !nsswitch_line_is(line, at, SERVICE))
		at++;
	return at;
}

static bool is_our_action(const struct nsswitch_line *line, size_t index)
{
	return nsswitch_line_is(line, index, MERGE) || nsswitch_line_is(line, index, CONTINUE);
}

/* Services behind files may be for those alone whom files does not know: they stay so when ours
 * comes first. */
static bool goes_first(const struct nsswitch_line *line)
{
	size_t files = nsswitch_line_files(line);

	return files == line->count ||
	       (files + 1 < line->count && !nsswitch_line_is(line, files + 1, CONTINUE));
}

/* Does the line say already, in its own spelling, what we would make it say? */
static bool is_right(const struct nsswitch_line *line)
{
	size_t at = find_service(line);
	const char *action = line->database == NSSWITCH_GROUP ? MERGE : CONTINUE;

	for (size_t i = at + 1; i < line->count; i++)
		if (nsswitch_line_is(line, i, SERVICE))
			return false;
	if (line->broken || at == line->count)
		return false;
	if (line->database == NSSWITCH_PASSWD)
		return at + 1 == line->count;
	if (line->database == NSSWITCH_INITGROUPS && at == 0)
		return nsswitch_line_is(line, 1, CONTINUE);
	return at >= 2 && at - 2 == nsswitch_line_files(line) &&
	       nsswitch_line_is(line, at - 1, action);
}

/* Is word number @index ours, or an action that would have nothing to stand behind without it? */
static bool is_ours(const struct nsswitch_line *line, size_t index)
{
	if (nsswitch_line_is(line, index, SERVICE))
		return true;
	if (is_our_action(line, index) && nsswitch_line_is(line, index + 1, SERVICE))
		return true;
	if (!nsswitch_line_is_action(line, index) || index == 0 ||
		!nsswitch_line_is(line, index - 1, SERVICE))
		return false;
	/* It was files' own before we came, unless files has another, or there is none. */
	if (index == 1)
		return true;
	return nsswitch_line_is_action(line, index - 2) && !is_our_action(line, index - 2);
}

/* The line without our words and the blanks before each. */
static void write_without(FILE *out, const struct nsswitch_line *line)
{
	size_t done = line->count ? line->words[0].at : 0;
	bool first = true;

	(void)fwrite(line->text, 1, done, out);
	for (size_t i = 0; i < line->count; i++) {
		const struct nsswitch_word *word = &line->words[i];
		size_t from = first ? word->at : done;

		done = word->at + word->len;
		if (is_ours(line, i))
			continue;
		(void)fwrite(line->text + from, 1, done - from, out);
		first = false;
	}
	(void)fwrite(line->text + done, 1, line->len - done, out);
}

/* The line with @words put in at @at. */
static void write_with(FILE *out, const struct nsswitch_line *line, size_t at, const char *before,
	const char *words)
{
	(void)fwrite(line->text, 1, at, out);
	fprintf(out, "%s%s", before, words);
	(void)fwrite(line->text + at, 1, line->len - at, out);
}

static size_t end_of(const struct nsswitch_line *line, size_t index)
{
	return line->words[index].at + line->words[index].len;
}

/* Write the line, which has no word of ours, with them. NULL, or why that is not possible. */
static const char *insert(FILE *out, const struct nsswitch_line *line)
{
	size_t files = nsswitch_line_files(line);

	if (line->count == 0)
		return "names no service in its passwd, group or initgroups line; write `files` there";
	if (line->database == NSSWITCH_PASSWD) {
		if (nsswitch_line_ends_before(line, line->count))
			return "has [NOTFOUND=return] in its passwd line: cosmo, which must come last, would "
			       "never be asked";
		write_with(out, line, end_of(line, line->count - 1), " ", SERVICE);
		return NULL;
	}
	if (line->database == NSSWITCH_INITGROUPS && goes_first(line)) {
		write_with(out, line, line->words[0].at, SERVICE " ", CONTINUE " ");
		return NULL;
	}
	if (files == line->count)
		return "has a group line without files (or compat), behind which cosmo must stand";
	if (nsswitch_line_ends_before(line, files))
		return "has [NOTFOUND=return] before files in its group line: cosmo would never be asked";
	write_with(out, line, end_of(line, files),
		line->database == NSSWITCH_GROUP ? " " MERGE : " " CONTINUE, " " SERVICE);
	return NULL;
}

/* Every line of ours through @write, all others copied as they are. */
static enum cosmo_err each_line(const char *text,
	const char *(*write)(FILE *, const struct nsswitch_line *), char **ret,
	const char **ret_problem)
{
	COSMO_AUTO(free) char *result = NULL;
	size_t size = 0;
	const char *problem = NULL;
	FILE *out = open_memstream(&result, &size);

	if (!out)
		return COSMO_E_NOMEM;
	while (*text && !problem) {
		struct nsswitch_line line;

		nsswitch_line_read(text, &line);
		if (line.database == NSSWITCH_NONE)
			(void)fwrite(text, 1, line.len, out);
		else
			problem = write(out, &line);
		text += line.len;
		if (*text == '\n')
			(void)fputc(*text++, out);
	}
	if (fclose(out) != 0)
		return COSMO_E_NOMEM;
	*ret_problem = problem;
	if (problem)
		return COSMO_E_FORMAT;
	*ret = COSMO_STEAL(&result);
	return COSMO_OK;
}

static const char *remove_words(FILE *out, const struct nsswitch_line *line)
{
	if (line->broken || find_service(line) == line->count)
		(void)fwrite(line->text, 1, line->len, out);
	else
		write_without(out, line);
	return NULL;
}

static const char *remove_wrong(FILE *out, const struct nsswitch_line *line)
{
	if (line->broken)
		return "has an action without its ], or more than 64 words, in its passwd, group or "
		       "initgroups line";
	if (!is_right(line))
		return remove_words(out, line);
	(void)fwrite(line->text, 1, line->len, out);
	return NULL;
}

static const char *insert_missing(FILE *out, const struct nsswitch_line *line)
{
	if (!is_right(line))
		return insert(out, line);
	(void)fwrite(line->text, 1, line->len, out);
	return NULL;
}

static bool has_line(const char *text, enum nsswitch_database database)
{
	while (*text) {
		struct nsswitch_line line;

		nsswitch_line_read(text, &line);
		if (line.database == database)
			return true;
		text += line.len + (text[line.len] == '\n');
	}
	return false;
}

enum cosmo_err nsswitch_enable(const char *text, char **ret, const char **ret_problem)
{
	COSMO_AUTO(free) char *without = NULL;
	enum cosmo_err err = COSMO_OK;

	if (!has_line(text, NSSWITCH_PASSWD) || !has_line(text, NSSWITCH_GROUP)) {
		*ret_problem = "has no passwd line, or no group line; write `passwd: files` and "
			       "`group: files` there";
		return COSMO_E_FORMAT;
	}
	err = each_line(text, remove_wrong, &without, ret_problem);
	return err ? err : each_line(without, insert_missing, ret, ret_problem);
}

enum cosmo_err nsswitch_disable(const char *text, char **ret)
{
	const char *problem = NULL;

	return each_line(text, remove_words, ret, &problem);
}

static enum nsswitch_fault fault_of_line(const struct nsswitch_line *line)
{
	size_t at = find_service(line);

	if (line->broken)
		return NSSWITCH_BROKEN;
	if (at == line->count)
		return NSSWITCH_ABSENT;
	if (!is_right(line))
		return NSSWITCH_MISPLACED;
	return nsswitch_line_ends_before(line, at) ? NSSWITCH_UNREACHABLE : NSSWITCH_GOOD;
}

enum nsswitch_fault nsswitch_fault_of(const char *text, enum nsswitch_database database,
	struct nsswitch_line *ret_line, unsigned int *ret_number)
{
	enum nsswitch_fault fault =
		database == NSSWITCH_INITGROUPS ? NSSWITCH_GOOD : NSSWITCH_NO_LINE;

	*ret_number = 0;
	for (unsigned int number = 1; *text; number++) {
		struct nsswitch_line line;

		nsswitch_line_read(text, &line);
		if (line.database == database) {
			*ret_line = line;
			*ret_number = number;
			fault = fault_of_line(&line);
		}
		text += line.len + (text[line.len] == '\n');
	}
	return fault;
}

bool nsswitch_is_last_of_passwd(const char *text)
{
	struct nsswitch_line line;
	unsigned int number = 0;

	return nsswitch_fault_of(text, NSSWITCH_PASSWD, &line, &number) == NSSWITCH_GOOD;
}
