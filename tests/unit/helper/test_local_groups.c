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

#include "common/base/users_db_settings.h"
#include "pam_cosmo_sso/helper/local_groups.h"
#include "pam_cosmo_sso/helper/settings.h"
#include "tests/unit/scratch_file.h"

#define PRIVILEGED "sudo:x:27:\ndocker:x:5001:\nadm:x:4:\n"

static struct config *parsed(const char *text)
{
	struct config *config = NULL;
	struct config_problem problem = {.line = 0};

	assert_int_equal(config_parse(text, strlen(text), &config, &problem), COSMO_OK);
	return config;
}

static enum cosmo_err check(const char *groups, const char *text, struct config_problem *ret)
{
	COSMO_AUTO(config_free) struct config *config = parsed(text);

	scratch_file_write(groups);
	*ret = (struct config_problem){.line = 0};
	return local_groups_check(config, scratch_file_path(), ret);
}

/* case: rule: a local group with the gid of sudo, docker or the like is refused without
 * allow_privileged, whatever its name */
static void test_local_groups_check__gid_of_a_privileged_group__is_refused(void **state)
{
	static const struct {
		const char *groups, *config, *says; /* NULL: allowed */
		unsigned int line;
	} cases[] = {
		{"tape:x:26:\n", "[role x]\nlocal_groups = tape\n", NULL, 0},
		{"tape:x:27:\n", "\n[role x]\nlocal_groups = tape\n", "gid 27 of sudo", 2},
		{"tape:x:5001:\n", "[role x]\nlocal_groups = tape\n", "of docker", 1},
		{"tape:x:4:ada\n", "[role x]\nlocal_groups = audio, tape\n", "group tape", 1},
		{"tape:x:0027:\n", "[role x]\nlocal_groups = tape\n", "of sudo", 1},
		{"tape:x:27:\n", "[role viewer]\nlocal_groups = tape\n", "[role viewer]", 1},
		{"tape:x:27:\n", "[role x]\nlocal_groups = tape\nallow_privileged = yes\n", NULL,
			0},
		{"tape:x:27:\n",
			"[role x]\nlocal_groups = tape\nallow_privileged = yes\n[role y]\n"
			"local_groups = tape\n",
			"[role y]", 4},
		{"tape:x:20:\ntape:x:27:\n", "[role x]\nlocal_groups = tape\n", NULL, 0},
		{"", "[role x]\nlocal_groups = tape\n", NULL, 0},
		{"", "[role x]\ngid = 5001\n", "gid = 5001 is the gid of the local group docker",
			1},
		{"", "[role x]\ngid = 5002\n", NULL, 0},
		{"", "[roles]\nusers_gid = 5001\n", "users_gid = 5001", 0},
		{"", "[roles]\nusers_gid = 5001\n[role x]\nallow_privileged = yes\n", "users_gid",
			0},
	};

	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(cases); i++) {
		struct config_problem problem = {.line = 0};
		char groups[256] = "";
		enum cosmo_err err = COSMO_OK;

		print_message("%s%s\n", cases[i].groups, cases[i].config);
		(void)snprintf(groups, sizeof(groups), "%s" PRIVILEGED, cases[i].groups);
		err = check(groups, cases[i].config, &problem);
		assert_int_equal(err, cases[i].says ? COSMO_E_CONFIG : COSMO_OK);
		if (!err)
			continue;
		print_message("  %s\n", problem.text);
		assert_non_null(strstr(problem.text, cases[i].says));
		assert_int_equal(problem.line, cases[i].line);
	}
}

/* What a sign-in or apply would write is held to the same, or an edited file would do without. */
static void test_local_groups_check__refused__is_not_written_either(void **state)
{
	COSMO_AUTO(config_free) struct config *config = parsed("[role x]\nlocal_groups = tape\n");
	struct users_db_settings settings;

	(void)state;
	scratch_file_write("tape:x:27:\n" PRIVILEGED);
	assert_int_equal(
		settings_make(config, scratch_file_path(), false, &settings), COSMO_E_CONFIG);
	scratch_file_write("tape:x:26:\n" PRIVILEGED);
	assert_int_equal(settings_make(config, scratch_file_path(), false, &settings), COSMO_OK);
	assert_int_equal(settings.conferred_count, 1);
}

static void test_local_groups_check__no_file__nobody_knows(void **state)
{
	COSMO_AUTO(config_free) struct config *config = parsed("");
	struct config_problem problem = {.line = 0};

	(void)state;
	unlink(scratch_file_path());
	assert_int_equal(local_groups_check(config, scratch_file_path(), &problem), COSMO_E_IO);
	assert_int_equal(local_groups_gid(scratch_file_path(), "tape"), 0);
}

#define WITH_FILE(test)                                                                            \
	cmocka_unit_test_setup_teardown(test, scratch_file_make, scratch_file_remove)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_FILE(test_local_groups_check__gid_of_a_privileged_group__is_refused),
		WITH_FILE(test_local_groups_check__refused__is_not_written_either),
		WITH_FILE(test_local_groups_check__no_file__nobody_knows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
