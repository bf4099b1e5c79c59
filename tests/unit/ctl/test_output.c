/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <json-c/json.h>

#include "ctl/output.h"

struct caught {
	FILE *file;
	int saved;
	int fd;
};

static void catch_begin(struct caught *caught, int fd)
{
	fflush(NULL);
	caught->file = tmpfile();
	caught->fd = fd;
	caught->saved = dup(fd);
	assert_true(caught->saved >= 0);
	assert_int_equal(dup2(fileno(caught->file), fd), fd);
}

static const char *catch_end(struct caught *caught)
{
	static char text[4096];

	fflush(NULL);
	assert_int_equal(dup2(caught->saved, caught->fd), caught->fd);
	close(caught->saved);
	rewind(caught->file);
	text[fread(text, 1, sizeof(text) - 1, caught->file)] = '\0';
	fclose(caught->file);
	return text;
}

static void test_output_json__foreign_characters__leave_as_ascii(void **state)
{
	const char *hostile = "a\x1b]0;x\x07\x7f\xc2\x9b"
			      "31m\xe2\x80\xae\xf0\x9f\x98\x80\xff z";
	struct caught caught;
	struct json_object *object = json_object_new_object();
	struct json_object *back = NULL;
	const char *text = NULL;

	(void)state;
	output_json_text(object, "x", hostile);
	output_json_text(object, "none", NULL);
	catch_begin(&caught, STDOUT_FILENO);
	output_json(object);
	text = catch_end(&caught);
	for (const char *p = text; *p; p++)
		assert_true((*p >= 0x20 && *p < 0x7f) || *p == '\n');
	back = json_tokener_parse(text);
	assert_non_null(back);
	assert_string_equal(json_object_get_string(json_object_object_get(back, "x")),
		"a\x1b]0;x\x07\x7f\xc2\x9b"
		"31m\xe2\x80\xae\xf0\x9f\x98\x80\xef\xbf\xbd z");
	json_object_put(back);
}

static void test_output_error__foreign_characters__are_shown_as_question_marks(void **state)
{
	struct caught caught;

	(void)state;
	catch_begin(&caught, STDERR_FILENO);
	output_error("a\x1b[2Jb\nc %s", "\xc2\x9b\xe2\x80\xae.");
	assert_string_equal(catch_end(&caught), "cosmo-ssoctl: a?[2Jb?c ??.\n");
}

static void test_output_failure__text_and_detail__filtered_and_named(void **state)
{
	struct caught caught;

	(void)state;
	catch_begin(&caught, STDERR_FILENO);
	output_failure(COSMO_E_DENIED, "no\x1b", "because\x07");
	assert_string_equal(
		catch_end(&caught), "cosmo-ssoctl: no? [access_denied]\ncosmo-ssoctl: because?\n");
}

static void test_output_json_failure__what_was_said_last(void **state)
{
	struct json_object *object = json_object_new_object();
	struct caught caught;

	(void)state;
	catch_begin(&caught, STDERR_FILENO);
	output_failure(COSMO_E_BUSY, "first", NULL);
	output_failure(COSMO_E_DENIED, NULL, "why");
	(void)catch_end(&caught);
	output_json_failure(object);
	assert_string_equal(
		json_object_get_string(json_object_object_get(object, "error")), "access_denied");
	assert_string_equal(json_object_get_string(json_object_object_get(object, "message")),
		cosmo_err_text(COSMO_E_DENIED));
	assert_string_equal(
		json_object_get_string(json_object_object_get(object, "detail")), "why");
	json_object_put(object);
	output_finish();
	object = json_object_new_object();
	output_json_failure(object);
	assert_null(json_object_object_get(object, "error"));
	assert_true(json_object_object_length(object) == 3);
	json_object_put(object);
}

static void test_output_time__never_and_then(void **state)
{
	char text[32] = "";

	(void)state;
	output_time(0, text, sizeof(text));
	assert_string_equal(text, "never");
	setenv("TZ", "UTC", 1);
	output_time(1764000005, text, sizeof(text));
	assert_string_equal(text, "2025-11-24 16:00:05 +0000");
	output_time(INT64_MAX, text, sizeof(text));
	assert_string_equal(text, "never");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_output_json__foreign_characters__leave_as_ascii),
		cmocka_unit_test(
			test_output_error__foreign_characters__are_shown_as_question_marks),
		cmocka_unit_test(test_output_failure__text_and_detail__filtered_and_named),
		cmocka_unit_test(test_output_json_failure__what_was_said_last),
		cmocka_unit_test(test_output_time__never_and_then),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
