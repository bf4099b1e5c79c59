/* SPDX-License-Identifier: MIT */
#include "ctl/user_change.h"

#include <inttypes.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "common/base/log.h"
#include "common/base/parse.h"
#include "ctl/ask.h"
#include "ctl/exit_code.h"
#include "ctl/output.h"
#include "ctl/session_report.h"
#include "ctl/user_item.h"

#define MAX_WHY_BYTES ((size_t)255)

static const struct verb {
	const char *verb;
	enum user_change change;
	const char *done; /* what is told when it is done, behind the name */
	const char *was;  /* when it was so already */
} verbs[] = {
	{"lock", USER_CHANGE_LOCK, "is locked: no way in, and no roles, until `user unlock`",
		"was locked already"},
	{"unlock", USER_CHANGE_UNLOCK, "is unlocked; all is as it was before", "was not locked"},
	{"disconnect", USER_CHANGE_DISCONNECT, "is signed out, a viewer until the next sign-in",
		""},
	{"remove", USER_CHANGE_REMOVE,
		"is removed; nobody can sign in under this name until `user add`",
		"was removed already"},
};

/* What came of it, as the helper told. */
struct outcome {
	const struct user_change_words *words;
	struct session_report ended;
	bool changed;
	bool unlisted;
	uint64_t revoked;
	uint64_t not_revoked;
	enum cosmo_err why_not;
	struct json_object *user; /* as it is then; NULL: nobody was enrolled */
	char home[256];
};

static const struct verb *verb_of(enum user_change change)
{
	for (size_t i = 0; i < COSMO_ARRAY_LEN(verbs); i++)
		if (verbs[i].change == change)
			return &verbs[i];
	return &verbs[0];
}

bool user_change_is_verb(const char *verb, enum user_change *ret)
{
	for (size_t i = 0; i < COSMO_ARRAY_LEN(verbs); i++) {
		if (!streq(verb, verbs[i].verb))
			continue;
		*ret = verbs[i].change;
		return true;
	}
	return false;
}

static void take_step(struct outcome *outcome, const struct message *item)
{
	const char *id = message_str(item, FIELD_STEP_ID);
	uint64_t count = message_u64(item, FIELD_COUNT, 0);
	uint64_t left = message_u64(item, FIELD_LEFT, 0);

	if (streq(id, "record"))
		outcome->changed = count > 0;
	else if (streq(id, "listed"))
		outcome->unlisted = true;
	session_report_take(&outcome->ended, item);
	if (streq(id, "tokens")) {
		outcome->revoked = count;
		outcome->not_revoked = left;
		outcome->why_not = message_err(item);
	}
}

static void visit(void *context, const struct message *item)
{
	struct outcome *outcome = context;
	const char *text = message_str(item, FIELD_TEXT);
	char shown[513] = "";

	if (message_type(item) == MESSAGE_PROGRESS && !outcome->words->json) {
		log_filter(text, true, shown, sizeof(shown));
		puts(shown);
	}
	if (message_type(item) == MESSAGE_STEP_ITEM)
		take_step(outcome, item);
	if (message_type(item) != MESSAGE_USER_ITEM)
		return;
	json_object_put(outcome->user);
	outcome->user = user_item_json(item);
	log_filter(message_str(item, FIELD_HOME), true, outcome->home, sizeof(outcome->home));
}

static enum cosmo_err ask(
	const char *name, enum user_change change, bool dry_run, struct outcome *outcome)
{
	COSMO_AUTO(message_free) struct message *request = NULL;
	const struct user_change_words *words = outcome->words;
	enum cosmo_err err = ask_new(MESSAGE_CTL_USER_CHANGE, &request);

	if (err)
		return err;
	json_object_put(outcome->user);
	*outcome = (struct outcome){.words = words, .ended = {.dry_run = dry_run}};
	message_put_str(request, FIELD_USER, name);
	message_put_u64(request, FIELD_CHANGE, (uint64_t)change);
	message_put_str(request, FIELD_REASON, words->why);
	if (words->keep_sessions)
		message_put_u64(request, FIELD_KEEP_SESSIONS, 1);
	if (dry_run)
		message_put_u64(request, FIELD_DRY_RUN, 1);
	return ask_simple(request, visit, outcome);
}

static enum cosmo_err confirm(const char *name, const struct outcome *found)
{
	char question[1024] = "";

