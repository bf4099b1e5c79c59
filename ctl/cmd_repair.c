/* SPDX-License-Identifier: MIT */
/* repair: make what look-ups show anew out of the private records, and say what is damaged. */
#include <stdio.h>

#include "ctl/command.h"
#include "ctl/step_report.h"

static const struct step_text texts[] = {
	{"users_db", NULL, NULL, "users.1.db: %s", false},
	{"seed", NULL, NULL, "uid_seed: %s", false},
	{"integration", NULL, NULL, "integration: %s", false},
	{"records", "Records that are whole: %s", "Records that are damaged: %s", NULL, true},
	{"register", "Uids that the register had lost: %s", NULL, NULL, false},
	{"recordless", "Uids given to names that have no record, and kept for them: %s", NULL, NULL,
		false},
	{"damaged", NULL, NULL, "  %s", false},
};

static void print_end(const struct step_report *report)
{
	puts(report->dry_run ? "Nothing was changed." : "users.1.db was made anew.");
}

static int run(const struct command *self, int argc, char **argv)
{
	struct step_report report = {
		.texts = texts, .text_count = COSMO_ARRAY_LEN(texts), .said = print_end};

	return step_report_run(self, argc, argv, MESSAGE_CTL_REPAIR, &report);
}

const struct command command_repair = {
	.name = "repair",
	.arguments = "[--dry-run] [--json]",
	.summary =
		"Make what look-ups show anew out of the private records, and say what is damaged",
	.help = "  --dry-run   only say what is damaged\n"
		"  --json      print one JSON object (dry_run, steps: step, result, count, left, detail;\n"
		"              error, message, detail)\n\n"
		"A record that cannot be read is named and left as it is; its user is locked and has no role.\n"
		"Nobody gets a role, another uid or another name by it.\n\n"
		"Exit code 5: busy; 6: records are damaged, or it could not be done.\n",
	.run = run,
};
