/* SPDX-License-Identifier: MIT */
/* From JSON text to json-c's values. */
#pragma once

#include <stddef.h>

#include "common/base/auto.h"
#include "common/base/err.h"

struct json_object;

/*
 * The values of @text, whose tokens json_scan() has found well-formed and nested no deeper than
 * JSON_MAX_DEPTH. The top must be an object, with nothing but blanks behind it, and no object may
 * have two members of one name (compared after unescaping). The whole text or nothing. The caller
 * owns *ret, json_free(). Errors: COSMO_E_FORMAT, COSMO_E_NOMEM.
 */
COSMO_MUST_USE enum cosmo_err json_tree_build(
	const char *text, size_t len, struct json_object **ret);
