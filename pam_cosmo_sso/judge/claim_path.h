/* SPDX-License-Identifier: MIT */
/* Claims inside other claims. */
#pragma once

#include "pam_cosmo_sso/judge/json.h"

/*
 * Follow @path from @claims: a JSON pointer (RFC 6901, object members only) if it begins with '/',
 * else names separated by dots. Borrowed; NULL when it leads nowhere, is a single name, or is
 * malformed.
 */
struct json_object *claim_path_follow(struct json_object *claims, const char *path);
