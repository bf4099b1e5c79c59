/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ctl/roles_lint.h"
#include "pam_cosmo_sso/judge/role_rule.h"

/* What was found, as "5 covered, 7 privileged_group (note)". */
struct seen {
	char text[1024];
};

static void visit(void *context, const struct lint_finding *finding)
{
	struct seen *seen = context;
	size_t used = strlen(seen->text);

	assert_true(finding->what[0] && finding->what[strlen(finding->what) - 1] == '.');
	assert_true(finding->advice[0]);
	(void)snprintf(seen->text + used, sizeof(seen->text) - used, "%s%u %s%s", used ? ", " : "",
		finding->line, lint_kind_id(finding->kind), finding->is_note ? " (note)" : "");
}

/* By the judge's own code, as the judge would. */
static void match_all(const struct config *config, struct rules_probe *probe)
{
	struct reason why = {.text = ""};

	for (size_t i = 0; i < config->rule_count; i++) {
		COSMO_AUTO(role_rule_free) struct role_rule *rule = NULL;

		assert_int_equal(role_rule_compile(config->rules[i].text, &why, &rule), COSMO_OK);
		for (size_t k = 0; k < rules_probe_count(probe); k++) {
			bool matches = false;
			enum cosmo_err err =
				role_rule_match(rule, rules_probe_value(probe, k), &why, &matches);

			if (err == COSMO_E_RULE_LIMIT)
				rules_probe_note_hard(probe, i);
			if (matches)
				rules_probe_note_match(
					probe, config->rules[i].text, rules_probe_value(probe, k));
		}
	}
}

static void check(const char *text, const char *expected)
{
	COSMO_AUTO(config_free) struct config *config = NULL;
	COSMO_AUTO(rules_probe_free) struct rules_probe *probe = NULL;
	struct config_problem problem = {0};
	struct seen seen = {.text = ""};

	print_message("%s\n", text);
	assert_int_equal(config_parse(text, strlen(text), &config, &problem), COSMO_OK);
	assert_int_equal(rules_probe_new(config, &probe), COSMO_OK);
	match_all(config, probe);
	roles_lint(probe, visit, &seen);
	assert_string_equal(seen.text, expected);
}

/* One rule of developer in line 3; the rule of admin, in line 2, is as it should be. */
static void check_rule(const char *wanted, const char *expected)
{
	char text[2048] = "";

	(void)snprintf(
		text, sizeof(text), "[rules]\nadmin = root-admins\ndeveloper = %s\n", wanted);
	check(text, expected);
}

static void test_roles_lint__good_rules__nothing_is_found(void **state)
{
	static const char *const good[] = {"devs", "~team-.*", "~(dev|qa)-.*", "~team-[a-z]+",
		"~[Tt]eam.*", "~dev\\.ops", "~Eng \\(EU\\)", "~team-\\d+", "~(?i)devs", "~^devs$",
		"~team-a?(b)?", "~devs", "Eng (EU)", "C++", "CORP\\devs", "CORP\\staff", "a.b.c",
		"/hosts/devs", "Q&A?", "[EU] devs", "a | b", "R&D; Berlin", "US$", "~x{2}y",
		"~/hosts/.*", "\"Berlin\" devs", "it's", "7d3f0b9e-51c4-4e0a-9b7d-2c6a1f8e4d04"};

	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(good); i++)
		check_rule(good[i], "");
}

static void test_roles_lint__rules_that_let_through__are_found(void **state)
{
	static const char *const wide[] = {"~.*", "~.+", "~(.*)", "~.{3,}", "~(?s).*", "~[\\s\\S]+",
		"~.*|devs", "~(?!admins).*", "~\\w+", "~[a-z]+", "~[a-z]+-[a-z]+", "~[a-z-]{1,64}",
		"~[0-9a-f-]{36}", "~/.*", "~(/[a-z]+)+", "~[a-z.-]+\\.[a-z]+", "~[^ ]+"};

	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(wide); i++)
		check_rule(wide[i], "3 matches_everything");
}

static void test_roles_lint__what_is_written_otherwise_than_meant__is_found(void **state)
{
	static const struct {
		const char *wanted;
		const char *expected;
	} cases[] = {
		{"~Eng (EU)", "3 pattern_looks_literal"},
		{"~Eng [EU]", "3 pattern_looks_literal"},
		{"~C++", "3 pattern_looks_literal"},
		{"~Who?", "3 pattern_looks_literal"},
		{"~acme.devs", "3 pattern_looks_literal"},
		{"~US$ devs", "3 pattern_looks_literal"},
		{"~dev-*", "3 pattern_looks_literal"},
		{"~dev*", "3 pattern_looks_literal"},
		{"~(dev|qa)-*", "3 pattern_looks_literal"},
		{"~/hosts/*", "3 pattern_looks_literal"},
		{"dev-.*", "3 value_looks_like_pattern"},
		{"dev-*", "3 value_looks_like_pattern"},
		{"dev|qa", "3 value_looks_like_pattern"},
		{"^devs$", "3 value_looks_like_pattern"},
		{"team-[a-z]", "3 value_looks_like_pattern"},
		{"acme\\.devs", "3 value_looks_like_pattern"},
		{"team-\\d+", "3 value_looks_like_pattern"},
		{"(?i)devs", "3 value_looks_like_pattern"},
		{"\"devs\"", "3 marks"},
		{"'devs'", "3 marks"},
		{"devs # of Berlin", "3 marks"},
		{"~/team-.*/", "3 marks"},
		{"~(([a-z.-]+)+)+[!?]", "3 too_hard"},
	};

	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(cases); i++)
		check_rule(cases[i].wanted, cases[i].expected);
}

