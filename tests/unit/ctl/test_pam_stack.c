/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/base/auto.h"
#include "ctl/pam_stack.h"

static char folder[] = "/tmp/test_pam_stack.XXXXXX";
static const char *const services[] = {"top", "common", "odd", "loop"};

static void put(const char *service, const char *text)
{
	char path[128] = "";
	FILE *file = NULL;

	(void)snprintf(path, sizeof(path), "%s/%s", folder, service);
	file = fopen(path, "we");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static int make_folder(void **state)
{
	(void)state;
	return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(services); i++) {
		char path[128] = "";

		(void)snprintf(path, sizeof(path), "%s/%s", folder, services[i]);
		(void)unlink(path);
	}
	return rmdir(folder);
}

static void test_pam_stack_read__includes__stand_in_their_place(void **state)
{
	struct pam_stack stack = {.count = 0};

	(void)state;
	put("common",
		"auth [success=1 default=ignore]\tpam_unix.so nullok\nauth requisite pam_deny.so\n"
		"account required pam_unix.so\n");
	put("top",
		"# auth required pam_no.so\nauth sufficient pam_rootok.so\n"
		"-auth optional pam_x.so # behind\n@include common\nAUTH required /lib/pam_cosmo_sso.so\n"
		"account include common\n");
	assert_true(pam_stack_read(folder, "top", "auth", &stack));
	assert_true(stack.whole);
	assert_int_equal(stack.count, 5);
	assert_string_equal(stack.lines[0].module, "pam_rootok.so");
	assert_int_equal(stack.lines[0].number, 2);
	assert_string_equal(stack.lines[1].module, "pam_x.so");
	assert_string_equal(stack.lines[2].control, "[success=1 default=ignore]");
	assert_string_equal(strrchr(stack.lines[3].file, '/'), "/common");
	assert_int_equal(stack.lines[3].number, 2);
	assert_int_equal(pam_stack_find(&stack, "pam_cosmo_sso.so"), 4);
	assert_int_equal(pam_stack_find(&stack, "pam_cosmo"), 5);
	assert_true(pam_stack_read(folder, "top", "account", &stack));
	assert_int_equal(stack.count, 2); /* by @include, and by include */
	assert_false(pam_stack_read(folder, "no-such-service", "auth", &stack));
}

static void test_pam_stack_read__odd_lines__are_read_as_libpam_does(void **state)
{
	struct pam_stack stack = {.count = 0};

	(void)state;
	put("odd",
		"auth \\\n  required \\\n  pam_a.so\nauth\nauth required\n\nnonsense required pam_b.so\n"
		"auth [success=ok pam_c.so\nauth substack missing\nauth required pam_d.so");
	assert_true(pam_stack_read(folder, "odd", "auth", &stack));
	assert_false(stack.whole);
	assert_string_equal(stack.lines[0].module, "pam_a.so");
	assert_int_equal(stack.lines[0].number, 3);
	assert_string_equal(stack.lines[stack.count - 1].module, "pam_d.so");
}

static void test_pam_stack_read__includes_itself__ends(void **state)
{
	struct pam_stack stack = {.count = 0};

	(void)state;
	put("loop", "auth required pam_a.so\n@include loop\n");
	assert_true(pam_stack_read(folder, "loop", "auth", &stack));
	assert_false(stack.whole);
	assert_true(stack.count >= 1 && stack.count <= 16);
}

static void test_pam_stack_action__each_control__as_pam_conf_has_it(void **state)
{
	static const struct {
		const char *control;
		const char *code;
		const char *action;
	} rows[] = {
		{"required", "perm_denied", "bad"},
		{"Requisite", "perm_denied", "die"},
		{"sufficient", "success", "done"},
		{"sufficient", "perm_denied", "ignore"},
		{"optional", "perm_denied", "ignore"},
		{"required", "ignore", "ignore"},
		{"[success=done ignore=ignore default=die]", "auth_err", "die"},
		{"[success=done ignore=ignore default=die]", "ignore", "ignore"},
		{"[success=done default=die]", "ignore", "die"},
		{"[default=die perm_denied=1]", "perm_denied", "1"},
		{"[success=ok]", "perm_denied", "bad"},
		{"[xsuccess=ok default=die]", "success", "die"},
	};
	char action[16] = "";

	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(rows); i++) {
		pam_stack_action(rows[i].control, rows[i].code, action);
		assert_string_equal(action, rows[i].action);
	}
}

static void test_pam_stack_may_pass__done_and_jumps__true(void **state)
{
	static const struct {
		const char *control;
		bool may;
	} rows[] = {
		{"sufficient", true},
		{"[success=2 default=ignore]", true},
		{"[success=done default=die]", true},
		{"required", false},
		{"requisite", false},
		{"optional", false},
		{"[success=ok default=bad]", false},
	};

	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(rows); i++) {
		struct pam_stack_line line = {.number = 1};

		(void)snprintf(line.control, sizeof(line.control), "%s", rows[i].control);
		assert_int_equal(pam_stack_may_pass(&line), rows[i].may);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pam_stack_read__includes__stand_in_their_place),
		cmocka_unit_test(test_pam_stack_read__odd_lines__are_read_as_libpam_does),
		cmocka_unit_test(test_pam_stack_read__includes_itself__ends),
		cmocka_unit_test(test_pam_stack_action__each_control__as_pam_conf_has_it),
		cmocka_unit_test(test_pam_stack_may_pass__done_and_jumps__true),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
