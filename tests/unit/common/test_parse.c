/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/base/parse.h"

/* An output that must stay as it is when the input is refused. */
#define UNTOUCHED 77

struct u64_case {
	const char *text;
	uint64_t min, max;
	uint64_t value;
};

static void test_parse_u64__whole_numbers_in_range__are_read(void **state)
{
	static const struct u64_case cases[] = {
		{"0", 0, 9, 0},
		{"7", 7, 7, 7},
		{"18446744073709551615", 0, UINT64_MAX, UINT64_MAX},
	};

	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(cases); i++) {
		uint64_t value = UNTOUCHED;

		print_message("%s\n", cases[i].text);
		assert_int_equal(
			parse_u64(cases[i].text, cases[i].min, cases[i].max, &value), COSMO_OK);
		assert_int_equal(value, cases[i].value);
	}
}

static void test_parse_u64__anything_else__is_refused(void **state)
{
	static const char *const cases[] = {NULL, "", " 1", "1 ", "+1", "-1", "01", "00", "0x10",
		"1e3", "1.0", "18446744073709551616", "99999999999999999999", "1\n", "\xd9\xa1"};
	uint64_t value = UNTOUCHED;

	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(cases); i++)
		assert_int_equal(parse_u64(cases[i], 0, UINT64_MAX, &value), COSMO_E_INVALID);
	assert_int_equal(parse_u64("4", 5, 10, &value), COSMO_E_INVALID);
	assert_int_equal(parse_u64("11", 5, 10, &value), COSMO_E_INVALID);
	assert_int_equal(value, UNTOUCHED);
}

static void test_parse_i64__signs_and_limits__hold(void **state)
{
	int64_t value = UNTOUCHED;

	(void)state;
	assert_int_equal(parse_i64("-5", -5, 5, &value), COSMO_OK);
	assert_int_equal(value, -5);
	assert_int_equal(parse_i64("9223372036854775807", INT64_MIN, INT64_MAX, &value), COSMO_OK);
	assert_true(value == INT64_MAX);
	value = UNTOUCHED;
	assert_int_equal(
		parse_i64("9223372036854775808", INT64_MIN, INT64_MAX, &value), COSMO_E_INVALID);
	assert_int_equal(parse_i64("--1", -5, 5, &value), COSMO_E_INVALID);
	assert_int_equal(parse_i64("-", -5, 5, &value), COSMO_E_INVALID);
	assert_int_equal(parse_i64("-6", -5, 5, &value), COSMO_E_INVALID);
	assert_int_equal(parse_i64(NULL, -5, 5, &value), COSMO_E_INVALID);
	assert_int_equal(value, UNTOUCHED);
}

static void test_parse_id__decimal_and_hexadecimal__are_read(void **state)
{
	uint32_t value = UNTOUCHED;

	(void)state;
	assert_int_equal(parse_id("1000", 0, UINT32_MAX, &value), COSMO_OK);
	assert_int_equal(value, 1000);
	assert_int_equal(parse_id("0x7ffdffff", 0, UINT32_MAX, &value), COSMO_OK);
	assert_int_equal(value, 0x7ffdffff);
	assert_int_equal(parse_id("4294967295", 0, UINT32_MAX, &value), COSMO_OK);
	assert_true(value == UINT32_MAX);
}

static void test_parse_id__anything_else__is_refused(void **state)
{
	static const char *const cases[] = {NULL, "", "0x", "0X10", "0xg", "0xABC", "0x123456789",
		"4294967296", "-1", "010", "1 "};
	uint32_t value = UNTOUCHED;

	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(cases); i++)
		assert_int_equal(parse_id(cases[i], 0, UINT32_MAX, &value), COSMO_E_INVALID);
	assert_int_equal(parse_id("0x10", 17, 20, &value), COSMO_E_INVALID);
	assert_int_equal(value, UNTOUCHED);
}

static void test_parse_bool__six_words__and_no_other(void **state)
{
	static const char *const yes[] = {"yes", "true", "on"};
	static const char *const no[] = {"no", "false", "off"};
	static const char *const neither[] = {NULL, "", "Yes", "1", "0", "y", "yes ", "none"};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		bool value = false;

		assert_int_equal(parse_bool(yes[i], &value), COSMO_OK);
		assert_true(value);
		assert_int_equal(parse_bool(no[i], &value), COSMO_OK);
		assert_false(value);
	}
	for (size_t i = 0; i < COSMO_ARRAY_LEN(neither); i++) {
		bool value = true;

		assert_int_equal(parse_bool(neither[i], &value), COSMO_E_INVALID);
		assert_true(value);
	}
}

