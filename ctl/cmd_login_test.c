/* SPDX-License-Identifier: MIT */
/* login-test: sign in here and now, and see what comes of it. */
#include "ctl/command.h"
#include "ctl/exit_code.h"
#include "ctl/login_test.h"
#include "ctl/options.h"

static int run(const struct command *self, int argc, char **argv)
{
	struct login_test_options options = {.dry_run = false};
	const struct option_spec specs[] = {
		{"dry-run", OPTION_FLAG, &options.dry_run},
		{"service", OPTION_TEXT, &options.service},
		{"json", OPTION_FLAG, &options.json},
	};
	int first = 0;

	if (!options_parse(self, argc, argv, specs, COSMO_ARRAY_LEN(specs), &first))
		return EXIT_CODE_USAGE;
	if (first != argc)
		return command_usage_error(
			self, "it takes no operand: who signs in is whoever approves the code");
	return (int)exit_code_of(login_test_run(&options));
}

const struct command command_login_test = {
	.name = "login-test",
	.arguments = "[--dry-run] [--service NAME] [--json]",
	.summary = "Sign in at this terminal, and see what comes of it",
	.help = "  --dry-run        write nothing: no user, no uid, no roles, no token. Works before `connect` as well,\n"
		"                   with the configuration as it is\n"
		"  --service NAME   sign in as at this service, with what it demands; otherwise as at the first\n"
		"                   of sshd, login and sudo that asks for sign-ins\n"
		"  --json           print one JSON object at the end; the code goes to standard error\n\n"
		"It shows a code as a door does, waits for the approval (Ctrl-C ends that), and prints whose it\n"
		"was, the claim's values, which rule gave which role, and what sshd, login and sudo would say.\n"
		"Without --dry-run the person is written down as by a sign-in of their own, without a session.\n\n"
		"Exit code 0: would be let in; 1: would be refused, was denied or cancelled; 3: the IdP could\n"
		"not be asked; 4: something has to be mended.\n",
	.run = run,
};
