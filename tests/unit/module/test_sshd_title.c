/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/base/auto.h"
#include "pam_cosmo_sso/module/sshd_title.h"

/* case: conversation: sshd's method password is told from keyboard-interactive by its process */
static void test_sshd_title_ends_in_priv__titles__the_monitors_alone(void **state)
{
	static const struct {
		const char *cmdline;
		size_t len;
		bool expected;
	} rows[] = {
		{"sshd: ada [priv]", 16, true},
		{"sshd: ada [priv]\0\0\0", 19, true},
		{"sshd-session: ada [priv]\0", 25, true},
		{"sshd: unknown [priv]", 20, true},
		{"sshd: ada [pam]\0\0\0", 18, false},
		{"sshd: ada [net]", 15, false},
		{"sshd: ada", 9, false},
		{"sshd: ada[priv]", 15, false},
		{"sshd: ada [priv] ", 17, false},
		{"sshd\0-D\0x [priv]\0", 17, false},
		{"[priv]", 6, false},
		{" [priv]", 6, false},
		{"\0 [priv]", 8, false},
		{"", 0, false},
	};

	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(rows); i++) {
		print_message("%s\n", rows[i].cmdline);
		assert_int_equal(
			sshd_title_ends_in_priv(rows[i].cmdline, rows[i].len), rows[i].expected);
	}
}

static void test_sshd_title_is_of_password__this_test__is_no_sshd(void **state)
{
	(void)state;
	assert_false(sshd_title_is_of_password());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sshd_title_ends_in_priv__titles__the_monitors_alone),
		cmocka_unit_test(test_sshd_title_is_of_password__this_test__is_no_sshd),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
