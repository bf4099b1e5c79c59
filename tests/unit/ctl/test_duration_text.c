/* SPDX-License-Identifier: MIT */
#include "ctl/duration_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "common/base/auto.h"

static const struct {
	int64_t duration_s;
	const char *text;
} cases[] = {
	{0, "0 min"},
	{59, "0 min"},
	{60, "1 min"},
	{3599, "59 min"},
	{3600, "1 h 0 min"},
	{86399, "23 h 59 min"},
	{86400, "1 d 0 h"},
	{93600, "1 d 2 h"},
	{INT64_MAX, "106751991167300 d 15 h"},
};

static void test_duration_text__each_length__two_units_at_most(void **state)
{
	char text[DURATION_TEXT_BYTES] = "";

	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(cases); i++) {
		duration_text(cases[i].duration_s, text);
		assert_string_equal(text, cases[i].text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_duration_text__each_length__two_units_at_most),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
