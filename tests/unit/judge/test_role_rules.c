/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "pam_cosmo_sso/judge/role_rules.h"

static const char *values_of_ada[] = {"eng", "admins", "x=y", "eng"};
static const struct claim_values ada = {.items = values_of_ada, .count = 4};
static const struct claim_values nobody = {.items = NULL, .count = 0};

static struct role_rules *made(const char *const *texts, size_t count)
{
	struct role_rules *rules = NULL;

	assert_int_equal(role_rules_new(&rules), COSMO_OK);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(role_rules_add(rules, texts[i], NULL), COSMO_OK);
	assert_int_equal(role_rules_count(rules), count);
	return rules;
}

/* Roles joined by '|'. */
static enum cosmo_err apply(const struct role_rules *rules, const struct claim_values *values,
	role_match_fn *on_match, void *context, char *ret_roles)
{
	struct role_set set = {.count = 0};
	enum cosmo_err err = role_rules_apply(rules, values, on_match, context, NULL, &set);

	ret_roles[0] = '\0';
	for (size_t i = 0; i < set.count; i++)
		strcat(strcat(ret_roles, set.names[i]), "|");
	return err;
}

/* case: rule: all rules that match apply, and any value may match */
static void test_role_rules_apply__all_that_match__are_united(void **state)
{
	static const char *const texts[] = {"viewer = ~.*", "admin = admins", "dba = dbas",
		"developer = ~eng|ops", "admin = ~adm.*", "dev = x=y"};
	COSMO_AUTO(role_rules_free) struct role_rules *rules = made(texts, 6);
	char roles[128] = "";

	(void)state;
	assert_int_equal(apply(rules, &ada, NULL, NULL, roles), COSMO_OK);
	assert_string_equal(roles, "viewer|admin|developer|dev|");
	assert_int_equal(apply(rules, &nobody, NULL, NULL, roles), COSMO_OK);
	assert_string_equal(roles, "");
	role_rules_free(NULL);
}

/* The order of rules and values changes nothing but the order of names. */
/* case: rule: the order of rules and of values changes no role */
static void test_role_rules_apply__order__does_not_matter(void **state)
{
	static const char *const texts[] = {"a = eng", "b = admins", "c = none"};
	static const size_t orders[][3] = {
		{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
	static const char *reversed_items[] = {"eng", "x=y", "admins", "eng"};
	static const struct claim_values reversed = {.items = reversed_items, .count = 4};

	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(orders); i++) {
		const char *const ordered[] = {
			texts[orders[i][0]], texts[orders[i][1]], texts[orders[i][2]]};
		COSMO_AUTO(role_rules_free) struct role_rules *rules = made(ordered, 3);
		char roles[64] = "";

		assert_int_equal(apply(rules, &ada, NULL, NULL, roles), COSMO_OK);
		assert_int_equal(strlen(roles), 4);
		assert_true(strstr(roles, "a|") && strstr(roles, "b|"));
		assert_int_equal(apply(rules, &reversed, NULL, NULL, roles), COSMO_OK);
		assert_true(strlen(roles) == 4 && strstr(roles, "a|") && strstr(roles, "b|"));
	}
}

/* An empty list must never mean everybody. */
/* case: rule: no rules at all are refused, and never mean everybody */
static void test_role_rules_apply__no_rules__is_refused(void **state)
{
	COSMO_AUTO(role_rules_free) struct role_rules *rules = made(NULL, 0);
	char roles[64] = "";

	(void)state;
	assert_int_equal(apply(rules, &ada, NULL, NULL, roles), COSMO_E_RULES_EMPTY);
	assert_string_equal(roles, "");
	assert_int_equal(apply(rules, &nobody, NULL, NULL, roles), COSMO_E_RULES_EMPTY);
}

/* Half an answer is none: roles found before the limit was met are not conferred. */
/* case: rule: a catastrophic pattern is stopped by limits, and refuses the sign-in */
static void test_role_rules_apply__limit_met__confers_nothing(void **state)
{
	static const char *const texts[] = {"viewer = ~.*", "admin = ~(a+)+[bc]"};
	COSMO_AUTO(role_rules_free) struct role_rules *rules = made(texts, 2);
	char value[2001] = "";
	const char *items[] = {value};
	const struct claim_values values = {.items = items, .count = 1};
	char roles[64] = "";

	(void)state;
	memset(value, 'a', sizeof(value) - 1);
	assert_int_equal(apply(rules, &values, NULL, NULL, roles), COSMO_E_RULE_LIMIT);
	assert_string_equal(roles, "");
}

static enum cosmo_err note(const char *rule, const char *value, void *context)
{
	char *list = context;

	strcat(strcat(strcat(strcat(list, rule), ":"), value), ";");
	return streq(value, "x=y") ? COSMO_E_DENIED : COSMO_OK;
}

static void test_role_rules_apply__every_match__is_told_until_stopped(void **state)
{
	static const char *const texts[] = {"a = ~.*n.*", "b = none", "c = x=y", "d = eng"};
	COSMO_AUTO(role_rules_free) struct role_rules *rules = made(texts, 4);
	char list[256] = "";
	char roles[64] = "";

	(void)state;
	assert_int_equal(apply(rules, &ada, note, list, roles), COSMO_E_DENIED);
	assert_string_equal(list, "a = ~.*n.*:eng;a = ~.*n.*:admins;a = ~.*n.*:eng;c = x=y:x=y;");
}

static void test_role_rules_add__bad_or_too_many__are_refused(void **state)
{
	COSMO_AUTO(role_rules_free) struct role_rules *rules = made(NULL, 0);
	struct reason why = {.text = ""};

	(void)state;
	assert_int_equal(role_rules_add(rules, "admin = ~(", &why), COSMO_E_RULE_PATTERN);
	assert_int_equal(role_rules_add(rules, "Root = x", &why), COSMO_E_RULE_ROLE);
	assert_int_equal(role_rules_count(rules), 0);
	for (size_t i = 0; i < ROLE_RULES_MAX; i++)
		assert_int_equal(role_rules_add(rules, "admin = x", NULL), COSMO_OK);
	assert_int_equal(role_rules_add(rules, "admin = x", &why), COSMO_E_TOO_BIG);
	assert_int_equal(role_rules_count(rules), ROLE_RULES_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_role_rules_apply__all_that_match__are_united),
		cmocka_unit_test(test_role_rules_apply__order__does_not_matter),
		cmocka_unit_test(test_role_rules_apply__no_rules__is_refused),
		cmocka_unit_test(test_role_rules_apply__limit_met__confers_nothing),
		cmocka_unit_test(test_role_rules_apply__every_match__is_told_until_stopped),
		cmocka_unit_test(test_role_rules_add__bad_or_too_many__are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
