/* SPDX-License-Identifier: MIT */
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "common/base/parse.h"
#include "ctl/ask.h"
#include "ctl/command.h"
#include "ctl/exit_code.h"
#include "ctl/options.h"
#include "ctl/output.h"
#include "ctl/user_change.h"
#include "ctl/user_item.h"
#include "ctl/user_rebind.h"

struct user_output {
	bool json;
	bool whole; /* one user, every line */
	struct json_object *array;
	size_t count;
};

/* A list that cannot be had has no head either. */
static void print_row(const struct user_output *output, const struct message *item)
{
	if (output->count == 0)
		user_item_print_head();
	user_item_print_row(item);
}

static void visit(void *context, const struct message *item)
{
	struct user_output *output = context;

	if (message_type(item) != MESSAGE_USER_ITEM)
		return;
	if (output->json)
		json_object_array_add(output->array, user_item_json(item));
	else if (output->whole)
		user_item_print(item);
	else
		print_row(output, item);
	output->count++;
}

/* @name NULL: of everybody. What is wrong is said. */
static enum cosmo_err request_new(enum message_type type, const char *name, struct message **ret)
{
	COSMO_AUTO(message_free) struct message *request = NULL;
	enum cosmo_err err = ask_new(type, &request);

	if (!err && name && strlen(name) > COSMO_MAX_NAME_BYTES) {
		err = COSMO_E_NAME_FORM;
		output_failure(err, NULL, "a login name has up to 32 characters");
	}
	if (err)
		return err;
	message_put_str(request, FIELD_USER, name);
	*ret = COSMO_STEAL(&request);
	return COSMO_OK;
}

static int ask_users(enum message_type type, const char *name, struct user_output *output)
{
	COSMO_AUTO(message_free) struct message *request = NULL;
	enum cosmo_err err = request_new(type, name, &request);

	if (err)
		return (int)exit_code_of(err);
	if (output->json)
		output->array = json_object_new_array();
	err = ask_simple(request, visit, output);
	if (output->json && !err)
		output_json(output->array);
	else if (output->array)
		json_object_put(output->array);
	return (int)exit_code_of(err);
}

static int run_list(struct user_output *output)
{
	int code = ask_users(MESSAGE_CTL_USER_LIST, NULL, output);

	if (code == EXIT_CODE_OK && !output->json && output->count == 0) {
		user_item_print_head();
		puts("(nobody has signed in yet)");
	}
	return code;
}

/* Of a removed user: taken back, the helper shows him. */
static void visit_added(void *context, const struct message *item)
{
	bool *is_back = context;

	*is_back = *is_back || message_type(item) == MESSAGE_USER_ITEM;
}

static enum cosmo_err ask_add(const char *name, bool *ret_is_back)
{
	COSMO_AUTO(message_free) struct message *request = NULL;
	enum cosmo_err err = request_new(MESSAGE_CTL_USER_ADD, name, &request);

	return err ? err : ask_simple(request, visit_added, ret_is_back);
}

static int run_add(const char *name, bool json)
{
	struct json_object *object = NULL;
	bool is_back = false;
	enum cosmo_err err = ask_add(name, &is_back);

	if (err)
		return (int)exit_code_of(err);
	if (!json) {
		printf(is_back ? "%s is no longer removed: the person who had the name may sign in "
				 "again, with the same uid.\n"
			       : "%s is listed: the first sign-in under this name enrols it.\n",
			name);
		return EXIT_CODE_OK;
	}
	object = json_object_new_object();
	output_json_text(object, "name", name);
	json_object_object_add(object, "listed", json_object_new_boolean(!is_back));
	json_object_object_add(object, "taken_back", json_object_new_boolean(is_back));
	output_json(object);
	return EXIT_CODE_OK;
}

#define VERBS                                                                                      \
	"list, show NAME, add NAME, rebind NAME, lock NAME, unlock NAME, disconnect NAME or "      \
	"remove NAME"

/* Everything that can be said behind the verb. */
struct user_words {
	bool json;
	bool dry_run;
	bool yes;
	struct user_rebind rebind;
	struct user_change_words change;
};

/* Says so if it is. */
static bool is_unknown_verb(const struct command *self, const char *verb)
{
	static const char *const known[] = {"list", "show", "add", "rebind"};
	enum user_change change = USER_CHANGE_LOCK;

	for (size_t i = 0; i < COSMO_ARRAY_LEN(known); i++)
		if (!verb || streq(verb, known[i]))
			return false;
	if (user_change_is_verb(verb, &change))
		return false;
	command_usage_error(self, "there is no \"user %s\"; say " VERBS, verb);
	return true;
}

/* Which verb an option is of; NULL: all are of this one. */
static const char *misplaced(const struct user_words *words, bool is_rebind, bool is_change)
{
	if (!is_rebind && user_rebind_is_asked(&words->rebind))
		return "--for, --subject and --cancel belong to rebind";
	if (!is_change && (words->change.why || words->change.keep_sessions))
		return "--reason and --keep-sessions belong to lock, disconnect and remove";
	if (!is_rebind && !is_change && (words->dry_run || words->yes))
		return "--dry-run and --yes belong to rebind, lock, unlock, disconnect and remove";
	return NULL;
}

