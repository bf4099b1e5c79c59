/* SPDX-License-Identifier: MIT */
/* Strict JSON in json-c's values: an object or nothing, then typed getters with limits. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "common/base/auto.h"
#include "common/base/err.h"

/* A value inside a parsed document; borrowed from it. */
struct json_object;

#define JSON_MAX_DEPTH      32
#define JSON_MAX_TEXT_BYTES ((size_t)256 * 1024)

/*
 * Parse a whole document whose top is an object. Refused beyond RFC 8259: duplicate member names
 * (compared after unescaping), NUL in strings, half surrogate pairs, anything behind the object but
 * blanks, nesting above JSON_MAX_DEPTH, more than JSON_MAX_TEXT_BYTES. Memory that runs out is an
 * error, never a document that lacks something. The caller owns *ret, json_free(). Errors:
 * COSMO_E_FORMAT, COSMO_E_NOMEM.
 */
COSMO_MUST_USE enum cosmo_err json_parse(const char *text, size_t len, struct json_object **ret);

void json_free(struct json_object *root);
COSMO_AUTO_DEFINE(struct json_object *, json_free);

/* The member of that exact name; NULL when @object is no object, has none such, or it is null. */
struct json_object *json_member(struct json_object *object, const char *name);

/* Is there a member of that name, even a null one? */
bool json_has(struct json_object *object, const char *name);

/*
 * A string member of 1 to @max_len bytes, borrowed. Errors: COSMO_E_NOT_FOUND (absent or null),
 * COSMO_E_FORMAT (no string, empty), COSMO_E_TOO_BIG.
 */
COSMO_MUST_USE enum cosmo_err json_str(
	struct json_object *object, const char *name, size_t max_len, const char **ret);

/* Like json_str(), COSMO_OK with *ret = NULL when absent. */
COSMO_MUST_USE enum cosmo_err json_str_opt(
	struct json_object *object, const char *name, size_t max_len, const char **ret);

/*
 * A NumericDate (RFC 7519 section 2): any number, cut to whole seconds, brought into
 * [-JSON_MAX_TIME_S, JSON_MAX_TIME_S] so that adding a skew cannot overflow. Errors:
 * COSMO_E_NOT_FOUND, COSMO_E_FORMAT (no number).
 */
#define JSON_MAX_TIME_S (INT64_C(1) << 53)
COSMO_MUST_USE enum cosmo_err json_time(
	struct json_object *object, const char *name, int64_t *ret_s);

/* A count of seconds, also spelt as a string of digits as some IdPs do; brought below
 * JSON_MAX_TIME_S. Errors: COSMO_E_NOT_FOUND, COSMO_E_FORMAT (also when negative). */
COSMO_MUST_USE enum cosmo_err json_seconds(
	struct json_object *object, const char *name, int64_t *ret_s);

/* The text of a string value, NULL for any other. */
const char *json_text(struct json_object *value);

/* A whole number, also spelt as a string of digits. Errors: COSMO_E_FORMAT. */
COSMO_MUST_USE enum cosmo_err json_whole_number(struct json_object *value, int64_t *ret);

/* The value true, also spelt as a text. */
bool json_is_true(struct json_object *value);

bool json_is_object(struct json_object *value);
bool json_is_array(struct json_object *value);

/* Elements of an array; 0 and NULL for what is none, NULL for a null element. */
size_t json_array_count(struct json_object *array);
struct json_object *json_array_at(struct json_object *array, size_t index);

/*
 * Call @visit with the name of each member until it returns something else than COSMO_OK, which is
 * then handed on.
 */
COSMO_MUST_USE enum cosmo_err json_each_name(struct json_object *object,
	enum cosmo_err (*visit)(const char *name, void *context), void *context);
