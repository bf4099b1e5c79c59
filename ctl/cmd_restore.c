/* SPDX-License-Identifier: MIT */
/* restore: put back what backup wrote. */
#include <stdio.h>

#include "ctl/absolute_path.h"
#include "ctl/ask.h"
#include "ctl/command.h"
#include "ctl/exit_code.h"
#include "ctl/options.h"
#include "ctl/output.h"
#include "ctl/step_report.h"

#define MAX_PATH_BYTES 1024

static const struct step_text texts[] = {
	{"users", "Users: %s", NULL, NULL, true},
	{"uids", "Uids that were ever given: %s", NULL, NULL, true},
};

static int ask(struct step_report *report, const char *path, bool replace)
{
	COSMO_AUTO(message_free) struct message *request = NULL;
	enum cosmo_err err = ask_new(MESSAGE_CTL_RESTORE, &request);

	if (err)
		return (int)exit_code_of(err);
	message_put_str(request, FIELD_PATH, path);
	if (replace)
		message_put_u64(request, FIELD_REPLACE, 1);
	err = step_report_ask(report, request);
	if (!err && !report->json)
		puts(report->dry_run
				? "The backup is whole. Nothing was changed."
				: "The users are restored. Make them this host's with `cosmo-ssoctl adopt`, then "
				  "connect it.");
	return (int)exit_code_of(err);
}

static int run(const struct command *self, int argc, char **argv)
{
	struct step_report report = {.texts = texts, .text_count = COSMO_ARRAY_LEN(texts)};
	bool replace = false;
	const struct option_spec specs[] = {
		{"replace", OPTION_FLAG, &replace},
		{"dry-run", OPTION_FLAG, &report.dry_run},
		{"json", OPTION_FLAG, &report.json},
	};
	char path[MAX_PATH_BYTES] = "";
	int first = 0;

	if (!options_parse(self, argc, argv, specs, COSMO_ARRAY_LEN(specs), &first))
		return EXIT_CODE_USAGE;
	if (first + 1 != argc)
		return command_usage_error(self, "say one file");
	if (!absolute_path(argv[first], path, sizeof(path)))
		return command_usage_error(self, "this path is too long, or empty");
	return ask(&report, path, replace);
}

const struct command command_restore = {
	.name = "restore",
	.arguments = "FILE [--replace] [--dry-run] [--json]",
	.summary = "Put back what backup wrote; the host stays disconnected until it is adopted",
	.help = "  --replace   replace the users that this host has\n"
		"  --dry-run   only judge the file, and whether it could be restored here\n"
		"  --json      print one JSON object (dry_run, steps: step, result, count, left, detail;\n"
		"              error, message, detail)\n\n"
		"The host must be disconnected. The file is judged as a whole before anything is changed;\n"
		"whatever happens, the users are the old ones or the restored ones. Nobody has a role before\n"
		"`adopt`, `connect` and their own next sign-in.\n\n"
		"Exit code 1: the host is connected, or has users and --replace was not said; 2: there is\n"
		"no such file; 5: busy; 6: the file is damaged, of another version or not safe, or it could\n"
		"not be done.\n",
	.run = run,
};
