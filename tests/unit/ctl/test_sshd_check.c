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

/* OpenSSH 10.6 prints the names as its manual spells them. */
static void test_sshd_check_is__name_in_any_case__found(void **state)
{
	(void)state;
	assert_true(sshd_check_is("Port 22\nUsePAM yes\n", "usepam", "yes"));
	assert_false(sshd_check_is("UsePAM Yes\n", "usepam", "yes"));
	assert_int_equal(sshd_check_grace_s("LoginGraceTime 90\n"), 90);
}

#define CONVERSES "usepam yes\nkbdinteractiveauthentication yes\n"

static void test_sshd_check_lacks__each_setting__named(void **state)
{
	(void)state;
	assert_null(sshd_check_lacks(CONVERSES));
	assert_null(sshd_check_lacks(
		"UsePAM yes\nPAMServiceName sshd\nKbdInteractiveAuthentication yes\n"));
	assert_string_equal(sshd_check_lacks(output), "kbdinteractiveauthentication yes");
	assert_string_equal(
		sshd_check_lacks("usepam no\nkbdinteractiveauthentication yes\n"), "usepam yes");
	assert_string_equal(sshd_check_lacks(""), "usepam yes");
}

/* Names would be known to sshd, and PAM would be asked elsewhere than where our module is. */
static void test_sshd_check_lacks__other_pam_service__named(void **state)
{
	(void)state;
	assert_string_equal(
		sshd_check_lacks(CONVERSES "pamservicename ssh\n"), "pamservicename sshd");
	assert_string_equal(
		sshd_check_lacks("PAMServiceName sshd2\n" CONVERSES), "pamservicename sshd");
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
		cmocka_unit_test(test_sshd_check_is__name_in_any_case__found),
		cmocka_unit_test(test_sshd_check_lacks__each_setting__named),
		cmocka_unit_test(test_sshd_check_lacks__other_pam_service__named),
		cmocka_unit_test(test_sshd_check_grace__told_or_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
