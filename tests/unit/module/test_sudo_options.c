/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/base/auto.h"
#include "pam_cosmo_sso/module/sudo_options.h"

#define ROW(cmdline, expected)                                                                     \
	{                                                                                          \
		cmdline, sizeof(cmdline), expected                                                 \
	}

/* case: recent: sudo -n is told from every other way to call sudo */
static void test_sudo_options_have_n__command_lines__that_of_sudo_alone(void **state)
{
	static const struct {
		const char *cmdline;
		size_t len;
		bool expected;
	} rows[] = {
		ROW("sudo\0-n\0id", true),
		ROW("sudo\0-kn\0id", true),
		ROW("sudo\0-u\0bob\0-n\0id", true),
		ROW("sudo\0-ubob\0-n\0id", true),
		ROW("sudo\0--user\0bob\0--non-interactive\0id", true),
		ROW("sudo\0--user=bob\0--non\0id", true),
		ROW("sudo\0A=b\0-n\0id", true),
		ROW("sudo\0-n", true),
		ROW("sudoedit\0-n\0/etc/hosts", true),
		ROW("sudo\0id\0-n", false),
		ROW("sudo\0--\0-n", false),
		ROW("sudo\0-u\0-n\0id", false),
		ROW("sudo\0-un\0id", false),
		ROW("sudo\0--prompt\0-n\0id", false),
		ROW("sudo\0--no-update\0id", false),
		ROW("sudo\0-i", false),
		ROW("sudo\0-\0-n", false),
		ROW("-n\0id", false),
		ROW("sudo", false),
		ROW("", false),
		{"sudo\0-nothing-ends-it", 8, false},
		{"sudo", 4, false},
		{"", 0, false},
	};

	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(rows); i++) {
		print_message("row %zu\n", i);
		assert_int_equal(
			sudo_options_have_n(rows[i].cmdline, rows[i].len), rows[i].expected);
	}
}

static void test_sudo_options_forbid_asking__this_test__does_not(void **state)
{
	(void)state;
	assert_false(sudo_options_forbid_asking());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sudo_options_have_n__command_lines__that_of_sudo_alone),
		cmocka_unit_test(test_sudo_options_forbid_asking__this_test__does_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
