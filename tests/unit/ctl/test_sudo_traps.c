/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "common/base/auto.h"
#include "ctl/sudo_traps.h"

#define DEFAULTS(entries)    "{\"Defaults\":[" entries "]}"
#define ALL(settings)        "{\"Options\":[" settings "]}"
#define ONE(settings)        "{\"Binding\":[{\"username\":\"ada\"}],\"Options\":[" settings "]}"
#define TARGETPW(value)      "{\"targetpw\":" value "}"
#define ACCT_MGMT(value)     "{\"pam_acct_mgmt\":" value "}"
#define PAM_SERVICE(service) "{\"pam_service\":\"" service "\"}"

static void test_sudo_traps_read__each_setting__a_trap_or_none(void **state)
{
	static const struct {
		const char *json;
		const char *option; /* NULL: no trap */
		bool negated;
		const char *service;
	} rows[] = {
		{"{}", NULL, false, ""},
		{DEFAULTS(ALL("{\"env_reset\":true}")), NULL, false, ""},
		{DEFAULTS(ALL(TARGETPW("true"))), "targetpw", false, ""},
		{DEFAULTS(ALL(TARGETPW("true")) "," ALL(TARGETPW("false"))), NULL, false, ""},
		{DEFAULTS(ONE(TARGETPW("true")) "," ALL(TARGETPW("false"))), "targetpw", false, ""},
		{DEFAULTS(ALL(TARGETPW("true")) "," ONE(TARGETPW("false"))), "targetpw", false, ""},
		{DEFAULTS(ALL(ACCT_MGMT("false"))), "pam_acct_mgmt", true, ""},
		{DEFAULTS(ALL(ACCT_MGMT("true"))), NULL, false, ""},
		{DEFAULTS(ALL(PAM_SERVICE("other"))), "pam_service", false, "other"},
		{DEFAULTS(ALL(PAM_SERVICE("sudo"))), NULL, false, ""},
		{"cvtsudoers: a warning\n" DEFAULTS(ALL(TARGETPW("true"))), "targetpw", false, ""},
	};

	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(rows); i++) {
		struct sudo_traps traps = {.count = 0};

		assert_true(sudo_traps_read(rows[i].json, &traps));
		assert_int_equal(traps.count, rows[i].option ? 1 : 0);
		if (!rows[i].option)
			continue;
		assert_string_equal(traps.items[0].option, rows[i].option);
		assert_int_equal(traps.items[0].negated, rows[i].negated);
		assert_string_equal(traps.items[0].service, rows[i].service);
		/* Whose password is asked for leads nobody past us. */
		if (streq(rows[i].option, "targetpw"))
			assert_string_equal(
				traps.items[0].password_of, "of whom a command runs as");
		else
			assert_null(traps.items[0].password_of);
	}
}

static void test_sudo_traps_read__no_such_text__false(void **state)
{
	struct sudo_traps traps = {.count = 0};

	(void)state;
	assert_false(sudo_traps_read("", &traps));
	assert_false(sudo_traps_read("sudoers:1: syntax error", &traps));
	assert_false(sudo_traps_read("{", &traps));
	assert_true(sudo_traps_read("{\"Defaults\":7}", &traps));
	assert_true(sudo_traps_read("{\"Defaults\":[7,{\"Options\":[null,7]}]}", &traps));
	assert_int_equal(traps.count, 0);
}

static void test_sudo_traps_line__of_defaults_alone__the_last(void **state)
{
	const struct sudo_trap flag = {.option = "targetpw"};
	const struct sudo_trap negated = {.option = "pam_acct_mgmt", .negated = true};

	(void)state;
	assert_int_equal(sudo_traps_line("Defaults targetpw\n", &flag), 1);
	assert_int_equal(
		sudo_traps_line("# targetpw\nDefaults:ada targetpw\nDefaults x\n", &flag), 2);
	assert_int_equal(sudo_traps_line("Defaults a, \\\n b,targetpw\n", &flag), 2);
	assert_int_equal(sudo_traps_line("Defaults targetpwx, xtargetpw, !targetpw\n", &flag), 0);
	assert_int_equal(sudo_traps_line("ada ALL=(ALL) targetpw\n", &flag), 0);
	assert_int_equal(sudo_traps_line("Defaults pam_acct_mgmt\n", &negated), 0);
	assert_int_equal(sudo_traps_line("\nDefaults !pam_acct_mgmt", &negated), 2);
	assert_int_equal(sudo_traps_line("", &flag), 0);
}

static void test_sudo_traps_without__one_of_several__the_others_stay(void **state)
{
	static const struct {
		const char *before;
		const char *after;
	} rows[] = {
		{"Defaults targetpw", ""},
		{"Defaults:ada\ttargetpw\n", ""},
		{"Defaults targetpw, insults\n", "Defaults insults"},
		{"Defaults insults, targetpw\n", "Defaults insults"},
		{"Defaults a, targetpw , b=\"x y\"\n", "Defaults a, b=\"x y\""},
	};
	const struct sudo_trap trap = {.option = "targetpw"};

	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(rows); i++) {
		COSMO_AUTO(free) char *rest = NULL;

		assert_true(sudo_traps_without(rows[i].before, 1, &trap, &rest));
		assert_string_equal(rest, rows[i].after);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sudo_traps_read__each_setting__a_trap_or_none),
		cmocka_unit_test(test_sudo_traps_read__no_such_text__false),
		cmocka_unit_test(test_sudo_traps_line__of_defaults_alone__the_last),
		cmocka_unit_test(test_sudo_traps_without__one_of_several__the_others_stay),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
