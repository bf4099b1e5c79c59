/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "pam_cosmo_sso/judge/role_rule.h"
#include "tests/unit/judge/signer.h"

static struct reason why;

static enum cosmo_err compile(const char *text)
{
	COSMO_AUTO(role_rule_free) struct role_rule *rule = NULL;
	enum cosmo_err err = COSMO_OK;

	why.text[0] = '\0';
	err = role_rule_compile(text, &why, &rule);
	assert_true((err == COSMO_OK) == (rule != NULL));
	return err;
}

static enum cosmo_err match(const char *text, const char *value, bool *ret_matches)
{
	COSMO_AUTO(role_rule_free) struct role_rule *rule = NULL;

	assert_int_equal(role_rule_compile(text, NULL, &rule), COSMO_OK);
	return role_rule_match(rule, value, NULL, ret_matches);
}

/* case: rule: a value or pattern must match the whole value, and blanks around it are cut off */
/* case: rule: backslashes and equals signs stand for themselves behind the first equals sign */
static void test_role_rule__values_and_patterns__match_the_whole(void **state)
{
	static const struct {
		const char *rule, *value;
		bool matches;
	} cases[] = {
		{"admin = admins", "admins", true},
		{"admin=admins", "admins", true},
		{" \tadmin \t= \t admins \r\n", "admins", true},
		{"admin = admins", "Admins", false},
		{"admin = admins", "admins ", false},
		{"admin = admins", "admin", false},
		{"admin = admins", "admins2", false},
		{"admin = a b", "a b", true},
		/* only the first '=' parts, and nothing of a value is special */
		{"admin = cn=admins,dc=x", "cn=admins,dc=x", true},
		{"admin = =", "=", true},
		{"admin = a\\d.*", "a\\d.*", true},
		{"admin = a\\d.*", "a1xx", false},
		{"admin = #x", "#x", true},
		{"admin = \xc3\xa9", "\xc3\xa9", true},
		/* patterns */
		{"admin = ~admins", "admins", true},
		{"admin = ~ \t admins \t", "admins", true},
		{"admin = ~admins", "xadmins", false},
		{"admin = ~admins", "adminsx", false},
		{"admin = ~admins", "admins\n", false},
		{"admin = ~^admins$", "admins", true},
		{"admin = ~^admins$", "admins\n", false},
		{"admin = ~adm.*", "administrators", true},
		{"admin = ~adm.*", "xadm", false},
		{"admin = ~adm.*", "adm\nx", false}, /* a dot is no newline */
		{"admin = ~a|admins", "admins", true},
		{"admin = ~admins|a", "admins", true},
		{"admin = ~a|b", "xb", false},
		{"admin = ~a|b", "ax", false},
		{"admin = ~(?i)ADMINS", "admins", true},
		{"admin = ~(?m)^admins$", "x\nadmins\ny", false},
		{"admin = ~cn=(a|b),dc=\\w+", "cn=b,dc=corp", true},
		{"admin = ~a\\=b", "a=b", true},
		{"admin = ~\\d{3}", "123", true},
		{"admin = ~\\\\x", "\\x", true},
		{"admin = ~.", "\xc3\xa9", true}, /* one character, not one byte */
		{"admin = ~..", "\xc3\xa9", false},
		{"admin = ~[\xc3\xa4-\xc3\xb6]", "\xc3\xa5", true},
		{"admin = ~x?", "x", true},
		{"admin = ~~x", "~x", true},
		/* ways around the ends */
		{"admin = ~evil\\Kadmins", "eviladmins", false},
		{"admin = ~adm(*ACCEPT)x", "admins", false},
		{"admin = ~(?=admins).*", "admins", true},
		{"admin = ~(?<=x)admins", "admins", false},
	};

	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(cases); i++) {
		bool matches = !cases[i].matches;

		print_message("%s | %s\n", cases[i].rule, cases[i].value);
		assert_int_equal(match(cases[i].rule, cases[i].value, &matches), COSMO_OK);
		assert_int_equal(matches, cases[i].matches);
	}
}

