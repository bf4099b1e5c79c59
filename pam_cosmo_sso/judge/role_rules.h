/* SPDX-License-Identifier: MIT */
/* All rules together: which roles a claim's values confer. */
#pragma once

#include <stddef.h>

#include "common/base/auto.h"
#include "common/base/err.h"
#include "pam_cosmo_sso/judge/claims.h"
#include "pam_cosmo_sso/judge/reason.h"

struct role_rules;

#define ROLE_RULES_MAX 512

/* No rules yet. The caller owns *ret, role_rules_free(). Errors: COSMO_E_NOMEM. */
COSMO_MUST_USE enum cosmo_err role_rules_new(struct role_rules **ret);

void role_rules_free(struct role_rules *rules);
COSMO_AUTO_DEFINE(struct role_rules *, role_rules_free);

/* Errors: those of role_rule_compile(), COSMO_E_TOO_BIG (more than ROLE_RULES_MAX). */
COSMO_MUST_USE enum cosmo_err role_rules_add(
	struct role_rules *rules, const char *text, struct reason *why);

size_t role_rules_count(const struct role_rules *rules);

/* The roles found: every name once, in the order of the rules; borrowed from the rules. */
struct role_set {
	const char *names[ROLE_RULES_MAX];
	size_t count;
};

/* Told of each rule that matched and the value; anything but COSMO_OK ends the work. */
typedef enum cosmo_err role_match_fn(const char *rule, const char *value, void *context);

/*
 * The union of the roles of all rules that match any of @values. @on_match may be NULL. Errors:
 * COSMO_E_RULES_EMPTY (no rules: nobody meant that), COSMO_E_RULE_LIMIT, COSMO_E_NOMEM, those of
 * @on_match.
 */
COSMO_MUST_USE enum cosmo_err role_rules_apply(const struct role_rules *rules,
	const struct claim_values *values, role_match_fn *on_match, void *context,
	struct reason *why, struct role_set *ret);
