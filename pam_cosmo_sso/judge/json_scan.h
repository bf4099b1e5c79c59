/* SPDX-License-Identifier: MIT */
/* The tokens of JSON (RFC 8259). */
#pragma once

#include <stddef.h>

#include "common/base/auto.h"
#include "common/base/err.h"

/*
 * Check every token of @text: strings are well-formed UTF-8 (RFC 3629) without control characters,
 * NUL escapes or half surrogate pairs; numbers have the form of RFC 8259 section 6 (no NaN, no
 * leading zeros); nothing else but punctuation, blanks, true, false, null; nesting at most
 * @max_depth, nothing closed that was not opened; no comma before a closing bracket. Any other
 * order of tokens is json_tree_build()'s business. Errors: COSMO_E_FORMAT.
 */
COSMO_MUST_USE enum cosmo_err json_scan(const char *text, size_t len, size_t max_depth);