static void test_parse_duration__units__are_seconds(void **state)
{
	static const struct {
		const char *text;
		int64_t seconds;
	} cases[] = {
		{"0", 0}, {"90", 90}, {"90s", 90}, {"15m", 900}, {"24h", 86400}, {"14d", 1209600}};

	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(cases); i++) {
		int64_t value = UNTOUCHED;

		print_message("%s\n", cases[i].text);
		assert_int_equal(parse_duration_s(cases[i].text, 0, INT64_MAX, &value), COSMO_OK);
		assert_int_equal(value, cases[i].seconds);
	}
}

static void test_parse_duration__anything_else__is_refused(void **state)
{
	static const char *const cases[] = {NULL, "", "s", "m", "-1s", "1.5h", "1h30m", "15 m",
		"15M", "15w", "1e3", "05m", "9223372036854775807d", "99999999999999999999s"};
	int64_t value = UNTOUCHED;

	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(cases); i++)
		assert_int_equal(parse_duration_s(cases[i], 0, INT64_MAX, &value), COSMO_E_INVALID);
	assert_int_equal(parse_duration_s("59s", 60, 600, &value), COSMO_E_INVALID);
	assert_int_equal(parse_duration_s("11m", 60, 600, &value), COSMO_E_INVALID);
	assert_int_equal(value, UNTOUCHED);
}

static void test_hex__there_and_back__is_the_same(void **state)
{
	unsigned char bytes[4] = {0};
	char hex[9] = "";

	(void)state;
	assert_int_equal(parse_hex("00ff10a9", bytes, 4), COSMO_OK);
	assert_memory_equal(bytes, "\x00\xff\x10\xa9", 4);
	format_hex(bytes, 4, hex);
	assert_string_equal(hex, "00ff10a9");
}

static void test_parse_hex__wrong_length_or_digit__leaves_the_bytes(void **state)
{
	static const char *const cases[] = {
		NULL, "", "00ff10a", "00ff10a9b", "00FF10A9", "00ff10ag", "00ff10a\n", "0x00ff10"};
	unsigned char bytes[4] = {1, 2, 3, 4};

	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(cases); i++)
		assert_int_equal(parse_hex(cases[i], bytes, 4), COSMO_E_INVALID);
	assert_memory_equal(bytes, "\x01\x02\x03\x04", 4);
}

static void test_login_name__canonical_names__are_valid(void **state)
{
	static const char *const cases[] = {
		"a", "ada", "ada.lovelace", "a_1-2", "abcdefghijklmnopqrstuvwxyz012345"};

	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(cases); i++) {
		print_message("%s\n", cases[i]);
		assert_true(login_name_is_valid(cases[i], false));
		assert_true(login_name_is_valid(cases[i], true));
		assert_true(group_name_is_valid(cases[i]));
	}
}

/* Field notes, section 4, "Identity". */
/* case: claim: a name with a colon, a newline, two dots, a leading dash or any look-alike letter is
 * refused */
static void test_login_name__other_spellings__are_not(void **state)
{
	static const char *const cases[] = {NULL, "", "Ada", "ADA", "adA", "1ada", "-ada", ".ada",
		"_ada", "ada.", "..", "ada lovelace", "ada:0", "ada\n", "ada/..", "ada\\", "ada$",
		"\303\244da", "ada\xff", "\320\260da", "abcdefghijklmnopqrstuvwxyz0123456", "%u",
		"ada\t", "a,b"};

	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(cases); i++) {
		print_message("case %zu\n", i);
		assert_false(login_name_is_valid(cases[i], false));
		assert_false(login_name_is_valid(cases[i], true));
		assert_false(group_name_is_valid(cases[i]));
	}
}

static void test_login_name__at_sign__needs_domains(void **state)
{
	(void)state;
	assert_true(login_name_is_valid("ada@example.com", true));
	assert_false(login_name_is_valid("ada@example.com", false));
	assert_false(group_name_is_valid("ada@example.com"));
	assert_false(login_name_is_valid("ada@", true));
	assert_false(login_name_is_valid("@example.com", true));
	assert_false(login_name_is_valid("ada@b@c", true));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse_u64__whole_numbers_in_range__are_read),
		cmocka_unit_test(test_parse_u64__anything_else__is_refused),
		cmocka_unit_test(test_parse_i64__signs_and_limits__hold),
		cmocka_unit_test(test_parse_id__decimal_and_hexadecimal__are_read),
		cmocka_unit_test(test_parse_id__anything_else__is_refused),
		cmocka_unit_test(test_parse_bool__six_words__and_no_other),
		cmocka_unit_test(test_parse_duration__units__are_seconds),
		cmocka_unit_test(test_parse_duration__anything_else__is_refused),
		cmocka_unit_test(test_hex__there_and_back__is_the_same),
		cmocka_unit_test(test_parse_hex__wrong_length_or_digit__leaves_the_bytes),
		cmocka_unit_test(test_login_name__canonical_names__are_valid),
		cmocka_unit_test(test_login_name__other_spellings__are_not),
		cmocka_unit_test(test_login_name__at_sign__needs_domains),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
