/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "common/base/log.h"
#include "common/base/parse.h"
#include "ctl/ask.h"
#include "ctl/command.h"
#include "ctl/exit_code.h"
#include "ctl/options.h"
#include "ctl/output.h"
#include "ctl/session_report.h"

#define MAX_ID_BYTES 95

struct session_words {
	bool json;
	bool dry_run;
	bool yes;
	const char *user; /* NULL: the session @id alone */
	const char *id;
};

struct session_listing {
	bool json;
	struct json_object *array;
	size_t count;
};

/* What was done, or in a rehearsal would be. */
struct session_outcome {
	const struct session_words *words;
	struct session_report ended;
};

static struct json_object *item_json(const struct message *item)
{
	struct json_object *object = json_object_new_object();

	output_json_text(object, "id", message_str(item, FIELD_SESSION));
	output_json_text(object, "user", message_str(item, FIELD_USER));
	json_object_object_add(
		object, "uid", json_object_new_uint64(message_u64(item, FIELD_UID, 0)));
	output_json_text(object, "service", message_str(item, FIELD_SERVICE));
	output_json_text(object, "tty", message_str(item, FIELD_TTY));
	output_json_text(object, "from", message_str(item, FIELD_RHOST));
	json_object_object_add(
		object, "leader", json_object_new_uint64(message_u64(item, FIELD_LEADER_PID, 0)));
	json_object_object_add(
		object, "opened", json_object_new_uint64(message_u64(item, FIELD_OPENED_S, 0)));
	output_json_text(object, "logind", message_str(item, FIELD_LOGIND_SESSION));
	output_json_text(object, "integration", message_str(item, FIELD_INTEGRATION));
	output_json_text(object, "problem",
		message_has(item, FIELD_ERR) ? cosmo_err_id(message_err(item)) : NULL);
	return object;
}

static void print_cell(const char *text, int width)
{
	char shown[257] = "";

	log_filter(text ? text : "-", true, shown, sizeof(shown));
	printf("%-*s  ", width, shown);
}

static void print_head(void)
{
	printf("%-27s  %-16s  %-8s  %-10s  %-25s  %s\n", "SESSION", "USER", "SERVICE", "TERMINAL",
		"SINCE", "FROM");
}

static void print_row(const struct message *item)
{
	char opened[32] = "";

	output_time((int64_t)message_u64(item, FIELD_OPENED_S, 0), opened, sizeof(opened));
	print_cell(message_str(item, FIELD_SESSION), 27);
	print_cell(message_str(item, FIELD_USER), 16);
	print_cell(message_str(item, FIELD_SERVICE), 8);
	print_cell(message_str(item, FIELD_TTY), 10);
	printf("%-25s  ", opened);
	output_text(message_str(item, FIELD_RHOST) ? message_str(item, FIELD_RHOST) : "-");
	putchar('\n');
}

static void visit_session(void *context, const struct message *item)
{
	struct session_listing *listing = context;

	if (message_type(item) != MESSAGE_SESSION_ITEM)
		return;
	/* A list that cannot be had has no head either. */
	if (!listing->json && listing->count == 0)
		print_head();
	if (listing->json)
		json_object_array_add(listing->array, item_json(item));
	else
		print_row(item);
	listing->count++;
}

static int run_list(bool json)
{
	COSMO_AUTO(message_free) struct message *request = NULL;
	struct session_listing listing = {.json = json};
	enum cosmo_err err = ask_new(MESSAGE_CTL_SESSION_LIST, &request);

	if (json)
		listing.array = json_object_new_array();
	if (!err)
		err = ask_simple(request, visit_session, &listing);
	if (json && !err)
		output_json(listing.array);
	else if (json)
		json_object_put(listing.array);
	else if (!err && listing.count == 0) {
		print_head();
		puts("(nobody is signed in)");
	}
	return (int)exit_code_of(err);
}

static void visit_step(void *context, const struct message *item)
{
	struct session_outcome *outcome = context;
	const char *text = message_str(item, FIELD_TEXT);
	char shown[257] = "";

	if (message_type(item) == MESSAGE_PROGRESS && text && !outcome->words->json) {
		log_filter(text, true, shown, sizeof(shown));
		puts(shown);
	}
	if (message_type(item) == MESSAGE_STEP_ITEM)
		session_report_take(&outcome->ended, item);
}

static enum cosmo_err ask(struct session_outcome *outcome, bool dry_run)
{
	COSMO_AUTO(message_free) struct message *request = NULL;
	const struct session_words *words = outcome->words;
	enum cosmo_err err = ask_new(MESSAGE_CTL_SESSION_END, &request);

