/* SPDX-License-Identifier: MIT */
/* backup: who is who on this host, in one file. */
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
	{"users", "Users: %s", "Damaged, and not in it: %s", NULL, true},
	{"uids", "Uids that were ever given: %s", NULL, NULL, true},
};

static int ask(const char *path, bool json)
{
	struct step_report report = {
		.texts = texts, .text_count = COSMO_ARRAY_LEN(texts), .json = json};
	COSMO_AUTO(message_free) struct message *request = NULL;
	enum cosmo_err err = ask_new(MESSAGE_CTL_BACKUP, &request);

	if (err)
		return (int)exit_code_of(err);
	message_put_str(request, FIELD_PATH, path);
	err = step_report_ask(&report, request);
	return (int)exit_code_of(err);
}

static int run(const struct command *self, int argc, char **argv)
{
	bool json = false;
	const struct option_spec specs[] = {{"json", OPTION_FLAG, &json}};
	char path[MAX_PATH_BYTES] = "";
	int first = 0;

	if (!options_parse(self, argc, argv, specs, COSMO_ARRAY_LEN(specs), &first))
		return EXIT_CODE_USAGE;
	if (first + 1 != argc)
		return command_usage_error(self, "say one file, which is not there yet");
	if (!absolute_path(argv[first], path, sizeof(path)))
		return command_usage_error(self, "this path is too long, or empty");
	return ask(path, json);
}

const struct command command_backup = {
	.name = "backup",
	.arguments = "FILE [--json]",
	.summary = "Write who is who on this host into a file of root's",
	.help = "  --json    print one JSON object (dry_run, steps: step, result, count, left, detail;\n"
		"            error, message, detail)\n\n"
		"FILE must not be there yet. It holds users, uids and the uid seed; no refresh token and no\n"
		"client secret. Sign-ins go on meanwhile.\n\n"
		"Exit code 1: FILE is there already; 6: it could not be written, or records are damaged and\n"
		"not in it.\n",
	.run = run,
};
