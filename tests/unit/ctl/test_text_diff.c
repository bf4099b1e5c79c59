/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/base/auto.h"
#include "ctl/text_diff.h"

static const struct {
	const char *before;
	const char *after;
	const char *shown;
} rows[] = {
	{"a\nb\nc\n", "a\nb\nc\n", ""},
	{"a\nb\nc\n", "a\nB\nc\n", "  -b\n  +B\n"},
	{NULL, "a\nb", "  +a\n  +b\n"},
	{"a\n", NULL, "  -a\n"},
	{NULL, NULL, ""},
	{"a\nb", "a\nb\n", "  -b\n  +b\n"},
	/* A line that moves, and one that another like it stands for, are seen. */
	{"x\na\nb\n", "a\nb\nx\n", "  -x\n  +x\n"},
	{"a\na\n", "a\n", "  -a\n"},
	{"m\na\nn\n", "#\nm\na\nn\n#\n", "  +#\n  +#\n"},
};

static void test_text_diff_print__each_pair__what_goes_and_comes(void **state)
{
	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(rows); i++) {
		char *shown = NULL;
		size_t size = 0;
		FILE *out = open_memstream(&shown, &size);

		text_diff_print(out, rows[i].before, rows[i].after);
		assert_int_equal(fclose(out), 0);
		assert_string_equal(shown, rows[i].shown);
		free(shown);
	}
}

/* Longer than it looks at: nothing is left out. */
static void test_text_diff_print__very_long__gone_and_come_as_a_whole(void **state)
{
	static char text[6001];
	char *shown = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&shown, &size);

	(void)state;
	for (size_t i = 0; i < 6000; i += 2)
		memcpy(text + i, "a\n", 2);
	text_diff_print(out, text, "a\n");
	assert_int_equal(fclose(out), 0);
	assert_true(size > sizeof(text));
	assert_non_null(strstr(shown, "  +a\n"));
	free(shown);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text_diff_print__each_pair__what_goes_and_comes),
		cmocka_unit_test(test_text_diff_print__very_long__gone_and_come_as_a_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
