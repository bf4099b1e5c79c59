/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "pam_cosmo_sso/judge/match_answer.h"

#define EURO "\xe2\x82\xac"

static void test_match_answer_cut__values__whole_or_cut_between_characters(void **state)
{
	static const struct {
		const char *value;
		const char *expected; /* in 8 bytes */
	} rows[] = {
		{"", ""},
		{"admins", "admins"},
		{"admins7", "admins7"},
		{"admins78", "admins7"},
		{"abcd" EURO, "abcd" EURO},
		{"abcde" EURO, "abcde"},
		{"abcdef" EURO, "abcdef"},
		{"abcd" EURO EURO, "abcd" EURO},
		{"\x82\x82\x82\x82\x82\x82\x82\x82\x82", ""},
	};

	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(rows); i++) {
		char cut[8] = "";

		print_message("%s\n", rows[i].value);
		match_answer_cut(rows[i].value, cut, sizeof(cut));
		assert_string_equal(cut, rows[i].expected);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_match_answer_cut__values__whole_or_cut_between_characters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
