/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/base/local_names.h"
#include "tests/unit/scratch_file.h"

static bool has(const char *name)
{
	bool found = false;

	assert_int_equal(local_names_has(scratch_file_path(), name, &found), COSMO_OK);
	return found;
}

static const char passwd_text[] = "root:x:0:0:root:/root:/bin/bash\n"
				  "ada-lovelace:x:1000:1000:ada:/home/ada:/bin/sh\n"
				  "\n"
				  "# comment:\n"
				  ":x:1:1::/:/bin/sh\n"
				  "+nis::::::\n"
				  "-gone::::::\n"
				  "nocolon\n"
				  " \t indented:x:3:3::/:/bin/sh\n"
				  "in side:x:4:4::/:/bin/sh\n"
				  "bob:x:1001:1001:root,dev:/home/bob:/bin/sh\n"
				  "last:x:1002:1002::/:/bin/sh";

static void test_local_names_has__whole_first_fields_only(void **state)
{
	static const char *const there[] = {
		"root", "ada-lovelace", "bob", "last", "nis", "gone", "indented"};
	static const char *const absent[] = {"ada", "ada-lovelace:x", "roo", "rootx", "dev", "bo",
		"lastx", "nocolon", "oot", "side", "inside"};

	(void)state;
	scratch_file_write(passwd_text);
	for (size_t i = 0; i < COSMO_ARRAY_LEN(there); i++)
		assert_true(has(there[i]));
	for (size_t i = 0; i < COSMO_ARRAY_LEN(absent); i++) {
		print_message("%s\n", absent[i]);
		assert_false(has(absent[i]));
	}
}

/* A name that lies across the end of what one read() gave. */
static void test_local_names_has__every_place_in_the_file__is_found(void **state)
{
	enum {
		TEXT = 9000
	};
	char *text = malloc(TEXT + 16);

	(void)state;
	assert_non_null(text);
	for (size_t at = 4080; at < 4112; at++) {
		memset(text, 'x', at);
		text[at - 1] = '\n';
		memcpy(text + at, "ada:x:1:1\n", 10);
		scratch_file_write_bytes(text, at + 10);
		assert_true(has("ada"));
		text[at + 3] = 'x';
		scratch_file_write_bytes(text, at + 10);
		assert_false(has("ada"));
	}
	free(text);
}

static void test_local_names_has__long_line__hides_nothing(void **state)
{
	enum {
		LONG = 100000
	};
	char *text = malloc(LONG + 16);

	(void)state;
	assert_non_null(text);
	memset(text, 'm', LONG);
	memcpy(text, "big:x:1:", 8);
	memcpy(text + LONG - 1, "\nada:x:", 7);
	scratch_file_write_bytes(text, LONG + 6);
	assert_true(has("ada"));
	assert_true(has("big"));
	assert_false(has("mmm"));
	free(text);
}

static void test_local_names_has__no_file__is_no_answer(void **state)
{
	bool found = false;

	(void)state;
	errno = 4711;
	assert_int_equal(local_names_has("/nonexistent/passwd", "ada", &found), COSMO_E_IO);
	assert_int_equal(errno, 4711);
	assert_int_equal(local_names_has("/", "ada", &found), COSMO_E_IO);
	assert_int_equal(errno, 4711);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_local_names_has__whole_first_fields_only),
		cmocka_unit_test(test_local_names_has__every_place_in_the_file__is_found),
		cmocka_unit_test(test_local_names_has__long_line__hides_nothing),
		cmocka_unit_test(test_local_names_has__no_file__is_no_answer),
	};

	return cmocka_run_group_tests(tests, scratch_file_make, scratch_file_remove);
}
