/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "common/base/auto.h"
#include "ctl/exit_code.h"
#include "ctl/options.h"

static char said[1024];

/* main.c's, which prints. */
int command_usage_error(const struct command *command, const char *format, ...)
{
	va_list args;

	(void)command;
	va_start(args, format);
	vsnprintf(said, sizeof(said), format, args);
	va_end(args);
	return EXIT_CODE_USAGE;
}

struct found {
	bool json;
	const char *issuer;
	struct option_values rules;
	int first;
};

static bool parse(char **argv, struct found *found)
{
	const struct option_spec specs[] = {
		{"json", OPTION_FLAG, &found->json},
		{"issuer", OPTION_TEXT, &found->issuer},
		{"rule", OPTION_MANY, &found->rules},
	};
	int argc = 0;

	while (argv[argc])
		argc++;
	said[0] = '\0';
	return options_parse(NULL, argc, argv, specs, COSMO_ARRAY_LEN(specs), &found->first);
}

#define WORDS(...)                                                                                 \
	(char *[])                                                                                 \
	{                                                                                          \
		(char[]){"connect"}, __VA_ARGS__, NULL                                             \
	}
#define W(text)                                                                                    \
	(char[])                                                                                   \
	{                                                                                          \
		text                                                                               \
	}

static void test_options_parse__every_kind__is_taken(void **state)
{
	char **argv = WORDS(W("one"), W("--rule"), W("a=b"), W("--issuer=x"), W("--rule=c"),
		W("--json"), W("two"));
	struct found found = {0};

	(void)state;
	assert_true(parse(argv, &found));
	assert_true(found.json);
	assert_string_equal(found.issuer, "x");
	assert_int_equal(found.rules.count, 2);
	assert_string_equal(found.rules.items[0], "a=b");
	assert_string_equal(found.rules.items[1], "c");
	assert_string_equal(argv[found.first], "one");
	assert_string_equal(argv[found.first + 1], "two");
}

static void test_options_parse__behind_two_dashes__are_operands(void **state)
{
	char **argv = WORDS(W("--"), W("--json"));
	struct found found = {0};

	(void)state;
	assert_true(parse(argv, &found));
	assert_false(found.json);
	assert_string_equal(argv[found.first], "--json");
}

static void refused(char **argv, const char *says)
{
	struct found found = {0};

	print_message("%s\n", says);
	assert_false(parse(argv, &found));
	assert_non_null(strstr(said, says));
}

static void test_options_parse__wrong_words__are_named_with_what_is_allowed(void **state)
{
	(void)state;
	refused(WORDS(W("--jsn")),
		"there is no option --jsn; its options are: --json, --issuer, --rule");
	refused(WORDS(W("-x")), "there is no option -x; its options are");
	refused(WORDS(W("-xyz")), "there is no option -x;");
	refused(WORDS(W("--issuer")), "--issuer needs a value");
	refused(WORDS(W("--issuer=a"), W("--issuer"), W("b")), "--issuer is given twice");
	refused(WORDS(W("--json=yes")), "--json takes no value");
}

static void test_options_parse__a_secret_behind_an_unknown_option__is_not_repeated(void **state)
{
	struct found found = {0};

	(void)state;
	assert_false(parse(WORDS(W("--client-secret=hunter2")), &found));
	assert_null(strstr(said, "hunter2"));
	assert_non_null(strstr(said, "--client-secret"));
	assert_false(parse(WORDS(W("--json=hunter2")), &found));
	assert_null(strstr(said, "hunter2"));
}

static void test_options_parse__more_than_fit__is_refused(void **state)
{
	static char rule[] = "--rule=x";
	static char name[] = "connect";
	char *argv[OPTIONS_MAX_VALUES + 3] = {name};
	struct found found = {0};

	(void)state;
	for (size_t i = 1; i <= OPTIONS_MAX_VALUES; i++)
		argv[i] = rule;
	assert_true(parse(argv, &found));
	argv[OPTIONS_MAX_VALUES + 1] = rule;
	found.rules.count = 0;
	assert_false(parse(argv, &found));
	assert_string_equal(said, "too many --rule");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_options_parse__every_kind__is_taken),
		cmocka_unit_test(test_options_parse__behind_two_dashes__are_operands),
		cmocka_unit_test(test_options_parse__wrong_words__are_named_with_what_is_allowed),
		cmocka_unit_test(
			test_options_parse__a_secret_behind_an_unknown_option__is_not_repeated),
		cmocka_unit_test(test_options_parse__more_than_fit__is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
