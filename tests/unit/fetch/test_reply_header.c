/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/base/auto.h"
#include "pam_cosmo_sso/fetch/reply_header.h"

#define NOW_S ((int64_t)784111777) /* Sun, 06 Nov 1994 08:49:37 GMT */

struct row {
	const char *value;
	int64_t expected;
};

static void test_reply_header_date_s__forms_of_rfc_9110__epoch(void **state)
{
	static const struct row rows[] = {
		{"Sun, 06 Nov 1994 08:49:37 GMT", NOW_S},
		{"Sunday, 06-Nov-94 08:49:37 GMT", NOW_S},
		{"Sun Nov  6 08:49:37 1994", NOW_S},
		{"Thu, 01 Jan 1970 00:00:00 GMT", 0},
		{"yesterday", REPLY_HEADER_NONE},
		{"", REPLY_HEADER_NONE},
		{NULL, REPLY_HEADER_NONE},
	};

	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(rows); i++) {
		print_message("row: %s\n", rows[i].value ? rows[i].value : "(none)");
		assert_int_equal(reply_header_date_s(rows[i].value), rows[i].expected);
	}
}

static void test_reply_header_retry_after_s__seconds_or_date__seconds(void **state)
{
	static const struct row rows[] = {
		{"0", 0},
		{"7", 7},
		{"007", 7},
		{"86400", REPLY_HEADER_MAX_S},
		{"86401", REPLY_HEADER_MAX_S},
		{"99999999999999999999999999", REPLY_HEADER_MAX_S},
		{"Sun, 06 Nov 1994 08:50:37 GMT", 60},
		{"Sun, 06 Nov 1994 08:49:37 GMT", 0},
		{"Sun, 06 Nov 1994 08:48:37 GMT", 0},
		{"Sun, 06 Nov 2094 08:49:37 GMT", REPLY_HEADER_MAX_S},
		{"-1", REPLY_HEADER_NONE},
		{"soon", REPLY_HEADER_NONE},
		{"", REPLY_HEADER_NONE},
		{NULL, REPLY_HEADER_NONE},
	};

	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(rows); i++) {
		print_message("row: %s\n", rows[i].value ? rows[i].value : "(none)");
		assert_int_equal(
			reply_header_retry_after_s(rows[i].value, NOW_S), rows[i].expected);
	}
}

static void test_reply_header_max_age_s__directives__shortest(void **state)
{
	static const struct row rows[] = {
		{"max-age=90", 90},
		{"public, max-age=90", 90},
		{"PUBLIC,\tMax-Age=90 ,must-revalidate", 90},
		{"max-age=\"90\"", 90},
		{"max-age=90, max-age=10", 10},
		{"max-age=0", 0},
		{"max-age=000090", 90},
		{"max-age=86401", REPLY_HEADER_MAX_S},
		{"max-age=9999999999999999999999", REPLY_HEADER_MAX_S},
		{"max-age=90, no-store", 0},
		{"No-Cache, max-age=90", 0},
		{"no-cache=\"Set-Cookie\", max-age=90", 0},
		{"max-age", 0},
		{"max-age=", 0},
		{"max-age=\"\"", 0},
		{"max-age=\"", 0},
		{"max-age=-1", 0},
		{"max-age=9O", 0},
		{"max-age=9 0", 0},
		{"s-maxage=90", REPLY_HEADER_NONE},
		{"max-aged=90", REPLY_HEADER_NONE},
		{"x-max-age=90", REPLY_HEADER_NONE},
		{"no-storey", REPLY_HEADER_NONE},
		{"public", REPLY_HEADER_NONE},
		{" ,, ,", REPLY_HEADER_NONE},
		{"", REPLY_HEADER_NONE},
		{NULL, REPLY_HEADER_NONE},
	};

	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(rows); i++) {
		print_message("row: %s\n", rows[i].value ? rows[i].value : "(none)");
		assert_int_equal(reply_header_max_age_s(rows[i].value), rows[i].expected);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reply_header_date_s__forms_of_rfc_9110__epoch),
		cmocka_unit_test(test_reply_header_retry_after_s__seconds_or_date__seconds),
		cmocka_unit_test(test_reply_header_max_age_s__directives__shortest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
