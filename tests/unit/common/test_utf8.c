/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/base/auto.h"
#include "common/base/utf8.h"

static void test_utf8_decode__ends_of_each_length__are_read(void **state)
{
	static const struct {
		const char *text;
		size_t len;
		uint32_t code;
	} cases[] = {
		{"\x01", 1, 1},
		{"\x7f", 1, 0x7f},
		{"\xc2\x80", 2, 0x80},
		{"\xdf\xbf", 2, 0x7ff},
		{"\xe0\xa0\x80", 3, 0x800},
		{"\xed\x9f\xbf", 3, 0xd7ff},
		{"\xee\x80\x80", 3, 0xe000},
		{"\xef\xbf\xbf", 3, 0xffff},
		{"\xf0\x90\x80\x80", 4, 0x10000},
		{"\xf4\x8f\xbf\xbf", 4, 0x10ffff},
	};

	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(cases); i++) {
		uint32_t code = 0;

		print_message("case %zu\n", i);
		assert_int_equal(utf8_decode(cases[i].text, &code), cases[i].len);
		assert_int_equal(code, cases[i].code);
		assert_true(utf8_is_valid(cases[i].text));
	}
}

static void test_utf8__malformed__is_refused(void **state)
{
	static const char *const cases[] = {
		"\x80",
		"\xbf",
		"\xc0\x80",
		"\xc1\xbf", /* lone, overlong */
		"\xc2",
		"\xc2\x41",
		"\xe0\x9f\xbf",
		"\xe2\x82", /* cut short, overlong */
		"\xed\xa0\x80",
		"\xed\xbf\xbf", /* half a surrogate pair */
		"\xf0\x8f\xbf\xbf",
		"\xf4\x90\x80\x80",
		"\xf0\x9f\x98", /* overlong, beyond, cut */
		"\xf5\x80\x80\x80",
		"\xfe",
		"\xff",
		("ab\377cd"),
	};

	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(cases); i++) {
		print_message("case %zu\n", i);
		assert_false(utf8_is_valid(cases[i]));
	}
	assert_true(utf8_is_valid(""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_utf8_decode__ends_of_each_length__are_read),
		cmocka_unit_test(test_utf8__malformed__is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
