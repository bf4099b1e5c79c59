/* SPDX-License-Identifier: MIT */
#define PCRE2_CODE_UNIT_WIDTH 8

#include "pam_cosmo_sso/judge/role_rule.h"

#include <pcre2.h>

#define MAX_PATTERN_BYTES  1024
#define MAX_PARENTHESES    50
#define MATCH_LIMIT_STEPS  200000
#define MATCH_LIMIT_DEPTH  20000
#define MATCH_LIMIT_HEAP_K 4096 /* KiB */

COSMO_AUTO_DEFINE(pcre2_compile_context *, pcre2_compile_context_free);
COSMO_AUTO_DEFINE(pcre2_match_context *, pcre2_match_context_free);
COSMO_AUTO_DEFINE(pcre2_match_data *, pcre2_match_data_free);

struct role_rule {
	char *text;
	char role[COSMO_MAX_NAME_BYTES + 1];
	char *value;         /* of an exact rule */
	pcre2_code *pattern; /* of the other kind */
};

void role_rule_free(struct role_rule *rule)
{
	if (!rule)
		return;
	free(rule->text);
	free(rule->value);
	pcre2_code_free(rule->pattern);
	free(rule);
}

const char *role_rule_role(const struct role_rule *rule)
{
	return rule->role;
}

const char *role_rule_text(const struct role_rule *rule)
{
	return rule->text;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Move both ends of [*at, *end) inwards over blanks. */
static void trim(const char **at, const char **end)
{
	while (*at < *end && is_blank(**at))
		(*at)++;
	while (*end > *at && is_blank((*end)[-1]))
		(*end)--;
}

static enum cosmo_err read_role(
	struct role_rule *rule, const char *at, const char *end, struct reason *why)
{
	trim(&at, &end);
	if ((size_t)(end - at) >= sizeof(rule->role))
		return reason_give(why, COSMO_E_RULE_ROLE, "role name is too long");
	memcpy(rule->role, at, (size_t)(end - at));
	if (!group_name_is_valid(rule->role))
		return reason_give(
			why, COSMO_E_RULE_ROLE, "\"%s\" is no valid role name", rule->role);
	return COSMO_OK;
}

/*
 * No JIT: it would need memory that is writable and executable. \C could cut a character in two.
 * DUPNAMES and the like stay off: what a pattern means depends on its text alone.
 */
static enum cosmo_err compile_pattern(
	struct role_rule *rule, const char *at, const char *end, struct reason *why)
{
	COSMO_AUTO(pcre2_compile_context_free)
	pcre2_compile_context *context = pcre2_compile_context_create(NULL);
	PCRE2_UCHAR text[160] = "";
	PCRE2_SIZE offset = 0;
	int code = 0;

	if (!context)
		return COSMO_E_NOMEM;
	pcre2_set_max_pattern_length(context, MAX_PATTERN_BYTES);
	pcre2_set_parens_nest_limit(context, MAX_PARENTHESES);
	rule->pattern = pcre2_compile((PCRE2_SPTR)at, (PCRE2_SIZE)(end - at),
		PCRE2_UTF | PCRE2_ANCHORED | PCRE2_ENDANCHORED | PCRE2_DOLLAR_ENDONLY |
			PCRE2_NEVER_BACKSLASH_C,
		&code, &offset, context);
	if (rule->pattern)
		return COSMO_OK;
	if (code == PCRE2_ERROR_HEAP_FAILED)
		return COSMO_E_NOMEM;
	pcre2_get_error_message(code, text, COSMO_ARRAY_LEN(text));
	return reason_give(why, COSMO_E_RULE_PATTERN, "column %zu: %s",
		(size_t)(at - rule->text) + offset + 1, (const char *)text);
}

static enum cosmo_err read_value(
	struct role_rule *rule, const char *at, const char *end, struct reason *why)
{
	trim(&at, &end);
	if (at == end)
		return reason_give(why, COSMO_E_RULE_PATTERN, "column %zu: nothing behind '='",
			(size_t)(at - rule->text) + 1);
	if (*at != '~') {
		rule->value = strndup(at, (size_t)(end - at));
		return rule->value ? COSMO_OK : COSMO_E_NOMEM;
	}
	at++;
	trim(&at, &end);
	if (at == end)
		return reason_give(why, COSMO_E_RULE_PATTERN, "column %zu: no pattern behind '~'",
			(size_t)(at - rule->text) + 1);
	return compile_pattern(rule, at, end, why);
}

enum cosmo_err role_rule_compile(const char *text, struct reason *why, struct role_rule **ret)
{
	COSMO_AUTO(role_rule_free) struct role_rule *rule = calloc(1, sizeof(*rule));
	const char *equals = NULL;
	enum cosmo_err err = COSMO_OK;

	if (rule)
		rule->text = strdup(text);
	if (!rule || !rule->text)
		return COSMO_E_NOMEM;
	equals = strchr(rule->text, '=');
	if (!equals)
		return reason_give(why, COSMO_E_RULE_PATTERN,
			"column %zu: no '=' between role and value", strlen(text) + 1);
	err = read_role(rule, rule->text, equals, why);
	if (err == COSMO_OK)
		err = read_value(rule, equals + 1, equals + 1 + strlen(equals + 1), why);
	if (err != COSMO_OK)
		return err;
	*ret = COSMO_STEAL(&rule);
	return COSMO_OK;
}

static enum cosmo_err match_pattern(
	const pcre2_code *pattern, const char *value, struct reason *why, bool *ret_matches)
{
	COSMO_AUTO(pcre2_match_context_free)
	pcre2_match_context *limits = pcre2_match_context_create(NULL);
	COSMO_AUTO(pcre2_match_data_free)
	pcre2_match_data *data = pcre2_match_data_create(1, NULL);
	const PCRE2_SIZE *bounds = NULL;
	int result = 0;

	if (!limits || !data)
		return COSMO_E_NOMEM;
	pcre2_set_match_limit(limits, MATCH_LIMIT_STEPS);
	pcre2_set_depth_limit(limits, MATCH_LIMIT_DEPTH);
	pcre2_set_heap_limit(limits, MATCH_LIMIT_HEAP_K);
	result = pcre2_match(pattern, (PCRE2_SPTR)value, strlen(value), 0, 0, data, limits);
	if (result == PCRE2_ERROR_NOMEMORY)
		return COSMO_E_NOMEM;
	if (result < 0 && result != PCRE2_ERROR_NOMATCH)
		return reason_give(why, COSMO_E_RULE_LIMIT,
			"pattern gave up on a value of %zu bytes", strlen(value));
	/* \K could move the start of what matched. */
	bounds = pcre2_get_ovector_pointer(data);
	*ret_matches = result >= 0 && bounds[0] == 0 && bounds[1] == strlen(value);
	return COSMO_OK;
}

enum cosmo_err role_rule_match(
	const struct role_rule *rule, const char *value, struct reason *why, bool *ret_matches)
{
	if (rule->pattern)
		return match_pattern(rule->pattern, value, why, ret_matches);
	*ret_matches = streq(rule->value, value);
	return COSMO_OK;
}
