/* SPDX-License-Identifier: MIT */
/* disconnect: everybody is a viewer, at once, and what he had begun ends. */
#include <stdio.h>
#include <string.h>

#include "ctl/ask.h"
#include "ctl/command.h"
#include "ctl/exit_code.h"
#include "ctl/options.h"
#include "ctl/output.h"
#include "ctl/step_report.h"

/* FIELD_REASON with its NUL. */
#define MAX_REASON_BYTES 255

struct words {
	const char *reason;
	bool keep_sessions;
	bool strip_setgid;
};

static const struct step_text done_texts[] = {
	{"gate", "The gate is closed: everybody of single sign-on is a viewer from now on.", NULL,
		"The gate: %s", false},
	{"again", "This host was disconnected already; what is left is done now.", NULL, NULL,
		false},
	{"state", "This host is disconnected, also after it is started again.", NULL,
		"That this host is disconnected could not be stored: %s", false},
	{"sessions", "Sessions ended: %s", NULL, "Sessions: %s", true},
	{"processes", "Processes ended: %s", "Processes that could not be ended: %s", NULL, false},
	{"setgid", "Set-gid bits taken away: %s",
		"Files with the set-gid bit and a role's group, left as they are: %s",
		"Not wholly looked through for set-gid files: %s", false},
	{"own", "Your own session ends last.", NULL, NULL, false},
	{"flows", "Sign-ins that waited for an approval, ended: %s", NULL, "Sign-ins: %s", false},
	{"tokens", "Refresh tokens wiped: %s", "Refresh tokens that could not be wiped: %s", NULL,
		true},
	{"revoked", "Refresh tokens revoked at the IdP: %s",
		"Refresh tokens that the IdP has not revoked: %s", "  %s", false},
	{"damaged", NULL, "Records that are damaged, and may hold a token: %s", NULL, false},
	{"caches", NULL, NULL, "The cache: %s", false},
};

static const struct step_text rehearsed_texts[] = {
	{"gate", "The gate would be closed: everybody of single sign-on would be a viewer.", NULL,
		"The gate: %s", false},
	{"again", "This host is disconnected already.", NULL, NULL, false},
	{"sessions", "Sessions that would be ended: %s", NULL, "Sessions: %s", true},
	{"processes", "Processes that would be ended: %s", NULL, NULL, false},
	{"setgid", NULL, "Files with the set-gid bit and a role's group: %s",
		"Not wholly looked through for set-gid files: %s", false},
	{"own", "Your own session would end last.", NULL, NULL, false},
	{"tokens", "Refresh tokens that would be revoked and wiped: %s", NULL, NULL, true},
};

static struct step_report report_of(bool dry_run)
{
	if (dry_run)
		return (struct step_report){.texts = rehearsed_texts,
			.text_count = COSMO_ARRAY_LEN(rehearsed_texts),
			.dry_run = true};
	return (struct step_report){.texts = done_texts, .text_count = COSMO_ARRAY_LEN(done_texts)};
}

static enum cosmo_err make_request(const struct words *words, struct message **ret)
{
	enum cosmo_err err = ask_new(MESSAGE_CTL_DISCONNECT, ret);

	if (err)
		return err;
	message_put_str(*ret, FIELD_REASON, words->reason);
	if (words->keep_sessions)
		message_put_u64(*ret, FIELD_KEEP_SESSIONS, 1);
	if (words->strip_setgid)
		message_put_u64(*ret, FIELD_STRIP_SETGID, 1);
	return COSMO_OK;
}

static int order(const struct words *words, bool dry_run, bool json)
{
	COSMO_AUTO(message_free) struct message *request = NULL;
	struct step_report report = report_of(dry_run);
	enum cosmo_err err = make_request(words, &request);

	if (err)
		return (int)exit_code_of(err);
	report.json = json;
	err = step_report_ask(&report, request);
	if (!err && !json)
		puts(dry_run ? "Nothing was changed."
			     : "Disconnected. `cosmo-ssoctl connect` makes a new integration.");
	return (int)exit_code_of(err);
}

static const char *problem_of(const struct words *words)
{
	if (words->reason && (!words->reason[0] || strlen(words->reason) > MAX_REASON_BYTES))
		return "--reason takes 1 to 255 bytes";
	if (words->keep_sessions && words->strip_setgid)
		return "--strip-setgid goes with the end of sessions, which --keep-sessions leaves out";
	return NULL;
}

static int run(const struct command *self, int argc, char **argv)
{
	struct words words = {.reason = NULL};
	bool dry_run = false;
	bool json = false;
	const struct option_spec specs[] = {
		{"reason", OPTION_TEXT, &words.reason},
		{"keep-sessions", OPTION_FLAG, &words.keep_sessions},
		{"strip-setgid", OPTION_FLAG, &words.strip_setgid},
		{"dry-run", OPTION_FLAG, &dry_run},
		{"json", OPTION_FLAG, &json},
	};
	const char *problem = NULL;
	int first = 0;

	if (!options_parse(self, argc, argv, specs, COSMO_ARRAY_LEN(specs), &first))
		return EXIT_CODE_USAGE;
	if (first != argc)
		return command_usage_error(self, "it takes no operand");
	problem = problem_of(&words);
	if (problem)
		return command_usage_error(self, "%s", problem);
	return order(&words, dry_run, json);
}

const struct command command_disconnect = {
	.name = "disconnect",
	.arguments = "[OPTION...]",
	.summary = "Log everybody of single sign-on out, and let nobody be more than a viewer",
	.help = "  --reason TEXT     for the log and for status\n"
		"  --keep-sessions   end nobody's session: roles are gone all the same, but running\n"
		"                    processes keep the groups they have\n"
		"  --strip-setgid    take the set-gid bit off files of theirs that have a role's group\n"
		"  --dry-run         say what would be ended, change nothing\n"
		"  --json            print one JSON object (dry_run, steps: step, result, count, left,\n"
		"                    detail; error, message, detail)\n\n"
		"It asks nothing, needs no network, and can be repeated: what could not be done is done by\n"
		"the next run, at the next boot, or by cosmo-sso-check.timer.\n\n"
		"Exit code 0: done; 5: busy, run it again; 6: something could not be ended, written or, with\n"
		"--strip-setgid, wholly looked through, and what that means is said.\n",
	.run = run,
};
