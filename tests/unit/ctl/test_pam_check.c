/* SPDX-License-Identifier: MIT */
/* Real libpam on service files of our own; the modules are those every host has. */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/base/auto.h"
#include "ctl/pam_check.h"
#include "ctl/pam_edit.h"
#include "ctl/pam_stage.h"

#define PERMIT  "auth required pam_permit.so\naccount required pam_permit.so\n" SESSION
#define SESSION "session required pam_permit.so\n"

struct place {
	char folder[64];
};

static int make_place(void **state)
{
	struct place *place = calloc(1, sizeof(*place));

	snprintf(place->folder, sizeof(place->folder), "/tmp/cosmo-sso-pam.XXXXXX");
	if (!mkdtemp(place->folder))
		return -1;
	*state = place;
	return 0;
}

static int drop_place(void **state)
{
	struct place *place = *state;
	char command[128] = "";

	snprintf(command, sizeof(command), "rm -rf %s", place->folder);
	free(place);
	return system(command);
}

static void put(const struct place *place, const char *service, const char *text)
{
	char path[128] = "";
	FILE *file = NULL;

	snprintf(path, sizeof(path), "%s/%s", place->folder, service);
	file = fopen(path, "we");
	assert_non_null(file);
	fputs(text, file);
	assert_int_equal(fclose(file), 0);
}

static const struct {
	const char *label;
	const char *text;
	enum pam_check_step step;
} stacks[] = {
	{"all pass", PERMIT, PAM_CHECK_PASSED},
	{"account refuses", "account required pam_deny.so\n" SESSION, PAM_CHECK_REFUSED},
	{"session refuses", "account required pam_permit.so\nsession required pam_deny.so\n",
		PAM_CHECK_NOT_OPENED},
	{"a module that is not there", "account required pam_nowhere.so\n" SESSION,
		PAM_CHECK_REFUSED},
	{"our module not there",
		"account [success=ok ignore=1 module_unknown=1 default=die] pam_nowhere.so\n"
		"account requisite pam_deny.so\naccount required pam_permit.so\n" SESSION,
		PAM_CHECK_PASSED},
	{"an include that is not there",
		"@include nowhere\naccount required pam_permit.so\n" SESSION,
		PAM_CHECK_NOT_STARTED},
};

static void test_pam_check_root__each_stack__stops_where_it_fails(void **state)
{
	struct place *place = *state;

	put(place, "other", "auth required pam_deny.so\n");
	for (size_t i = 0; i < COSMO_ARRAY_LEN(stacks); i++) {
		print_message("%s\n", stacks[i].label);
		put(place, "probe", stacks[i].text);
		assert_int_equal(pam_check_root("probe", place->folder), stacks[i].step);
	}
}

static void test_pam_check_root__a_module_that_crashes__is_noticed(void **state)
{
	struct place *place = *state;

	put(place, "probe", "account required " CRASHING_MODULE "\n" SESSION);
	assert_int_equal(pam_check_root("probe", place->folder), PAM_CHECK_NOT_RUN);
	assert_non_null(strstr(pam_check_problem(PAM_CHECK_NOT_RUN), "crashed"));
}

static void test_pam_check_root__signals_held_by_us__are_not_held_in_the_stack(void **state)
{
	struct place *place = *state;
	sigset_t held;
	sigset_t before;

	sigfillset(&held);
	sigprocmask(SIG_BLOCK, &held, &before);
	put(place, "probe", "account required " CRASHING_MODULE " term\n" SESSION);
	assert_int_equal(pam_check_root("probe", place->folder), PAM_CHECK_NOT_RUN);
	sigprocmask(SIG_SETMASK, &before, NULL);
}

static void test_pam_check_root_auth__asks_authentication_alone(void **state)
{
	struct place *place = *state;

	put(place, "probe", "auth required pam_permit.so\naccount required pam_deny.so\n");
	assert_int_equal(pam_check_root_auth("probe", place->folder), PAM_CHECK_PASSED);
	put(place, "probe", "auth required pam_deny.so\n");
	assert_int_equal(pam_check_root_auth("probe", place->folder), PAM_CHECK_REFUSED);
}

static void test_pam_stage__the_copy__has_the_change_and_all_else(void **state)
{
	struct place *place = *state;
	struct pam_stage stage = {0};
	struct file_changes changes = {.count = 1};
	char folder[sizeof(stage.folder)] = "";
	char unchanged[] = "account required pam_deny.so\n";
	char changed[] = PERMIT;

	snprintf(changes.items[0].path, sizeof(changes.items[0].path), "%s/probe", place->folder);
	changes.items[0].before = unchanged;
	changes.items[0].after = changed;
	put(place, "probe", unchanged);
	put(place, "other", PERMIT);
	assert_int_equal(pam_stage_make(&stage, place->folder, &changes), COSMO_OK);
	assert_int_equal(pam_check_root("probe", stage.folder), PAM_CHECK_PASSED);
	assert_int_equal(pam_check_root("nowhere", stage.folder), PAM_CHECK_PASSED);
	assert_int_equal(pam_check_root("probe", place->folder), PAM_CHECK_REFUSED);
	memcpy(folder, stage.folder, sizeof(folder));
	pam_stage_done(&stage);
	assert_int_equal(access(folder, F_OK), -1);
	assert_string_equal(stage.folder, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			test_pam_check_root__each_stack__stops_where_it_fails, make_place,
			drop_place),
		cmocka_unit_test_setup_teardown(
			test_pam_check_root__a_module_that_crashes__is_noticed, make_place,
			drop_place),
		cmocka_unit_test_setup_teardown(
			test_pam_check_root__signals_held_by_us__are_not_held_in_the_stack,
			make_place, drop_place),
		cmocka_unit_test_setup_teardown(test_pam_check_root_auth__asks_authentication_alone,
			make_place, drop_place),
		cmocka_unit_test_setup_teardown(
			test_pam_stage__the_copy__has_the_change_and_all_else, make_place,
			drop_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
