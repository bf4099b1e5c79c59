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
	&command_enable,
	&command_disable,
	&command_status,
	&command_user,
	&command_roles,
	&command_check_config,
	&command_apply,
	&command_token,
	&command_boot,
};

int command_print_help(const struct command *command)
{
	printf("Usage: cosmo-ssoctl %s %s\n\n%s\n", command->name, command->arguments,
		command->summary);
	if (command->help[0])
		printf("\n%s", command->help);
	return EXIT_CODE_OK;
}

int command_usage_error(const struct command *command, const char *format, ...)
{
	char problem[512] = "";
	va_list args;

	va_start(args, format);
	(void)vsnprintf(problem, sizeof(problem), format, args);
	va_end(args);
	output_error("%s: %s; see `cosmo-ssoctl %s --help`", command->name, problem, command->name);
	return EXIT_CODE_USAGE;
}

static int print_help(void)
{
	puts("Usage: cosmo-ssoctl COMMAND [ARGUMENT...]\n\n"
	     "Administers cosmo-sso, sign-in through your organization's Identity Provider.\n");
	for (size_t i = 0; i < COSMO_ARRAY_LEN(commands); i++)
		printf("  %-13s %s\n", commands[i]->name, commands[i]->summary);
	puts("\nEvery command knows --help. Commands that report something know --json.\n"
	     "Exit codes: 0 done, 1 refused or not so, 2 wrong usage, 3 IdP unreachable,\n"
	     "4 configuration to be mended, 5 busy, 6 fault of this host.");
	return EXIT_CODE_OK;
}

int main(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : NULL;

	/* NOLINTNEXTLINE(concurrency-mt-unsafe): this program has one thread */
	(void)setlocale(LC_CTYPE, "");
	if (!name || streq(name, "--help") || streq(name, "-h") || streq(name, "help")) {
		print_help();
		return name ? EXIT_CODE_OK : EXIT_CODE_USAGE;
	}
	if (streq(name, "--version")) {
		puts("cosmo-ssoctl " COSMO_VERSION);
		return EXIT_CODE_OK;
	}
	for (size_t i = 0; i < COSMO_ARRAY_LEN(commands); i++) {
		if (!streq(commands[i]->name, name))
			continue;
		if (argc > 2 && (streq(argv[2], "--help") || streq(argv[2], "-h")))
			return command_print_help(commands[i]);
		return commands[i]->run(commands[i], argc - 1, argv + 1);
	}
	output_error("there is no command \"%s\"; see `cosmo-ssoctl --help`", name);
	return EXIT_CODE_USAGE;
}
