/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/base/home_template.h"

static void test_home_template_expand__good_templates(void **state)
{
	static const struct {
		const char *template;
		const char *home;
	} rows[] = {
		{"/home/%u", "/home/ada"},
		{"/srv/%u/home", "/srv/ada/home"},
		{"/%u/%u", "/ada/ada"},
		{"/shared", "/shared"},
		{"/%u", "/ada"},
	};
	char home[64];

	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(rows); i++) {
		assert_int_equal(home_template_expand(rows[i].template, "ada", home, sizeof(home)),
			COSMO_OK);
		assert_string_equal(home, rows[i].home);
	}
}

static void test_home_template_expand__bad_templates__are_refused(void **state)
{
	static const char *const rows[] = {"", "home/%u", "/home/%", "/home/%n", "/home/%%u", "%u"};
	char home[64];

	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(rows); i++) {
		print_message("%s\n", rows[i]);
		assert_int_equal(
			home_template_expand(rows[i], "ada", home, sizeof(home)), COSMO_E_INVALID);
	}
}

static void test_home_template_expand__each_size__fits_exactly(void **state)
{
	char home[32];

	(void)state;
	for (size_t size = 0; size <= 16; size++) {
		memset(home, 'Z', sizeof(home));
		assert_int_equal(home_template_expand("/home/%u", "ada", home, size),
			size < 10 ? COSMO_E_RANGE : COSMO_OK);
		for (size_t i = size; i < sizeof(home); i++)
			assert_int_equal(home[i], 'Z');
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_home_template_expand__good_templates),
		cmocka_unit_test(test_home_template_expand__bad_templates__are_refused),
		cmocka_unit_test(test_home_template_expand__each_size__fits_exactly),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
