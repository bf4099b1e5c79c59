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

#include "common/config_reader.h"
#include "pam_cosmo_sso/helper/settings.h"
#include "tests/unit/scratch_file.h"

static struct config *parsed(const char *text)
{
	struct config *config = NULL;
	struct config_problem problem = {.line = 0};

	assert_int_equal(config_parse(text, strlen(text), &config, &problem), COSMO_OK);
	return config;
}

static void test_settings_make__conferred_groups__have_the_gid_glibc_finds(void **state)
{
	static const struct {
		const char *label;
		const char *groups;
		uint32_t gid; /* 0: conferred by nobody */
	} rows[] = {
		{"one", "daemon:x:1:\ndialout:x:20:\n", 20},
		{"twice: the first", "dialout:x:20:\ndialout:x:27:\n", 20},
		{"another's prefix", "dialout2:x:20:\ndialou:x:21:\n", 0},
		{"none", "", 0},
		{"root's gid", "dialout:x:0:\n", 0},
		{"root's gid first", "dialout:x:0:\ndialout:x:20:\n", 0},
	};
	COSMO_AUTO(config_free)
	struct config *config = parsed("[role developer]\nlocal_groups = dialout\n");

	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(rows); i++) {
		struct users_db_settings settings;

		print_message("%s\n", rows[i].label);
		scratch_file_write(rows[i].groups);
		assert_int_equal(
			settings_make(config, scratch_file_path(), false, &settings), COSMO_OK);
		assert_int_equal(settings.conferred_count, rows[i].gid != 0);
		assert_int_equal(settings.conferred[0].gid, rows[i].gid);
		if (rows[i].gid)
			assert_int_equal(settings.conferred[0].roles, 1U << ROLE_DEVELOPER);
	}
}

static void test_settings_make__one_group_of_two_roles__is_there_once(void **state)
{
	COSMO_AUTO(config_free)
	struct config *config = parsed("[role developer]\nlocal_groups = dialout\n"
				       "[role admin]\nlocal_groups = audio dialout\n");
	struct users_db_settings settings;

	(void)state;
	scratch_file_write("audio:x:29:\ndialout:x:20:\n");
	assert_int_equal(settings_make(config, scratch_file_path(), true, &settings), COSMO_OK);
	assert_int_equal(settings.provisional_on, 1);
	assert_int_equal(settings.conferred_count, 2);
	assert_string_equal(settings.conferred[0].group, "dialout");
	assert_int_equal(settings.conferred[0].roles, 1U << ROLE_DEVELOPER | 1U << ROLE_ADMIN);
	assert_string_equal(settings.conferred[1].group, "audio");
	assert_int_equal(settings.conferred[1].roles, 1U << ROLE_ADMIN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			test_settings_make__conferred_groups__have_the_gid_glibc_finds,
			scratch_file_make, scratch_file_remove),
		cmocka_unit_test_setup_teardown(
			test_settings_make__one_group_of_two_roles__is_there_once,
			scratch_file_make, scratch_file_remove),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
