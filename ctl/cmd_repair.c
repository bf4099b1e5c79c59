/* SPDX-License-Identifier: MIT */
/* repair: make what look-ups show anew out of the private records, and say what is damaged. */
#include <stdio.h>

#include "ctl/command.h"
#include "ctl/exit_code.h"
#include "ctl/options.h"
#include "ctl/output.h"
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
	err = message_new(MESSAGE_CTL_REPAIR, &request);
	if (err) {
		output_failure(err, NULL, NULL);
		return (int)exit_code_of(err);
	}
	err = step_report_ask(&report, request);
	if (!err && !report.json)
		puts(report.dry_run ? "Nothing was changed." : "users.1.db was made anew.");
	return (int)exit_code_of(err);
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
