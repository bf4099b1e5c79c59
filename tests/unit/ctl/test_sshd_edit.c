/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ctl/sshd_edit.h"

#define CONVERSATION                                                                               \
	"# Signing in with a code is a conversation: keyboard-interactive through PAM.\n"          \
	"UsePAM yes\nKbdInteractiveAuthentication yes\n"                                           \
	"# Its users have no password. A client that tries one first would be shut out from the "  \
	"conversation.\nMatch Group cosmo-users\n    PasswordAuthentication no\nMatch all\n"
#define WAITING                                                                                            \
	"# A sign-in that waits for its approval is a connection that has not logged in yet. Of several\n" \
	"# MaxStartups lines older versions of sshd take the last, newer ones the first: see sshd -T.\n"
#define SHIPPED CONVERSATION WAITING "MaxStartups 62:30:162\n"
#define AROUND(LINES)                                                                              \
	"# BEGIN cosmo-sso (cosmo-ssoctl disable takes this out)\n" LINES "# END cosmo-sso\n"
#define BLOCK AROUND(SHIPPED)

static void check(const char *before, const char *enabled_to, const char *disabled_to)
{
	COSMO_AUTO(free) char *enabled = NULL;
	COSMO_AUTO(free) char *again = NULL;
	COSMO_AUTO(free) char *disabled = NULL;
	const char *problem = NULL;

	assert_int_equal(sshd_edit_enable(before, "62:30:162", &enabled, &problem), COSMO_OK);
	assert_string_equal(enabled, enabled_to);
	assert_int_equal(sshd_edit_enable(enabled, "62:30:162", &again, &problem), COSMO_OK);
	assert_string_equal(again, enabled_to);
	assert_int_equal(sshd_edit_disable(enabled, &disabled, &problem), COSMO_OK);
	if (disabled_to)
		assert_string_equal(disabled, disabled_to);
	else
		assert_null(disabled);
}

static void test_sshd_edit__no_file__comes_and_goes(void **state)
{
	(void)state;
	check(NULL, BLOCK, NULL);
}

static void test_sshd_edit__lines_of_others__stay_behind_ours(void **state)
{
	(void)state;
	check("LoginGraceTime 600\n", BLOCK "LoginGraceTime 600\n", "LoginGraceTime 600\n");
	check("# x", BLOCK "# x", "# x");
}

static void test_sshd_edit__the_shipped_file_by_hand__is_ours(void **state)
{
	(void)state;
	check(SHIPPED, BLOCK, NULL);
}

static void test_sshd_edit__written_to_meanwhile__keeps_that(void **state)
{
	COSMO_AUTO(free) char *disabled = NULL;
	const char *problem = NULL;

	(void)state;
	assert_int_equal(sshd_edit_disable("# mine\n" BLOCK "MaxStartups 9\n", &disabled, &problem),
		COSMO_OK);
	assert_string_equal(disabled, "# mine\nMaxStartups 9\n");
}

static void test_sshd_edit__damaged_block__is_refused(void **state)
{
	const char *problem = NULL;
	char *untouched = NULL;

	(void)state;
	assert_int_equal(
		sshd_edit_enable("# BEGIN cosmo-sso (cosmo-ssoctl disable takes this out)\n", NULL,
			&untouched, &problem),
		COSMO_E_FORMAT);
	assert_non_null(strstr(problem, "damaged"));
	assert_null(untouched);
}

/* case: budget: where sshd admits enough waiting connections, its MaxStartups is left to the
 * administrator */
static void test_sshd_edit__startups__as_told_or_none(void **state)
{
	static const struct {
		const char *text;
		bool has;
	} rows[] = {
		{NULL, false},
		{"", false},
		{SHIPPED, true},
		{BLOCK, true},
		{BLOCK "MaxStartups 9\n", true},
		{AROUND(CONVERSATION), false},
		{AROUND(CONVERSATION) "MaxStartups 9\n", false},
		{"# mine\nMaxStartups 9\n", false},
	};
	COSMO_AUTO(free) char *none = NULL;
	COSMO_AUTO(free) char *more = NULL;
	const char *problem = NULL;

	(void)state;
	assert_int_equal(sshd_edit_enable(BLOCK, NULL, &none, &problem), COSMO_OK);
	assert_string_equal(none, AROUND(CONVERSATION));
	assert_int_equal(sshd_edit_enable(none, "260:30:360", &more, &problem), COSMO_OK);
	assert_string_equal(more, AROUND(CONVERSATION WAITING "MaxStartups 260:30:360\n"));
	for (size_t i = 0; i < COSMO_ARRAY_LEN(rows); i++)
		assert_int_equal(sshd_edit_has_startups(rows[i].text), rows[i].has);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sshd_edit__no_file__comes_and_goes),
		cmocka_unit_test(test_sshd_edit__lines_of_others__stay_behind_ours),
		cmocka_unit_test(test_sshd_edit__the_shipped_file_by_hand__is_ours),
		cmocka_unit_test(test_sshd_edit__written_to_meanwhile__keeps_that),
		cmocka_unit_test(test_sshd_edit__damaged_block__is_refused),
		cmocka_unit_test(test_sshd_edit__startups__as_told_or_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
