/* SPDX-License-Identifier: MIT */
/*
 * Private files as text: one INI section whose values are percent-escaped, and a last line
 * `end = HASH` over all that stands before it, so that no damage passes for data.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/auto.h"
#include "common/base/err.h"

/* A text in the making, in one piece of memory that never moves: it may hold secrets. */
struct record_text {
	char *data;
	size_t len;
	size_t size;
	bool failed; /* something did not fit */
};

/* Start `[section]` with room for @max_bytes. The caller owns *ret: record_text_done(). Errors:
 * COSMO_E_NOMEM. */
COSMO_MUST_USE enum cosmo_err record_text_init(
	struct record_text *ret, const char *section, size_t max_bytes);

/* `key = value`; control characters, '%', bytes above 0x7e and outer blanks become %XX. NULL writes
 * nothing. */
void record_text_put(struct record_text *text, const char *key, const char *value);
void record_text_put_number(struct record_text *text, const char *key, int64_t value);
void record_text_put_hex(
	struct record_text *text, const char *key, const unsigned char *bytes, size_t len);

/* The last line. Errors: COSMO_E_TOO_BIG (not all of it did fit). */
COSMO_MUST_USE enum cosmo_err record_text_end(struct record_text *text);

/* Wipes and frees. */
void record_text_done(struct record_text *text);
COSMO_AUTO_DEFINE(struct record_text *, record_text_done);

/* Is @data such a text, undamaged? */
bool record_text_is_whole(const char *data, size_t len);

/* Undo the escapes; the caller frees *ret. Errors: COSMO_E_STORE_DAMAGED, COSMO_E_NOMEM. */
COSMO_MUST_USE enum cosmo_err record_text_get(const char *value, char **ret);