	if (found->user)
		snprintf(question, sizeof(question),
			"%s will be removed: nobody can sign in under the name any more, %" PRIu64
			" session(s) and everything else that runs as %s end. The uid is never given to "
			"anybody else; %s and other files stay.%s",
			name, found->ended.sessions, name, found->home,
			found->ended.own ? " Your own session ends last." : "");
	else
		snprintf(question, sizeof(question),
			"%s has never signed in, and is taken off the list for enrolment.", name);
	if (output_confirm(question, found->words->yes))
		return COSMO_OK;
	output_failure(COSMO_E_CANCELLED, "This was not confirmed.", NULL);
	return COSMO_E_CANCELLED;
}

static void print_tokens(const struct outcome *outcome)
{
	if (outcome->revoked)
		puts(outcome->ended.dry_run ? "The refresh token would be revoked at the IdP."
					    : "The refresh token was revoked at the IdP.");
	if (!outcome->not_revoked)
		return;
	output_error("warning: the refresh token is wiped here, but the IdP did not revoke it: %s "
		     "[%s]",
		cosmo_err_text(outcome->why_not), cosmo_err_id(outcome->why_not));
}

static void print(const char *name, enum user_change change, const struct outcome *outcome)
{
	const struct verb *verb = verb_of(change);
	bool is_remove = change == USER_CHANGE_REMOVE;

	if (outcome->ended.dry_run)
		puts("This can be done; nothing was changed.");
	else if (outcome->user && outcome->changed)
		printf("%s %s.\n", name, verb->done);
	else if (outcome->user)
		printf("%s %s.\n", name, verb->was);
	if (outcome->unlisted && !outcome->ended.dry_run)
		printf("%s is not listed for enrolment any more.\n", name);
	if (change != USER_CHANGE_UNLOCK && outcome->user && !outcome->words->keep_sessions)
		session_report_print(&outcome->ended);
	if (change == USER_CHANGE_DISCONNECT || is_remove)
		print_tokens(outcome);
	if (is_remove && outcome->user && !outcome->ended.dry_run)
		printf("The uid stays reserved. The files stay as well: %s\n", outcome->home);
}

static void print_json(const char *name, const struct outcome *outcome)
{
	struct json_object *object = json_object_new_object();

	output_json_text(object, "name", name);
	session_report_json(&outcome->ended, object);
	json_object_object_add(object, "changed", json_object_new_boolean(outcome->changed));
	json_object_object_add(object, "unlisted", json_object_new_boolean(outcome->unlisted));
	json_object_object_add(
		object, "token_revoked", json_object_new_boolean(outcome->revoked > 0));
	output_json_text(object, "token_problem",
		outcome->not_revoked ? cosmo_err_id(outcome->why_not) : NULL);
	json_object_object_add(object, "user", json_object_get(outcome->user));
	output_json_failure(object);
	output_json(object);
}

/* What is wrong with the command line; NULL: nothing. */
static const char *problem_of(
	const char *name, enum user_change change, const struct user_change_words *words)
{
	if (!login_name_is_valid(name, true))
		return "this is not the form of a login name";
	if (change == USER_CHANGE_UNLOCK && (words->why || words->keep_sessions))
		return "unlock takes neither --reason nor --keep-sessions";
	if (words->why && (!words->why[0] || strlen(words->why) > MAX_WHY_BYTES))
		return "a reason has 1 to 255 bytes";
	return NULL;
}

int user_change_run(const struct command *self, const char *name, enum user_change change,
	const struct user_change_words *words)
{
	struct outcome outcome = {.words = words};
	const char *problem = problem_of(name, change, words);
	bool asks = change == USER_CHANGE_REMOVE && !words->dry_run;
	enum cosmo_err err = COSMO_OK;

	if (problem)
		return command_usage_error(self, "%s", problem);
	err = ask(name, change, words->dry_run || asks, &outcome);
	if (!err && asks) {
		err = confirm(name, &outcome);
		if (!err)
			err = ask(name, change, false, &outcome);
	}
	/* A failure that came after the change tells of the change too. */
	if (words->json && (!err || outcome.user))
		print_json(name, &outcome);
	else if (!words->json && (!err || (outcome.user && !outcome.ended.dry_run)))
		print(name, change, &outcome);
	json_object_put(outcome.user);
	return (int)exit_code_of(err);
}