	if (err)
		return err;
	*outcome = (struct session_outcome){.words = words, .ended = {.dry_run = dry_run}};
	message_put_str(request, FIELD_USER, words->user);
	message_put_str(request, FIELD_SESSION, words->id);
	if (dry_run)
		message_put_u64(request, FIELD_DRY_RUN, 1);
	return ask_simple(request, visit_step, outcome);
}

static enum cosmo_err confirm(const struct session_outcome *found)
{
	const struct session_words *words = found->words;
	char question[512] = "";

	if (words->user)
		snprintf(question, sizeof(question),
			"This ends %" PRIu64
			" session(s) of %s and everything that runs as %s: %" PRIu64
			" process(es).%s",
			found->ended.sessions, words->user, words->user, found->ended.processes,
			found->ended.own ? " Your own session ends last." : "");
	else
		snprintf(question, sizeof(question),
			"This ends the session %s: %" PRIu64 " process(es).%s", words->id,
			found->ended.processes, found->ended.own ? " It is your own." : "");
	if (output_confirm(question, words->yes))
		return COSMO_OK;
	output_failure(COSMO_E_CANCELLED, "This was not confirmed.", NULL);
	return COSMO_E_CANCELLED;
}

static void print_json(const struct session_outcome *outcome)
{
	struct json_object *object = json_object_new_object();

	session_report_json(&outcome->ended, object);
	output_json(object);
}

static int run_end(const struct session_words *words)
{
	struct session_outcome outcome = {.words = words};
	enum cosmo_err err = ask(&outcome, true);

	if (!err && !words->dry_run) {
		err = confirm(&outcome);
		if (!err)
			err = ask(&outcome, false);
	}
	if (!err && words->json)
		print_json(&outcome);
	else if (!err)
		session_report_print(&outcome.ended);
	return (int)exit_code_of(err);
}

/* What is wrong with the command line; NULL: nothing. */
static const char *problem_of(const struct session_words *words)
{
	if (!words->user == !words->id)
		return "say end ID or end --user NAME";
	if (words->user && !login_name_is_valid(words->user, true))
		return "this is not the form of a login name";
	if (words->id && (!words->id[0] || strlen(words->id) > MAX_ID_BYTES))
		return "this is not the form of a session's id";
	return NULL;
}

static int run(const struct command *self, int argc, char **argv)
{
	struct session_words words = {0};
	const struct option_spec specs[] = {
		{"json", OPTION_FLAG, &words.json},
		{"user", OPTION_TEXT, &words.user},
		{"dry-run", OPTION_FLAG, &words.dry_run},
		{"yes", OPTION_FLAG, &words.yes},
	};
	const char *verb = NULL;
	const char *problem = NULL;
	int first = 0;

	if (!options_parse(self, argc, argv, specs, COSMO_ARRAY_LEN(specs), &first))
		return EXIT_CODE_USAGE;
	verb = first < argc ? argv[first] : NULL;
	if (streq(verb, "list") && first + 1 == argc) {
		if (words.user || words.dry_run || words.yes)
			return command_usage_error(
				self, "--user, --dry-run and --yes belong to end");
		return run_list(words.json);
	}
	if (!streq(verb, "end") || first + 2 < argc)
		return command_usage_error(self, "say list, end ID or end --user NAME");
	words.id = first + 1 < argc ? argv[first + 1] : NULL;
	problem = problem_of(&words);
	if (problem)
		return command_usage_error(self, "%s", problem);
	return run_end(&words);
}

const struct command command_session = {
	.name = "session",
	.arguments = "list|end ID|end --user NAME [OPTION...]",
	.summary = "List the open sessions of single sign-on users, or end them",
	.help = "  list             every open session: who, where, since when\n"
		"  end ID           end this session, with all that was started in it\n"
		"  end --user NAME  end all sessions of NAME and everything else that runs as NAME: user\n"
		"                   manager, jobs, programs left behind; sudo asks again\n"
		"    --dry-run        show how much that is, end nothing\n"
		"    --yes            do not ask\n"
		"  --json           list prints a JSON array with one object for each session (id, user,\n"
		"                   uid, service, tty, from, leader, opened, logind, integration,\n"
		"                   problem), end one object (dry_run, sessions, processes, left,\n"
		"                   setgid_files, setgid_unseen, own_session)\n\n"
		"Exit code 1: there is no such session or user, or this was not confirmed; 2: it is no login\n"
		"name or id; 6: something could not be ended.\n",
	.run = run,
};
