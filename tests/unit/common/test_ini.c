/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "common/ini.h"

/* What was read, as "number|section|argument|key|value;" each. */
struct record {
	char text[16384];
	unsigned int stop_at; /* line at which the handler has enough; 0: none */
};

static enum cosmo_err take(void *context, const struct ini_line *line)
{
	struct record *record = context;
	size_t used = strlen(record->text);

	snprintf(record->text + used, sizeof(record->text) - used, "%u|%s|%s|%s|%s;", line->number,
		line->section, line->argument, line->key ? line->key : "-",
		line->value ? line->value : "-");
	return line->number == record->stop_at ? COSMO_E_BUSY : COSMO_OK;
}

/* Read a copy of the very size, so that ASan sees a read beyond. */
static enum cosmo_err read_copy(const char *text, size_t len, struct record *record,
	unsigned int *ret_line, const char **ret_problem)
{
	COSMO_AUTO(free) char *copy = malloc(len ? len : 1);

	assert_non_null(copy);
	memcpy(copy, text, len);
	record->text[0] = '\0';
	return ini_read(copy, len, take, record, ret_line, ret_problem);
}

static void assert_reads(const char *text, const char *expected)
{
	struct record record = {.stop_at = 0};
	unsigned int line = 0;
	const char *problem = NULL;

	assert_int_equal(read_copy(text, strlen(text), &record, &line, &problem), COSMO_OK);
	assert_string_equal(record.text, expected);
	assert_null(problem);
}

static void assert_fails(const char *text, size_t len, unsigned int line, const char *words)
{
	struct record record = {.stop_at = 0};
	unsigned int where = 0;
	const char *problem = NULL;

	assert_int_equal(read_copy(text, len, &record, &where, &problem), COSMO_E_CONFIG);
	assert_int_equal(where, line);
	assert_non_null(problem);
	assert_non_null(strstr(problem, words));
}

static void test_ini_read__sections_and_pairs__come_in_order(void **state)
{
	(void)state;
	assert_reads("[one]\nkey = value\n\n[two name]\na=b\n",
		"1|one||-|-;2|one||key|value;4|two|name|-|-;5|two|name|a|b;");
	assert_reads("", "");
	assert_reads("\n\n  \n\t\n", "");
	assert_reads("[last]\nkey = no line feed", "1|last||-|-;2|last||key|no line feed;");
}

static void test_ini_read__blanks__are_trimmed_at_the_ends(void **state)
{
	(void)state;
	assert_reads(" \t[ one ]\t\n\tkey \t=\t a  b \t\n[two   name\t]",
		"1|one||-|-;2|one||key|a  b;3|two|name|-|-;");
	assert_reads("[s]\nempty =\nblank = \t ", "1|s||-|-;2|s||empty|;3|s||blank|;");
}

static void test_ini_read__comments__are_whole_lines(void **state)
{
	(void)state;
	assert_reads("# one\n;two\n [s]\n  # = three\n\t; x\nkey = v", "3|s||-|-;6|s||key|v;");
}

/* Field notes, section 6: each of these is read differently by a common reader. */
static void test_ini_read__values__are_never_cut(void **state)
{
	(void)state;
	assert_reads("[s]\nk = a ; b", "1|s||-|-;2|s||k|a ; b;");
	assert_reads("[s]\nk = a # b", "1|s||-|-;2|s||k|a # b;");
	assert_reads("[s]\nk = https://a:8443/b", "1|s||-|-;2|s||k|https://a:8443/b;");
	assert_reads("[s]\na:b = c", "1|s||-|-;2|s||a:b|c;");
	assert_reads("[s]\nadmin = ~^(a=b|c=d)$", "1|s||-|-;2|s||admin|~^(a=b|c=d)$;");
	assert_reads("[s]\nk = \\d+\\\\x\\", "1|s||-|-;2|s||k|\\d+\\\\x\\;");
	assert_reads("[s]\nk = \"quoted\" 'too'", "1|s||-|-;2|s||k|\"quoted\" 'too';");
	assert_reads("[s]\nk = $HOME %u ${x} ~", "1|s||-|-;2|s||k|$HOME %u ${x} ~;");
	assert_reads("[s]\nk = [x]", "1|s||-|-;2|s||k|[x];");
	assert_reads("[s]\nk = \xc3\xbc", "1|s||-|-;2|s||k|\xc3\xbc;");
}

static void test_ini_read__lines_in_a_row__are_never_joined(void **state)
{
	static const char continued[] = "[s]\nk = a\n  b\n";
	static const char backslash[] = "[s]\nk = a\\\nb\n";

	(void)state;
	assert_fails(continued, strlen(continued), 3, "neither a comment");
	assert_fails(backslash, strlen(backslash), 3, "neither a comment");
	assert_reads("[s]\nk = a\n  l = b", "1|s||-|-;2|s||k|a;3|s||l|b;");
}

