/* SPDX-License-Identifier: MIT */
/* cosmo-ssoctl: the administrator's command. */
#include <locale.h>
#include <stdarg.h>
#include <stdio.h>

#include "common/base/auto.h"
#include "ctl/command.h"
#include "ctl/exit_code.h"
#include "ctl/output.h"
#include "paths.h"

static const struct command *const commands[] = {
	&command_connect,
	&command_disconnect,
	&command_enable,
	&command_disable,
	&command_status,
	&command_check,
	&command_doctor,
	&command_login_test,
	&command_refresh,
	&command_user,
	&command_session,
	&command_whoami,
	&command_roles,
	&command_check_config,
	&command_apply,
	&command_token,
	&command_backup,
	&command_restore,
	&command_repair,
	&command_adopt,
	&command_boot,
};

int command_print_help(const struct command *command)
{
	printf("Usage: cosmo-ssoctl %s%s%s\n\n%s\n", command->name,
		command->arguments[0] ? " " : "", command->arguments, command->summary);
	if (command->help[0])
		printf("\n%s", command->help);
	return EXIT_CODE_OK;
}

int command_usage_error(const struct command *command, const char *format, ...)
{
	char problem[1024] = "";
	char text[1200] = "";
	va_list args;

	va_start(args, format);
	(void)vsnprintf(problem, sizeof(problem), format, args);
	va_end(args);
	snprintf(text, sizeof(text), "%s: %s; see `cosmo-ssoctl %s --help`", command->name, problem,
		command->name);
	output_usage(text);
	return EXIT_CODE_USAGE;
}

static void print_help(FILE *out)
{
	(void)fputs(
		"Usage: cosmo-ssoctl COMMAND [ARGUMENT...]\n\n"
		"Administers cosmo-sso, sign-in through your organization's Identity Provider.\n\n",
		out);
	for (size_t i = 0; i < COSMO_ARRAY_LEN(commands); i++)
		fprintf(out, "  %-13s %s\n", commands[i]->name, commands[i]->summary);
	(void)fputs(
		"\nEvery command knows --help. Commands that report something know --json: one document\n"
		"on standard output, also on failure ({\"error\": ID, \"message\": TEXT, \"detail\": TEXT}).\n"
		"Exit codes: 0 done, 1 refused or not so, 2 wrong usage, 3 IdP unreachable,\n"
		"4 configuration to be mended, 5 busy, 6 fault of this host, 7 not an account of single\n"
		"sign-on (whoami).\n",
		out);
}

static bool has_word(int argc, char **argv, const char *word)
{
	for (int i = 0; i < argc && !streq(argv[i], "--"); i++)
		if (streq(argv[i], word))
			return true;
	return false;
}

static int run(const struct command *command, int argc, char **argv)
{
	int code = EXIT_CODE_OK;

	if (has_word(argc, argv, "--help") || has_word(argc, argv, "-h"))
		return command_print_help(command);
	if (has_word(argc, argv, "--json"))
		output_want_json();
	code = command->run(command, argc, argv);
	output_finish();
	return code;
}

static int unknown_command(const char *name)
{
	char known[256] = "";
	size_t len = 0;

	for (size_t i = 0; i < COSMO_ARRAY_LEN(commands) && len < sizeof(known); i++)
		len += (size_t)snprintf(
			known + len, sizeof(known) - len, "%s%s", i ? ", " : "", commands[i]->name);
	output_error("there is no command \"%s\"; the commands are: %s", name, known);
	return EXIT_CODE_USAGE;
}

static int find_and_run(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : NULL;

	if (!name || streq(name, "--help") || streq(name, "-h") || streq(name, "help")) {
		print_help(name ? stdout : stderr);
		return name ? EXIT_CODE_OK : EXIT_CODE_USAGE;
	}
	if (streq(name, "--version")) {
		puts("cosmo-ssoctl " COSMO_VERSION);
		return EXIT_CODE_OK;
	}
	for (size_t i = 0; i < COSMO_ARRAY_LEN(commands); i++)
		if (streq(commands[i]->name, name))
			return run(commands[i], argc - 1, argv + 1);
	return unknown_command(name);
}

int main(int argc, char **argv)
{
	int code = EXIT_CODE_OK;

	/* NOLINTNEXTLINE(concurrency-mt-unsafe): this program has one thread */
	(void)setlocale(LC_CTYPE, "");
	code = find_and_run(argc, argv);
	/* Half a document must not pass for a whole one; a failure keeps its own code. */
	return output_arrived() || code != EXIT_CODE_OK ? code : EXIT_CODE_INTERNAL;
}
