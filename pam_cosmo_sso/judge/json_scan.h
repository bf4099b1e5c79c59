/* SPDX-License-Identifier: MIT */
/* The rules of JSON (RFC 8259) that json-c leaves open. */
#pragma once

#include <stddef.h>

#include "common/base/auto.h"
#include "common/base/err.h"

/*
 * Check every token of @text: strings are well-formed UTF-8 (RFC 3629) without control characters,
 * NUL escapes or half surrogate pairs; numbers have the form of RFC 8259 section 6 (no NaN, no
 * leading zeros); nothing else but punctuation, blanks, true, false, null; nesting at most
 * @max_depth; no comma before a closing bracket. Any other order of tokens is json-c's business.
 * @ret_members is how many object members stand in the text, all objects together. Errors:
 * COSMO_E_FORMAT.
 */
COSMO_MUST_USE enum cosmo_err json_scan(
	const char *text, size_t len, size_t max_depth, size_t *ret_members);