/* case: rule: a bad pattern is refused with its column */
static void test_role_rule_compile__bad_rules__have_code_and_column(void **state)
{
	static const struct {
		const char *text;
		enum cosmo_err err;
		const char *column; /* how the reason begins */
	} cases[] = {
		{"", COSMO_E_RULE_PATTERN, "column 1: no '='"},
		{"admin", COSMO_E_RULE_PATTERN, "column 6: no '='"},
		{"admin =", COSMO_E_RULE_PATTERN, "column 8: nothing behind"},
		{"admin =  ", COSMO_E_RULE_PATTERN, "column 10: nothing behind"},
		{"admin = ~", COSMO_E_RULE_PATTERN, "column 10: no pattern"},
		{"admin = ~ \t", COSMO_E_RULE_PATTERN, "column 10: no pattern"},
		{"admin = ~(", COSMO_E_RULE_PATTERN, "column 11: missing closing paren"},
		{"admin = ~[a", COSMO_E_RULE_PATTERN, "column 12: missing terminating ]"},
		{"admin = ~a\\", COSMO_E_RULE_PATTERN, "column 12: \\ at end"},
		{"admin = ~\\C", COSMO_E_RULE_PATTERN, "column "},
		{"admin = ~\xff", COSMO_E_RULE_PATTERN, "column 10: UTF-8"},
		{"admin = ~(?P<n>a)(?P<n>b)", COSMO_E_RULE_PATTERN, "column "},
		{"admin = ~(?C1)", COSMO_OK, ""},
		{"= x", COSMO_E_RULE_ROLE, "\"\" is no valid"},
		{" = x", COSMO_E_RULE_ROLE, "\"\" is no valid"},
		{"Admin = x", COSMO_E_RULE_ROLE, "\"Admin\" is no valid"},
		{"ad min = x", COSMO_E_RULE_ROLE, "\"ad min\" is no valid"},
		{"ad:min = x", COSMO_E_RULE_ROLE, "\"ad:min\" is no valid"},
		{"a@b = x", COSMO_E_RULE_ROLE, "\"a@b\" is no valid"},
		{"-a = x", COSMO_E_RULE_ROLE, "\"-a\" is no valid"},
		{"abcdefghijklmnopqrstuvwxyz0123456 = x", COSMO_E_RULE_ROLE,
			"role name is too long"},
		{"abcdefghijklmnopqrstuvwxyz012345 = x", COSMO_OK, ""},
	};

	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(cases); i++) {
		print_message("%s\n", cases[i].text);
		assert_int_equal(compile(cases[i].text), cases[i].err);
		print_message("  %s\n", why.text);
		assert_memory_equal(why.text, cases[i].column, strlen(cases[i].column));
	}
}

/* Newer versions of PCRE2 tell the column behind the fault. */
static void test_role_rule_compile__misplaced_character__column_of_it_or_behind(void **state)
{
	static const struct {
		const char *text;
		const char *reason[2];
	} cases[] = {
		{"admin = ~a)", {"column 11: unmatched closing", "column 12: unmatched closing"}},
		{"admin = ~*", {"column 10: quantifier", "column 11: quantifier"}},
	};

	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(cases); i++) {
		print_message("%s\n", cases[i].text);
		assert_int_equal(compile(cases[i].text), COSMO_E_RULE_PATTERN);
		print_message("  %s\n", why.text);
		assert_true(strstr(why.text, cases[i].reason[0]) == why.text ||
			    strstr(why.text, cases[i].reason[1]) == why.text);
	}
}

