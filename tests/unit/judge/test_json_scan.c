/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "pam_cosmo_sso/judge/json_scan.h"

#define DEPTH 3

static enum cosmo_err scan(const char *text)
{
	return json_scan(text, strlen(text), DEPTH);
}

static void test_json_scan__good_tokens__pass(void **state)
{
	static const char *const cases[] = {
		"",
		" \t\r\n",
		"{}",
		"{\"a\":1}",
		"{\"a\":{\"b\":1},\"c\":[2]}",
		"{\"a:b\":\"c:d\"}",
		"[true,false,null]",
		"[0,-0,1,-1,10,1.5,0.5e1,1E+2,1e-2,123456789012345678901234567890]",
		"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0001\\uFFFF\\uabcd\"",
		"\"\\ud834\\uDD1E\"",
		"\"\x7f\xc2\x80\xdf\xbf\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbf\"",
		"\"\xf0\x90\x80\x80\xf4\x8f\xbf\xbf\"",
	};

	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(cases); i++) {
		print_message("%s\n", cases[i]);
		assert_int_equal(scan(cases[i]), COSMO_OK);
	}
}

/* case: claim: text that is no UTF-8 makes the whole answer unreadable */
static void test_json_scan__bad_tokens__are_refused(void **state)
{
	static const char *const cases[] = {
		/* numbers */
		"01",
		"-01",
		"00",
		"+1",
		".5",
		"1.",
		"-",
		"1e",
		"1e+",
		"1.e1",
		"-.5",
		"0x10",
		"NaN",
		"nan",
		"Infinity",
		"-Infinity",
		"1_0",
		/* words */
		"True",
		"nul",
		"nulL",
		"tru",
		"undefined",
		"t",
		/* strings */
		"\"",
		"\"a",
		"'a'",
		"\"\\\"",
		"\"\\x41\"",
		"\"\\u00\"",
		"\"\\u00g0\"",
		"\"\\\n\"",
		"\"\\a\"",
		"\"\\'\"",
		"\"a\nb\"",
		"\"a\tb\"",
		"\"\x1f\"",
		"\"\x01\"",
		/* NUL and half pairs */
		"\"\\u0000\"",
		"\"\\ud834\"",
		"\"\\udd1e\"",
		"\"\\ud834x\"",
		"\"\\ud834\\n\"",
		"\"\\ud834\\u0041\"",
		"\"\\ud834\\ud834\"",
		"\"\\udd1e\\ud834\"",
		"\"\\ud834\\u\"",
		/* bad UTF-8 */
		"\"\x80\"",
		"\"\xc0\x80\"",
		"\"\xc1\xbf\"",
		"\"\xc2\"",
		"\"\xc2\x41\"",
		"\"\xe0\x9f\xbf\"",
		"\"\xe2\x82\"",
		"\"\xed\xa0\x80\"",
		"\"\xf0\x8f\xbf\xbf\"",
		"\"\xf0\x9f\x98\"",
		"\"\xf4\x90\x80\x80\"",
		"\"\xf5\x80\x80\x80\"",
		"\"\xff\"",
		/* anything else */
		"/* c */",
		"// c",
		"#",
		"\v",
		"\f",
		"\xef\xbb\xbf{}",
		"\xc2\xa0",
		"a",
		"\\",
		"`",
		/* more closed than opened */
		"}",
		"]",
		"{}}",
		"[]]",
	};

	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(cases); i++) {
		print_message("%zu: %s\n", i, cases[i]);
		assert_int_equal(scan(cases[i]), COSMO_E_FORMAT);
	}
}

/* case: grant: nesting without end is refused before it costs anything */
static void test_json_scan__depth__is_bounded_for_both_kinds(void **state)
{
	(void)state;
	assert_int_equal(scan("[[[]]]"), COSMO_OK);
	assert_int_equal(scan("[[[[]]]]"), COSMO_E_FORMAT);
	assert_int_equal(scan("{\"a\":{\"a\":{}}}"), COSMO_OK);
	assert_int_equal(scan("{\"a\":{\"a\":{\"a\":{}}}}"), COSMO_E_FORMAT);
	assert_int_equal(scan("{\"a\":[{\"a\":[]}]}"), COSMO_E_FORMAT);
	assert_int_equal(scan("[[],[],[],[],[[[],[]]]]"), COSMO_E_FORMAT);
	assert_int_equal(scan("[[],[],[],[],[[]]]"), COSMO_OK);
	assert_int_equal(scan("\"[[[[[[[\""), COSMO_OK);
}

static void test_json_scan__nul__is_refused_wherever_it_stands(void **state)
{
	static const char text[] = "{\"ab\": [1, true]}";

	(void)state;
	for (size_t at = 0; at < sizeof(text) - 1; at++) {
		char copy[sizeof(text)];

		memcpy(copy, text, sizeof(text));
		copy[at] = '\0';
		assert_int_equal(json_scan(copy, sizeof(text) - 1, DEPTH), COSMO_E_FORMAT);
	}
}

/* In memory of exactly its size, so that a look behind the end would be seen. */
static void test_json_scan__cut_at_every_byte__stays_inside(void **state)
{
	static const char text[] =
		"{\"\xf0\x9f\x98\x80\\ud834\\udd1e\":-1.5e+10,\"b\":[true,null]}";

	(void)state;
	for (size_t len = 0; len < sizeof(text); len++) {
		COSMO_AUTO(free) char *copy = malloc(len ? len : 1);

		assert_non_null(copy);
		memcpy(copy, text, len);
		(void)!json_scan(copy, len, DEPTH);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_json_scan__good_tokens__pass),
		cmocka_unit_test(test_json_scan__bad_tokens__are_refused),
		cmocka_unit_test(test_json_scan__depth__is_bounded_for_both_kinds),
		cmocka_unit_test(test_json_scan__nul__is_refused_wherever_it_stands),
		cmocka_unit_test(test_json_scan__cut_at_every_byte__stays_inside),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
