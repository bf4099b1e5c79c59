/* SPDX-License-Identifier: MIT */
/*
 * What cosmo-ssoctl prints: text for people or, with --json, one document for programs on standard
 * output; failures on standard error either way. Everything foreign is filtered for the terminal.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/auto.h"
#include "common/base/err.h"
#include "common/message.h"

struct json_object;

/* From now on standard output is for one JSON document. */
void output_want_json(void);

/*
 * The end of a command: with --json and no document printed yet, print the failure that was said
 * last, as {"error": id, "message": text, "detail": text or null}.
 */
void output_finish(void);

/* Has everything printed to standard output reached it? If not, standard error says so. */
bool output_arrived(void);

/* "cosmo-ssoctl: what happened [id]" and the detail (may be NULL) on standard error; @text (may be
 * NULL) replaces the code's own text. */
void output_failure(enum cosmo_err err, const char *text, const char *detail);

/* A line on standard error behind "cosmo-ssoctl: ". */
void output_error(const char *format, ...) COSMO_PRINTF(1, 2);

/* The same for a wrong command line, whose id is "usage". */
void output_usage(const char *text);

/* Of a failure that output_error() alone has told: what it said last is the message, and what
 * before that the detail. One that output_failure() told stays. */
void output_keep_failure(enum cosmo_err err);

/* "Note: " and the text, on standard output; with --json it is kept for output_json_notes(). */
void output_note(const char *format, ...) COSMO_PRINTF(1, 2);

/*
 * From now on nothing of what the functions above say is printed, and of notes nothing is kept: the
 * first line of a failure goes to @ret, which is emptied here. @ret NULL: it is printed again.
 */
void output_catch(char *ret, size_t ret_size);

/* Foreign text, filtered for the terminal, on standard output. */
void output_text(const char *text);

/* Local time as "2026-11-24 12:00:05 +0000", or "never" for 0, in @ret of at least 32 bytes. */
void output_time(int64_t time_s, char *ret, size_t ret_size);

/* Print as ASCII, whatever is in it, and free. */
void output_json(struct json_object *object);

/* Add "error", "message" and "detail" of the failure that was said last; all null if there is none.
 */
void output_json_failure(struct json_object *object);

/* Add "notes", an array of all there were. */
void output_json_notes(struct json_object *object);

/* Add a string, or null. */
void output_json_text(struct json_object *object, const char *key, const char *value);

/* Add an array of what all fields @field of @item say. */
void output_json_texts(struct json_object *object, const char *key, const struct message *item,
	enum message_field field);

/* Ask a yes/no question on the terminal; @yes answers it. No terminal: no, and says how. */
bool output_confirm(const char *question, bool yes);
