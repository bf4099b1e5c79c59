/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "common/base/auto.h"
#include "ctl/connect_answer.h"

static void test_connect_answer_trim__each_answer__loses_blanks_around_it(void **state)
{
	static const char *const cases[][2] = {
		{"", ""}, {" \t ", ""}, {"a", "a"}, {" a b\t ", "a b"}};

	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(cases); i++) {
		char answer[32] = "";

		(void)snprintf(answer, sizeof(answer), "%s", cases[i][0]);
		assert_string_equal(connect_answer_trim(answer), cases[i][1]);
	}
}

static void test_connect_answer_is_plain__each_answer__no_control_characters(void **state)
{
	static const struct {
		const char *answer;
		bool is_plain;
	} cases[] = {
		{"", true},
		{"admin=~linux-\\w+ \"x\" 'y'", true},
		{"M\xc3\xbcnchen", true},
		{"a\tb", false},
		{"\x1b[2J", false},
		{"a\x03", false},
		{"a\x7f", false},
		{"a\xc2\x9b", false},
		{"a\xe2\x80\xae", false}, /* right-to-left override */
		{"a\xff", false},
		{"a\xc3", false},
	};

	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(cases); i++) {
		print_message("case %zu\n", i);
		assert_int_equal(connect_answer_is_plain(cases[i].answer), cases[i].is_plain);
	}
}

static void test_connect_answer_is_plain__longest__is_looked_through(void **state)
{
	char answer[1024] = "";

	(void)state;
	memset(answer, 'a', sizeof(answer) - 1);
	assert_true(connect_answer_is_plain(answer));
	answer[1022] = '\x07';
	assert_false(connect_answer_is_plain(answer));
}

#define DOCUMENT "/.well-known/openid-configuration"

static void test_connect_answer_cut_issuer__each_address__that_of_a_document_alone(void **state)
{
	static const struct {
		const char *answer;
		const char *issuer; /* NULL: nothing is cut */
	} cases[] = {
		{"https://i.example" DOCUMENT, "https://i.example"},
		{"https://i.example/" DOCUMENT, "https://i.example/"},
		{"https://i.example/realms/a" DOCUMENT "/", "https://i.example/realms/a"},
		{"https://i.example" DOCUMENT "?appid=1", "https://i.example"},
		{"https://i.example" DOCUMENT "#x", "https://i.example"},
		{"http://i.example" DOCUMENT, "http://i.example"},
		{"https://i.example", NULL},
		{"https://i.example" DOCUMENT "s", NULL},
		{"https://i.example" DOCUMENT "/realms/a", NULL},
		{"https://i.example/.well-known/oauth-authorization-server", NULL},
		{DOCUMENT, NULL},
		{"", NULL},
	};

	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(cases); i++) {
		const char *expected = cases[i].issuer ? cases[i].issuer : cases[i].answer;
		char answer[128] = "";

		(void)snprintf(answer, sizeof(answer), "%s", cases[i].answer);
		print_message("%s\n", answer);
		assert_int_equal(connect_answer_cut_issuer(answer), cases[i].issuer != NULL);
		assert_string_equal(answer, expected);
	}
}

static void test_connect_answer_quote__each_answer__is_one_word(void **state)
{
	static const char *const cases[][2] = {
		{"https://i.example:8443/realms/a", "https://i.example:8443/realms/a"},
		{"admin=linux-admins", "admin=linux-admins"},
		{"admin=~a|b", "'admin=~a|b'"},
		{"a b", "'a b'"},
		{"~root", "'~root'"},
		{"it's $HOME", "'it'\\''s $HOME'"},
		{"'", "''\\'''"},
		{"M\xc3\xbc", "'M\xc3\xbc'"},
		{"", "''"},
	};

	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(cases); i++) {
		char word[64] = "";

		connect_answer_quote(cases[i][0], word, sizeof(word));
		assert_string_equal(word, cases[i][1]);
	}
}

static void test_connect_answer_quote__longest__fits_exactly(void **state)
{
	char word[4 * 7 + 3] = "";

	(void)state;
	connect_answer_quote("'''''''", word, sizeof(word));
	assert_int_equal(strlen(word), 4 * 7 + 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_connect_answer_trim__each_answer__loses_blanks_around_it),
		cmocka_unit_test(test_connect_answer_is_plain__each_answer__no_control_characters),
		cmocka_unit_test(test_connect_answer_is_plain__longest__is_looked_through),
		cmocka_unit_test(
			test_connect_answer_cut_issuer__each_address__that_of_a_document_alone),
		cmocka_unit_test(test_connect_answer_quote__each_answer__is_one_word),
		cmocka_unit_test(test_connect_answer_quote__longest__fits_exactly),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