/* A line of @len bytes in all, "k = aaa...". */
static void long_line(char *ret, size_t len)
{
	memset(ret, 'a', len);
	memcpy(ret, "k = ", 4);
	ret[len] = '\0';
}

static void test_ini_read__lines_up_to_the_cap__are_whole(void **state)
{
	static const size_t lengths[] = {198, 199, 200, 201, 255, 256, 1023, 4095, 4096};

	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(lengths); i++) {
		char line[INI_MAX_LINE_BYTES + 1] = "";
		char text[INI_MAX_LINE_BYTES + 64] = "";
		char expected[INI_MAX_LINE_BYTES + 64] = "";

		print_message("%zu bytes\n", lengths[i]);
		long_line(line, lengths[i]);
		snprintf(text, sizeof(text), "[s]\n%s\nz = 1\n", line);
		snprintf(expected, sizeof(expected), "1|s||-|-;2|s||k|%s;3|s||z|1;", line + 4);
		assert_reads(text, expected);
	}
}

static void test_ini_read__lines_beyond_the_cap__are_refused(void **state)
{
	char text[INI_MAX_LINE_BYTES + 64] = "[s]\n";

	(void)state;
	long_line(text + 4, INI_MAX_LINE_BYTES + 1);
	assert_fails(text, strlen(text), 2, "longer than 4096");
	/* A comment as well: nothing is skipped unread. */
	text[4] = '#';
	assert_fails(text, strlen(text), 2, "longer than 4096");
}

static void test_ini_read__what_is_no_ini__is_refused_with_its_line(void **state)
{
	static const struct {
		const char *text;
		unsigned int line;
		const char *words;
	} cases[] = {
		{"key = value\n", 1, "before the first"},
		{"# x\n\nkey = value\n", 3, "before the first"},
		{"[s]\njust words\n", 2, "neither a comment"},
		{"[s]\nkey: value\n", 2, "neither a comment"},
		{"[s]\n= value\n", 2, "no key"},
		{"[s]\n  \t= value\n", 2, "no key"},
		{"[s\n", 1, "section header"},
		{"[s] # x\n", 1, "section header"},
		{"[s]]\n", 1, "section header"},
		{"[[s]\n", 1, "section header"},
		{"[]\n", 1, "one word"},
		{"[ \t ]\n", 1, "one word"},
		{"[a b c]\n", 1, "one word"},
		{"[\n", 1, "section header"},
		{"[a]b = c\n", 1, "section header"},
		{"[s]\r\n", 1, "carriage return"},
		{"[s]\nk = a\rb\n", 2, "carriage return"},
		{"[s]\nk = a\x01\n", 2, "control character"},
		{"[s]\nk = \x1b[0m\n", 2, "control character"},
		{"[s]\nk = a\x7f\n", 2, "control character"},
		{"[s]\nk = a\x0c\n", 2, "control character"},
		{"[s]\n# \x08\n", 2, "control character"},
		{"[s]\nk = gr\xfcn\n", 2, "UTF-8"},
		{"[s]\nk = a\xe2\x82\n", 2, "UTF-8"},
		{"\xef\xbb\xbf[s]\n", 1, "neither a comment"},
	};

	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(cases); i++) {
		print_message("case %zu\n", i);
		assert_fails(cases[i].text, strlen(cases[i].text), cases[i].line, cases[i].words);
	}
	assert_fails("[s]\nk = a\0b\n", 12, 2, "control character");
	assert_fails("[s]\n\0", 5, 2, "control character");
}

static void test_ini_read__handler_that_stops__is_obeyed(void **state)
{
	static const char text[] = "[s]\na = 1\nb = 2\n";
	struct record record = {.stop_at = 2};
	unsigned int line = 4711;
	const char *problem = NULL;

	(void)state;
	assert_int_equal(read_copy(text, strlen(text), &record, &line, &problem), COSMO_E_BUSY);
	assert_string_equal(record.text, "1|s||-|-;2|s||a|1;");
	assert_null(problem);
	assert_int_equal(line, 4711);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ini_read__sections_and_pairs__come_in_order),
		cmocka_unit_test(test_ini_read__blanks__are_trimmed_at_the_ends),
		cmocka_unit_test(test_ini_read__comments__are_whole_lines),
		cmocka_unit_test(test_ini_read__values__are_never_cut),
		cmocka_unit_test(test_ini_read__lines_in_a_row__are_never_joined),
		cmocka_unit_test(test_ini_read__lines_up_to_the_cap__are_whole),
		cmocka_unit_test(test_ini_read__lines_beyond_the_cap__are_refused),
		cmocka_unit_test(test_ini_read__what_is_no_ini__is_refused_with_its_line),
		cmocka_unit_test(test_ini_read__handler_that_stops__is_obeyed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