/* Each of these would run for ages; the limits end it, and the sign-in with it. */
/* case: rule: a catastrophic pattern is stopped by limits, and refuses the sign-in */
static void test_role_rule_match__catastrophic_pattern__is_stopped(void **state)
{
	static const char *const patterns[] = {"admin = ~(a+)+b", "admin = ~(a|aa)+b",
		"admin = ~(.*)*x", "admin = ~(a?){30}a{30}b", "admin = ~((a*)*)*b",
		"admin = ~(?:(?:a|a)*)*$b"};
	char value[4001] = "";
	size_t stopped = 0;

	(void)state;
	memset(value, 'a', sizeof(value) - 1);
	for (size_t i = 0; i < COSMO_ARRAY_LEN(patterns); i++) {
		bool matches = true;
		enum cosmo_err err = match(patterns[i], value, &matches);

		print_message("%s: %s\n", patterns[i], cosmo_err_id(err));
		/* PCRE2 sees at once that some cannot match: that is as good. */
		assert_true(err == COSMO_E_RULE_LIMIT || (err == COSMO_OK && !matches));
		stopped += err == COSMO_E_RULE_LIMIT;
	}
	memset(value, 'b', 1); /* so that the required letter is there */
	for (size_t i = 0; i < 2; i++) {
		bool matches = true;
		enum cosmo_err err =
			match(i ? "admin = ~b(a+)+[bc]" : "admin = ~b(a|aa)+[bc]", value, &matches);

		assert_int_equal(err, COSMO_E_RULE_LIMIT);
		assert_true(matches); /* left alone */
		stopped++;
	}
	assert_true(stopped >= 2);
}

/* Well below PCRE2's own limit: what a sign-in may cost is ours to say. */
/* case: rule: a catastrophic pattern is stopped by limits, and refuses the sign-in */
static void test_role_rule_match__a_million_steps__are_too_many(void **state)
{
	char value[201] = "";
	bool matches = true;

	(void)state;
	memset(value, 'a', sizeof(value) - 1);
	assert_int_equal(match("admin = ~a*a*a*a*[bc]", value, &matches), COSMO_E_RULE_LIMIT);
	value[20] = '\0';
	assert_int_equal(match("admin = ~a*a*a*a*[bc]", value, &matches), COSMO_OK);
	assert_false(matches);
}

/* A pattern cannot ask for more than the limits. */
/* case: rule: a pattern cannot raise its own limits */
static void test_role_rule_match__pattern_that_raises_the_limit__is_stopped_too(void **state)
{
	char value[2001] = "";
	bool matches = true;

	(void)state;
	memset(value, 'a', sizeof(value) - 1);
	assert_int_equal(match("admin = ~(*LIMIT_MATCH=4000000000)(a+)+[bc]", value, &matches),
		COSMO_E_RULE_LIMIT);
}

static void test_role_rule_compile__nesting_and_length__are_bounded(void **state)
{
	char many[1100] = "admin = ~";
	char *at = many + strlen(many);

	(void)state;
	memset(at, '(', 51);
	strcpy(at + 51, "a");
	memset(at + 52, ')', 51);
	at[103] = '\0';
	assert_int_equal(compile(many), COSMO_E_RULE_PATTERN);
	memset(at, '(', 50);
	at[50] = 'a';
	memset(at + 51, ')', 50);
	at[101] = '\0';
	assert_int_equal(compile(many), COSMO_OK);
	memset(at, 'a', 1025);
	at[1025] = '\0';
	assert_int_equal(compile(many), COSMO_E_RULE_PATTERN);
	at[1024] = '\0';
	assert_int_equal(compile(many), COSMO_OK);
}

static void test_role_rule__accessors__tell_role_and_text(void **state)
{
	COSMO_AUTO(role_rule_free) struct role_rule *rule = NULL;

	(void)state;
	assert_int_equal(role_rule_compile(" dba = ~x ", NULL, &rule), COSMO_OK);
	assert_string_equal(role_rule_role(rule), "dba");
	assert_string_equal(role_rule_text(rule), " dba = ~x ");
	role_rule_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_role_rule__values_and_patterns__match_the_whole),
		cmocka_unit_test(test_role_rule_compile__bad_rules__have_code_and_column),
		cmocka_unit_test(
			test_role_rule_compile__misplaced_character__column_of_it_or_behind),
		cmocka_unit_test(test_role_rule_match__catastrophic_pattern__is_stopped),
		cmocka_unit_test(test_role_rule_match__a_million_steps__are_too_many),
		cmocka_unit_test(
			test_role_rule_match__pattern_that_raises_the_limit__is_stopped_too),
		cmocka_unit_test(test_role_rule_compile__nesting_and_length__are_bounded),
		cmocka_unit_test(test_role_rule__accessors__tell_role_and_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
