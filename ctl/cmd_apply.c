/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "ctl/ask.h"
#include "ctl/command.h"
#include "ctl/exit_code.h"

static void visit_warning(void *context, const struct message *item)
{
	(void)context;
	(void)ask_print_warning(item);
}

/* Send a request without fields, for commands that are nothing else. */
static int run_plain(const struct command *self, int argc, enum message_type type)
{
	COSMO_AUTO(message_free) struct message *request = NULL;
	enum cosmo_err err = COSMO_OK;

	if (argc != 1)
		return command_usage_error(self, "it takes no operand");
	err = ask_new(type, &request);
	if (!err)
		err = ask_simple(request, visit_warning, NULL);
	return (int)exit_code_of(err);
}

static int run_apply(const struct command *self, int argc, char **argv)
{
	int code = run_plain(self, argc, MESSAGE_CTL_APPLY);

	(void)argv;
	if (code == EXIT_CODE_OK)
		puts("The configuration is in effect. Roles change at each user's next sign-in or refresh; "
		     "`cosmo-ssoctl refresh --all` is one.");
	return code;
}

static int run_boot(const struct command *self, int argc, char **argv)
{
	(void)argv;
	return run_plain(self, argc, MESSAGE_CTL_BOOT);
}

const struct command command_apply = {
	.name = "apply",
	.arguments = "",
	.summary = "Put an edited configuration into effect",
	.help = "Sign-ins read the configuration themselves; this brings groups, ids and templates,\n"
		"as look-ups show them, in line with it at once. A role that no rule gives and a local group\n"
		"that this host does not have are warned of.\n\n"
		"Exit code 4: the configuration has an error; 5: busy.\n",
	.run = run_apply,
};

const struct command command_boot = {
	.name = "boot",
	.arguments = "",
	.summary = "Open the gate after a boot if this host is connected (for the boot unit)",
	.help = "A closed gate stays closed.\n",
	.run = run_boot,
};
