/* SPDX-License-Identifier: MIT */
/* adopt: make the store this machine's. */
#include <stdio.h>

#include "ctl/command.h"
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
	struct step_report report = {
		.texts = texts, .text_count = COSMO_ARRAY_LEN(texts), .said = print_next};

	return step_report_run(self, argc, argv, MESSAGE_CTL_ADOPT, &report);
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
		"disconnected until `connect`.\n\n"
		"Exit code 4: the configuration has to be mended; 5: busy; 6: it could not be done.\n",
	.run = run,
};
