/* SPDX-License-Identifier: MIT */
/*
 * A strict reader of INI text: `[section]`, `[section name]`, `key = value`, whole-line comments
 * with '#' or ';'. The first '=' is the only separator; names and values are trimmed of blanks and
 * tabs; nothing is quoted, continued, expanded or cut: a '#' or ';' behind a value is part of it.
 * Text is UTF-8 without control characters, lines end in a line feed alone and have any length up
 * to the cap. Everything else is an error with its line.
 */
#pragma once

#include <stddef.h>

#include "common/base/auto.h"
#include "common/base/err.h"

#define INI_MAX_LINE_BYTES ((size_t)4096)

struct ini_line {
	unsigned int number;  /* from 1 */
	const char *section;  /* "service sshd" as section "service", argument "sshd" */
	const char *argument; /* "" if none */
	const char *key;
	const char *value; /* may be "" */
};

/*
 * Called for each `key = value` line; strings are valid during the call. Also called with key NULL
 * for each section header, so that empty sections are seen. Anything but COSMO_OK stops the reading
 * and is returned.
 */
typedef enum cosmo_err (*ini_handler)(void *context, const struct ini_line *line);

/*
 * Read @text of @len bytes. On a syntax error, and only then, *ret_line is its line and
 * *ret_problem says what is wrong with it (static text: "is longer than 4096 bytes"); the caller
 * sets it to NULL before. Errors: COSMO_E_CONFIG, those of @handler.
 */
COSMO_MUST_USE enum cosmo_err ini_read(const char *text, size_t len, ini_handler handler,
	void *context, unsigned int *ret_line, const char **ret_problem);
