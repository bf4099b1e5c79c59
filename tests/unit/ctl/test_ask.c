/* SPDX-License-Identifier: MIT */
/* Without memory for a request: whichever command it is of says what happened. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/base/auto.h"
#include "common/message.h"
#include "ctl/command.h"
#include "ctl/exit_code.h"

#define MAX_WORDS 7

static const struct {
	const struct command *command;
	const char *words[MAX_WORDS]; /* behind its name */
} rows[] = {
	{&command_status, {NULL}},
	{&command_check, {NULL}},
	{&command_apply, {NULL}},
	{&command_boot, {NULL}},
	{&command_adopt, {NULL}},
	{&command_repair, {NULL}},
	{&command_disconnect, {NULL}},
	{&command_backup, {"/x"}},
	{&command_restore, {"/x"}},
	{&command_check_config, {NULL}},
	{&command_check_config, {"/dev/null"}},
	{&command_connect, {"--issuer", "https://x", "--client-id", "x", "--rule", "admin=x"}},
	{&command_roles, {"test", "/dev/null"}},
	{&command_session, {"list"}},
	{&command_session, {"list", "--json"}},
	{&command_session, {"end", "1.1.1"}},
	{&command_session, {"end", "--user", "ada"}},
	{&command_user, {"list"}},
	{&command_user, {"list", "--json"}},
	{&command_user, {"show", "ada"}},
	{&command_user, {"add", "ada"}},
	{&command_user, {"lock", "ada"}},
	{&command_user, {"rebind", "ada"}},
};

static unsigned int times_asked;

enum cosmo_err __wrap_message_new(enum message_type type, struct message **ret);

enum cosmo_err __wrap_message_new(enum message_type type, struct message **ret)
{
	(void)type;
	(void)ret;
	times_asked++;
	return COSMO_E_NOMEM;
}

/* Of main.c, which is not linked here. */
int command_print_help(const struct command *command)
{
	fail_msg("%s: help", command->name);
	return EXIT_CODE_OK;
}

int command_usage_error(const struct command *command, const char *format, ...)
{
	fail_msg("%s: %s", command->name, format);
	return EXIT_CODE_USAGE;
}

/* Its exit code; what it said on standard error. */
static int run(size_t row, char *ret, size_t ret_size)
{
	const struct command *command = rows[row].command;
	char words[MAX_WORDS + 1][64] = {""};
	char *argv[MAX_WORDS + 2] = {words[0]};
	FILE *file = tmpfile();
	int saved = dup(STDERR_FILENO);
	int argc = 1;
	int code = 0;

	assert_true(file && saved >= 0);
	(void)snprintf(words[0], sizeof(words[0]), "%s", command->name);
	for (; argc <= MAX_WORDS && rows[row].words[argc - 1]; argc++) {
		(void)snprintf(words[argc], sizeof(words[argc]), "%s", rows[row].words[argc - 1]);
		argv[argc] = words[argc];
	}
	assert_int_equal(dup2(fileno(file), STDERR_FILENO), STDERR_FILENO);
	code = command->run(command, argc, argv);
	(void)fflush(NULL);
	assert_int_equal(dup2(saved, STDERR_FILENO), STDERR_FILENO);
	close(saved);
	rewind(file);
	ret[fread(ret, 1, ret_size - 1, file)] = '\0';
	(void)fclose(file);
	return code;
}

static void test_ask_new__no_memory__each_command_says_so_and_fails(void **state)
{
	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(rows); i++) {
		char said[1024] = "";
		int code = 0;

		times_asked = 0;
		code = run(i, said, sizeof(said));
		print_message(
			"%s %s\n", rows[i].command->name, rows[i].words[0] ? rows[i].words[0] : "");
		assert_int_equal(times_asked, 1);
		assert_int_equal(code, EXIT_CODE_INTERNAL);
		assert_true(strstr(said, "[out_of_memory]"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ask_new__no_memory__each_command_says_so_and_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
