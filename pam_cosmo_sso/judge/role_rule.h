/* SPDX-License-Identifier: MIT */
/* One rule: "role = value" or "role = ~pattern". */
#pragma once

#include "common/base/auto.h"
#include "common/base/err.h"
#include "common/base/parse.h"
#include "pam_cosmo_sso/judge/reason.h"

struct role_rule;

/*
 * Compile @text. The first '=' is the only separator; both sides are trimmed of blanks; behind '~'
 * (and blanks after it) stands a PCRE2 pattern for the whole value, in UTF-8. The caller owns *ret,
 * role_rule_free(). Errors: COSMO_E_RULE_PATTERN (no '=', nothing behind it, a bad pattern: @why
 * tells the column in @text, from 1), COSMO_E_RULE_ROLE (no valid role name), COSMO_E_NOMEM.
 */
COSMO_MUST_USE enum cosmo_err role_rule_compile(
	const char *text, struct reason *why, struct role_rule **ret);

void role_rule_free(struct role_rule *rule);
COSMO_AUTO_DEFINE(struct role_rule *, role_rule_free);

/* Borrowed until role_rule_free(). */
const char *role_rule_role(const struct role_rule *rule);
/* As it was given. */
const char *role_rule_text(const struct role_rule *rule);

/*
 * Does the rule match the whole of @value? Errors: COSMO_E_RULE_LIMIT (the pattern needs more steps
 * or memory than a sign-in may cost), COSMO_E_NOMEM.
 */
COSMO_MUST_USE enum cosmo_err role_rule_match(
	const struct role_rule *rule, const char *value, struct reason *why, bool *ret_matches);