#define BUILT_IN "[rules]\nadmin = a1\n"

static void test_roles_lint__rules_that_change_nothing__are_found(void **state)
{
	(void)state;
	check(BUILT_IN "developer = devs\nadmin = a1\n", "4 doubled");
	check(BUILT_IN "developer = ~d.*\ndeveloper = ~ d.*\n", "4 doubled");
	check(BUILT_IN "developer = devs\ndeveloper = ~d.*\n", "3 covered");
	check(BUILT_IN "developer = ~d.*\ndeveloper = devs\n", "4 covered");
	/* All rules apply: another role is something else. */
	check(BUILT_IN "developer = a1\nadmin = ~d.*\ndeveloper = devs\n", "");
	check(BUILT_IN "developer = ~d.*\ndeveloper = ~de.*\n", "");
	check(BUILT_IN "developer = ~d.*\ndeveloper = ~.*\ndeveloper = ~.+\n",
		"3 covered, 4 matches_everything, 5 matches_everything, 5 covered");
	/* Longer than what can be tried. */
	{
		char text[2048] = "";

		(void)snprintf(
			text, sizeof(text), BUILT_IN "developer = %0600d\ndeveloper = ~[0]+\n", 0);
		check(text, "");
	}
}

static void test_roles_lint__with_a_prefix__rules_that_still_have_it_are_found(void **state)
{
	const char *prefix = "[integration]\nvalue_strip_prefix = /\n[rules]\n";
	char text[512] = "";

	(void)state;
	(void)snprintf(text, sizeof(text), "%sadmin = /hosts/a\ndeveloper = ~/hosts/d.*\n", prefix);
	check(text, "4 stripped, 5 stripped");
	(void)snprintf(text, sizeof(text), "%sadmin = hosts/a\ndeveloper = ~hosts/d.*\n", prefix);
	check(text, "");
}

#define CLIENT "client_id = x\n"

static void test_roles_lint__where_anybody_has_an_account__the_open_door_is_found(void **state)
{
	static const char *const google =
		"[integration]\nissuer = https://accounts.google.com\n" CLIENT
		"[rules]\nadmin = a\ndeveloper = d\n";
	char text[1024] = "";

	(void)state;
	check(google, "0 open_door");
	(void)snprintf(
		text, sizeof(text), "%s[roles]\nno_match = deny\nno_claim = viewer\n", google);
	check(text, "0 open_door");
	(void)snprintf(text, sizeof(text), "%sviewer = ~.*\n[roles]\nno_match = deny\n", google);
	check(text, "7 matches_everything");
	check("[integration]\nissuer = https://idp.example\n" CLIENT
	      "[rules]\nadmin = a\ndeveloper = d\nviewer = ~.*\n[roles]\nno_claim = viewer\n",
		"7 matches_everything (note)");
}

static void test_roles_lint__roles__without_a_rule_and_with_groups_are_found(void **state)
{
	(void)state;
	check("", "");
	check("[rules]\nadmin = a\n", "0 role_without_rule (note)");
	check(BUILT_IN "developer = d\n[roles]\nno_match = deny\n", "0 role_without_rule (note)");
	check(BUILT_IN "developer = d\n[role dba]\n", "4 role_without_rule");
	check(BUILT_IN "developer = d\ndba = x\n[role dba]\n", "");
	check(BUILT_IN "developer = d\n[role admin]\nlocal_groups = sudo docker dialout\n"
		       "allow_privileged = yes\n",
		"4 privileged_group (note), 4 privileged_group (note)");
	check(BUILT_IN "developer = d\n[role admin]\ngroup = wheel\nallow_privileged = yes\n",
		"4 privileged_group (note)");
	check("[role admin]\nlocal_groups = lxd\nallow_privileged = yes\n",
		"1 privileged_group (note)");
}

static void test_lint_kind_id__each_kind__has_a_word(void **state)
{
	(void)state;
	for (int kind = 0; kind <= LINT_PRIVILEGED_GROUP; kind++)
		assert_non_null(lint_kind_id((enum lint_kind)kind));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_roles_lint__good_rules__nothing_is_found),
		cmocka_unit_test(test_roles_lint__rules_that_let_through__are_found),
		cmocka_unit_test(test_roles_lint__what_is_written_otherwise_than_meant__is_found),
		cmocka_unit_test(test_roles_lint__rules_that_change_nothing__are_found),
		cmocka_unit_test(
			test_roles_lint__with_a_prefix__rules_that_still_have_it_are_found),
		cmocka_unit_test(
			test_roles_lint__where_anybody_has_an_account__the_open_door_is_found),
		cmocka_unit_test(test_roles_lint__roles__without_a_rule_and_with_groups_are_found),
		cmocka_unit_test(test_lint_kind_id__each_kind__has_a_word),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
