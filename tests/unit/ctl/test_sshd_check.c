/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ctl/sshd_check.h"

static const char output[] = "port 22\nusepam yes\nlogingracetime 120\nusepamx no\n"
			     "kbdinteractiveauthentication no\nauthenticationmethods any\n"
			     "permitrootlogin without-password";

static void test_sshd_check_is__whole_name_and_value__or_no(void **state)
{
	(void)state;
	assert_true(sshd_check_is(output, "usepam", "yes"));
	assert_true(sshd_check_is(output, "permitrootlogin", "without-password"));
	assert_false(sshd_check_is(output, "usepam", "ye"));
	assert_false(sshd_check_is(output, "usepam", "yes "));
	assert_false(sshd_check_is(output, "usepa", "yes"));
	assert_false(sshd_check_is(output, "kbdinteractiveauthentication", "yes"));
	assert_false(sshd_check_is(output, "authentication", "no"));
	assert_false(sshd_check_is("usepam-yes\n", "usepam", "yes"));
	assert_false(sshd_check_is("", "usepam", "yes"));
	assert_false(sshd_check_is(NULL, "usepam", "yes"));
	assert_false(sshd_check_is("usepam\nusepam yes", "usepam", ""));
}

static void test_sshd_check_grace__told_or_not(void **state)
{
	(void)state;
	assert_int_equal(sshd_check_grace_s(output), 120);
	assert_int_equal(sshd_check_grace_s("logingracetime 0\n"), 0);
	assert_int_equal(sshd_check_grace_s("logingracetime x\n"), -1);
	assert_int_equal(
		sshd_check_grace_s("logingracetime 1000000000000000000000000000000000000000\n"),
		-1);
	assert_int_equal(sshd_check_grace_s("port 22\n"), -1);
	assert_int_equal(sshd_check_grace_s(NULL), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sshd_check_is__whole_name_and_value__or_no),
		cmocka_unit_test(test_sshd_check_grace__told_or_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
