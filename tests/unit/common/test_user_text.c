/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "common/base/auto.h"
#include "common/base/err.h"
#include "common/base/user_text.h"

#define SCREEN_COLS 80

/* Three lines of a screen. */
#define SENTENCE_BYTES ((size_t)3 * SCREEN_COLS)

static const char *const ids[] = {
#define ID_(symbol, id) id,
	USER_TEXT_LIST(ID_)
#undef ID_
};

static const struct user_text_values ordinary = {
	.host = "web1",
	.user = "ada",
	.source = "192.0.2.7",
	.uri = "https://login.example.org/device",
	.code = "WDJB-MJHT",
	.left = "9:58",
	.since = "2026-01-31 09:05",
	.until = "2026-02-01 09:05",
};

/* Whole sentences, which a terminal may break. */
static bool is_sentence(enum user_text which)
{
	return which == USER_TEXT_SHORT || which == USER_TEXT_SHORT_FROM ||
	       which == USER_TEXT_PASSWORD || which == USER_TEXT_DISCONNECTED_ON ||
	       which == USER_TEXT_DISCONNECTED_SINCE || which == USER_TEXT_ON_LEASE ||
	       which == USER_TEXT_LEASE_OVER_SINCE;
}

/* case: message: each line around the code is ASCII and fits 80 columns with ordinary values */
static void test_user_text__each_line__is_ascii_and_fits_a_screen(void **state)
{
	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(ids); i++) {
		char text[900] = "";
		size_t len = 0;

		print_message("%s\n", ids[i]);
		assert_non_null(user_text((enum user_text)i));
		len = user_text_fill((enum user_text)i, &ordinary, text, sizeof(text));
		assert_int_equal(len, strlen(text));
		for (const char *p = text; *p; p++)
			assert_true(*p >= ' ' && *p <= '~');
		assert_null(strpbrk(text, "{}"));
		assert_true(len <= (is_sentence((enum user_text)i) ? SENTENCE_BYTES : SCREEN_COLS));
	}
}

static void test_user_text__each_id__is_no_other_message(void **state)
{
	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(ids); i++) {
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(ids[i], ids[j]);
		for (size_t j = 0; j < cosmo_err_count(); j++)
			assert_string_not_equal(ids[i], cosmo_err_id((enum cosmo_err)j));
	}
}

/* The codes that no person meets at a sign-in need no advice. */
static bool is_for_people(enum cosmo_err err)
{
	return err != COSMO_OK && err != COSMO_E_EXISTS && err != COSMO_E_NOT_OURS;
}

/* case: message: each failure says what happened and what to do next */
static void test_err_text__each_failure__says_what_to_do_next(void **state)
{
	static const char *const next[] = {"Please ", "Start again", "Sign in ", "Use ", "Run "};

	(void)state;
	for (size_t i = 0; i < cosmo_err_count(); i++) {
		const char *text = cosmo_err_text((enum cosmo_err)i);
		const char *second = strstr(text, ". ");
		bool is_found = false;

		if (!is_for_people((enum cosmo_err)i))
			continue;
		print_message("%s\n", cosmo_err_id((enum cosmo_err)i));
		assert_non_null(second);
		for (size_t j = 0; j < COSMO_ARRAY_LEN(next); j++)
			is_found = is_found || strstr(second, next[j]);
		assert_true(is_found);
	}
}

/* case: message: no message has words of the trade, or is longer than three lines of a screen */
static void test_err_text__each_failure__is_short_and_plain(void **state)
{
	static const char *const jargon[] = {"issuer", "claim", "grant", "token", "enrol", "IdP",
		"OIDC", "JSON", "scope", " lease", "cosmo", "provider", "PAM", "helper", "uid",
		"authenticat", "authoriz"};

	(void)state;
	for (size_t i = 0; i < cosmo_err_count(); i++) {
		const char *text = cosmo_err_text((enum cosmo_err)i);

		print_message("%s\n", cosmo_err_id((enum cosmo_err)i));
		assert_true(strlen(text) <= SENTENCE_BYTES);
		for (size_t j = 0; j < COSMO_ARRAY_LEN(jargon); j++)
			assert_null(strstr(text, jargon[j]));
	}
}

/* case: message: a disconnected host says which it is, since when, and whom to ask */
static void test_user_text_fill__disconnected__says_where_and_since_when(void **state)
{
	char text[200] = "";

	(void)state;
	user_text_fill(USER_TEXT_DISCONNECTED_SINCE, &ordinary, text, sizeof(text));
	assert_string_equal(text,
		"Single sign-on is disconnected on web1 since 2026-01-31 09:05. Please ask the administrator of this host.");
	user_text_fill(USER_TEXT_DISCONNECTED_ON, &ordinary, text, sizeof(text));
	assert_string_equal(text,
		"Single sign-on is disconnected on web1. Please ask the administrator of this host.");
}

static void test_user_text_fill__braces_in_a_value__stand_for_themselves(void **state)
{
	const struct user_text_values values = {.host = "{user}", .user = "a{code}", .code = "{"};
	char text[200] = "";

	(void)state;
	user_text_fill(USER_TEXT_SIGN_IN, &values, text, sizeof(text));
	assert_string_equal(text, "Sign in to {user} as a{code}. Approve on this page:");
	user_text_fill(USER_TEXT_CODE, &values, text, sizeof(text));
	assert_string_equal(text, "Code: {   Valid for ");
}

static void test_user_text_fill__each_size__is_cut_and_ended(void **state)
{
	char whole[200] = "";
	size_t len = user_text_fill(USER_TEXT_CODE, &ordinary, whole, sizeof(whole));

	(void)state;
	assert_string_equal(whole, "Code: WDJB-MJHT   Valid for 9:58");
	assert_int_equal(user_text_fill(USER_TEXT_CODE, &ordinary, NULL, 0), len);
	for (size_t size = 1; size <= len + 2; size++) {
		char text[200];

		memset(text, 'x', sizeof(text));
		assert_int_equal(user_text_fill(USER_TEXT_CODE, &ordinary, text, size), len);
		assert_int_equal(strlen(text), size <= len ? size - 1 : len);
		assert_memory_equal(text, whole, strlen(text));
		assert_int_equal(text[size], 'x');
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_user_text__each_line__is_ascii_and_fits_a_screen),
		cmocka_unit_test(test_user_text__each_id__is_no_other_message),
		cmocka_unit_test(test_err_text__each_failure__says_what_to_do_next),
		cmocka_unit_test(test_err_text__each_failure__is_short_and_plain),
		cmocka_unit_test(test_user_text_fill__disconnected__says_where_and_since_when),
		cmocka_unit_test(test_user_text_fill__braces_in_a_value__stand_for_themselves),
		cmocka_unit_test(test_user_text_fill__each_size__is_cut_and_ended),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
