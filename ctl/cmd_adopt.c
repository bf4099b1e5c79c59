/* SPDX-License-Identifier: MIT */
/* adopt: make the store this machine's. */
#include <stdio.h>

#include "ctl/command.h"
#include "ctl/exit_code.h"
#include "ctl/options.h"
#include "ctl/output.h"
#include "ctl/step_report.h"

static const struct step_text texts[] = {
	{"ours", "This host's users are its own already: nothing was changed.", NULL, NULL, false},
	{"users", "Users, whose names and uids are kept: %s", NULL, NULL, true},
	{"tokens", "Refresh tokens dropped: %s", "Records that could not be read: %s", NULL, true},
};

static void print_next(const struct step_report *report)
{
	if (report->count < 2)
		return;
	puts(report->dry_run
			? "Nothing was changed."
			: "This host is disconnected. Connect it with `cosmo-ssoctl connect`; roles come back "
			  "with each\nuser's own next sign-in.");
}

static int run(const struct command *self, int argc, char **argv)
{
	struct step_report report = {.texts = texts, .text_count = COSMO_ARRAY_LEN(texts)};
	const struct option_spec specs[] = {
		{"dry-run", OPTION_FLAG, &report.dry_run},
		{"json", OPTION_FLAG, &report.json},
	};
	COSMO_AUTO(message_free) struct message *request = NULL;
	enum cosmo_err err = COSMO_OK;
	int first = 0;

	if (!options_parse(self, argc, argv, specs, COSMO_ARRAY_LEN(specs), &first))
		return EXIT_CODE_USAGE;
	if (first != argc)
		return command_usage_error(self, "it takes no operand");
	err = message_new(MESSAGE_CTL_ADOPT, &request);
	if (err) {
		output_failure(err, NULL, NULL);
		return (int)exit_code_of(err);
	}
	err = step_report_ask(&report, request);
	if (!err && !report.json)
		print_next(&report);
	return (int)exit_code_of(err);
}

const struct command command_adopt = {
	.name = "adopt",
	.arguments = "[--dry-run] [--json]",
	.summary = "Make the users of a copied or restored host this host's",
	.help = "  --dry-run   only say what would be kept and dropped\n"
		"  --json      print one JSON object (dry_run, steps: step, result, count, left, detail;\n"
		"              error, message, detail)\n\n"
		"A host whose machine-id is not the one under which it was connected is disconnected until\n"
		"this was done, and so is one that was restored. Names and uids stay; refresh tokens are\n"
		"dropped, and not revoked: the host they were given to may still use them. It stays\n"
		"disconnected until `connect`.\n",
	.run = run,
};
