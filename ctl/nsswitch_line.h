/* SPDX-License-Identifier: MIT */
/* One line of nsswitch.conf as glibc reads it: a database, then services and actions. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define NSSWITCH_MAX_WORDS 64

enum nsswitch_database {
	NSSWITCH_NONE, /* no line of ours to edit */
	NSSWITCH_PASSWD,
	NSSWITCH_GROUP,
	NSSWITCH_INITGROUPS,
};

/* A service, or an action with its brackets. */
struct nsswitch_word {
	size_t at; /* from the start of the line */
	size_t len;
};

struct nsswitch_line {
	const char *text; /* borrowed, not terminated */
	size_t len;       /* without the line feed */
	enum nsswitch_database database;
	struct nsswitch_word words[NSSWITCH_MAX_WORDS]; /* none unless it has a database */
	size_t count;
	bool broken; /* an action without its end, or too many words */
};

/* Read the line at the start of @text. */
void nsswitch_line_read(const char *text, struct nsswitch_line *ret);

/* Is word number @index this one? False beyond the last word. */
bool nsswitch_line_is(const struct nsswitch_line *line, size_t index, const char *word);

/* Is word number @index an action? */
bool nsswitch_line_is_action(const struct nsswitch_line *line, size_t index);

/* Number of the first `files` or `compat`, or the count of words. */
size_t nsswitch_line_files(const struct nsswitch_line *line);

/* The first of the first @count words that says that nobody else is asked about what was not found:
 * its number, or the count of words if none does. */
size_t nsswitch_line_end_before(const struct nsswitch_line *line, size_t count);

/* Is there such a word? */
bool nsswitch_line_ends_before(const struct nsswitch_line *line, size_t count);
