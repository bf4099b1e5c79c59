/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/judge/role_rules.h"

#include "pam_cosmo_sso/judge/role_rule.h"

struct role_rules {
	struct role_rule *items[ROLE_RULES_MAX];
	size_t count;
};

enum cosmo_err role_rules_new(struct role_rules **ret)
{
	struct role_rules *rules = calloc(1, sizeof(*rules));

	if (!rules)
		return COSMO_E_NOMEM;
	*ret = rules;
	return COSMO_OK;
}

void role_rules_free(struct role_rules *rules)
{
	if (!rules)
		return;
	for (size_t i = 0; i < rules->count; i++)
		role_rule_free(rules->items[i]);
	free(rules);
}

enum cosmo_err role_rules_add(struct role_rules *rules, const char *text, struct reason *why)
{
	enum cosmo_err err = COSMO_OK;

	if (rules->count == ROLE_RULES_MAX)
		return reason_give(why, COSMO_E_TOO_BIG, "more than %d rules", ROLE_RULES_MAX);
	err = role_rule_compile(text, why, &rules->items[rules->count]);
	if (err == COSMO_OK)
		rules->count++;
	return err;
}

size_t role_rules_count(const struct role_rules *rules)
{
	return rules->count;
}

static void add_role(struct role_set *roles, const char *name)
{
	for (size_t i = 0; i < roles->count; i++)
		if (streq(roles->names[i], name))
			return;
	roles->names[roles->count++] = name;
}

/* One rule against all values: all, not the first, for who wants to be told. */
static enum cosmo_err apply_rule(const struct role_rule *rule, const struct claim_values *values,
	role_match_fn *on_match, void *context, struct reason *why, bool *ret_matches)
{
	for (size_t i = 0; i < values->count; i++) {
		bool matches = false;
		enum cosmo_err err = role_rule_match(rule, values->items[i], why, &matches);

		if (err == COSMO_OK && matches && on_match)
			err = on_match(role_rule_text(rule), values->items[i], context);
		if (err != COSMO_OK)
			return err;
		*ret_matches |= matches;
	}
	return COSMO_OK;
}

enum cosmo_err role_rules_apply(const struct role_rules *rules, const struct claim_values *values,
	role_match_fn *on_match, void *context, struct reason *why, struct role_set *ret)
{
	struct role_set roles = {.count = 0};

	if (rules->count == 0)
		return reason_give(why, COSMO_E_RULES_EMPTY, "no rules are configured");
	for (size_t i = 0; i < rules->count; i++) {
		bool matches = false;
		enum cosmo_err err =
			apply_rule(rules->items[i], values, on_match, context, why, &matches);

		if (err != COSMO_OK)
			return err;
		if (matches)
			add_role(&roles, role_rule_role(rules->items[i]));
	}
	*ret = roles;
	return COSMO_OK;
}