static int run_named(
	const struct command *self, const char *verb, const char *name, struct user_words *words)
{
	struct user_output output = {.json = words->json, .whole = true};

	if (streq(verb, "rebind")) {
		words->rebind.json = words->json;
		words->rebind.dry_run = words->dry_run;
		words->rebind.yes = words->yes;
		return user_rebind_run(self, name, &words->rebind);
	}
	if (streq(verb, "show"))
		return ask_users(MESSAGE_CTL_USER_SHOW, name, &output);
	if (streq(verb, "add"))
		return run_add(name, words->json);
	return command_usage_error(self, "list takes no name");
}

static int run_verb(
	const struct command *self, const char *verb, const char *name, struct user_words *words)
{
	struct user_output output = {.json = words->json};
	enum user_change change = USER_CHANGE_LOCK;
	bool is_change = verb && user_change_is_verb(verb, &change);
	const char *problem = misplaced(words, streq(verb, "rebind"), is_change);

	if (problem)
		return command_usage_error(self, "%s", problem);
	if (streq(verb, "list") && !name)
		return run_list(&output);
	if (!verb || !name)
		return command_usage_error(self, "say " VERBS);
	if (!is_change)
		return run_named(self, verb, name, words);
	words->change.json = words->json;
	words->change.dry_run = words->dry_run;
	words->change.yes = words->yes;
	return user_change_run(self, name, change, &words->change);
}

static int run(const struct command *self, int argc, char **argv)
{
	struct user_words words = {0};
	const struct option_spec specs[] = {
		{"json", OPTION_FLAG, &words.json},
		{"for", OPTION_TEXT, &words.rebind.wait},
		{"subject", OPTION_TEXT, &words.rebind.sub},
		{"cancel", OPTION_FLAG, &words.rebind.cancel},
		{"reason", OPTION_TEXT, &words.change.why},
		{"keep-sessions", OPTION_FLAG, &words.change.keep_sessions},
		{"dry-run", OPTION_FLAG, &words.dry_run},
		{"yes", OPTION_FLAG, &words.yes},
	};
	const char *verb = NULL;
	int first = 0;

	if (!options_parse(self, argc, argv, specs, COSMO_ARRAY_LEN(specs), &first))
		return EXIT_CODE_USAGE;
	verb = first < argc ? argv[first] : NULL;
	if (is_unknown_verb(self, verb))
		return EXIT_CODE_USAGE;
	if (first + 2 < argc)
		return command_usage_error(self, "say " VERBS);
	return run_verb(self, verb, first + 1 < argc ? argv[first + 1] : NULL, &words);
}

const struct command command_user = {
	.name = "user",
	.arguments = "list|show NAME|add NAME|rebind NAME|lock NAME|unlock NAME|disconnect NAME|"
		     "remove NAME [OPTION...]",
	.summary = "Show users, list a name for enrolment, bind, lock, sign out or remove one",
	.help = "  list         everybody who has signed in or is listed\n"
		"  show NAME    one user: ids, roles, since when, and why\n"
		"  add NAME     allow NAME to enrol when [enroll] mode = listed, and outside\n"
		"               the limits for unknown names\n"
		"  rebind NAME  let the next other person who signs in as NAME take the name over, with the\n"
		"               uid and the home directory; until then nothing changes\n"
		"    --for DURATION   wait so long for that sign-in, 1m to 30d (default 24h)\n"
		"    --subject SUB    bind NAME to this subject of the provider at once instead\n"
		"    --cancel         let nobody take it over any more\n"
		"  lock NAME        no way in and no roles, until unlocked; sessions end\n"
		"  unlock NAME      as before the lock\n"
		"  disconnect NAME  sign NAME out: sessions end, the refresh token is revoked, no roles until\n"
		"                   NAME's own next sign-in\n"
		"  remove NAME      gone: the name is refused until `user add` takes that back, the uid is\n"
		"                   never given to anybody else, files stay\n"
		"  For lock, disconnect and remove:\n"
		"    --reason TEXT    why, for the log and for `user show`\n"
		"    --keep-sessions  end no session\n"
		"  For these, unlock and rebind:\n"
		"    --dry-run        check and show everything, change nothing\n"
		"    --yes            do not ask\n"
		"  --json       list and show print a JSON array with one object for each user (name, uid,\n"
		"               display_name, roles, effective_roles, reason, locked, listed, signed_in,\n"
		"               confirmed, lease_until, bound, rebind_until, rebind_needed, since, why, issuer,\n"
		"               sub, home, shell), add one object (name, listed, taken_back), rebind the user\n"
		"               as one object with dry_run, lock, unlock, disconnect and remove one object (name,\n"
		"               dry_run, changed, unlisted, sessions, processes, left, setgid_files,\n"
		"               setgid_unseen, own_session, token_revoked, token_problem, user, error,\n"
		"               message, detail)\n\n"
		"Exit code 1: there is no such user, the name is taken, reserved or cannot be bound, or this\n"
		"was not confirmed; 2: it is no login name; 6: the change is made, but something could not\n"
		"be ended.\n",
	.run = run,
};
