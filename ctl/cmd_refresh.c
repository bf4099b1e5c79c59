/* SPDX-License-Identifier: MIT */
/* refresh: have the IdP confirm roles now. */
#include <inttypes.h>
#include <json-c/json.h>
#include <stdio.h>

#include "common/base/parse.h"
#include "ctl/ask.h"
#include "ctl/command.h"
#include "ctl/exit_code.h"
#include "ctl/options.h"
#include "ctl/output.h"
#include "ctl/user_item.h"

struct refresh {
	bool json;
	bool all;
	bool timer;
	const char *user; /* NULL: many */
	bool has_item;
	uint64_t users;
	uint64_t confirmed;
	uint64_t changed;
	uint64_t refused;
	uint64_t unanswered;
	uint64_t passed_over;
	uint64_t sessions;
	bool resumed;
	bool unfinished;
	struct json_object *shown; /* the user as he is now; NULL: not told */
};

static void take_item(struct refresh *refresh, const struct message *item)
{
	refresh->has_item = true;
	refresh->users = message_u64(item, FIELD_COUNT, 0);
	refresh->confirmed = message_u64(item, FIELD_CONFIRMED, 0);
	refresh->changed = message_u64(item, FIELD_CHANGED, 0);
	refresh->refused = message_u64(item, FIELD_REFUSED, 0);
	refresh->unanswered = message_u64(item, FIELD_UNANSWERED, 0);
	refresh->passed_over = message_u64(item, FIELD_PASSED_OVER, 0);
	refresh->sessions = message_u64(item, FIELD_SESSIONS, 0);
	refresh->resumed = message_u64(item, FIELD_RESUMED, 0) != 0;
	refresh->unfinished = message_u64(item, FIELD_UNFINISHED, 0) != 0;
}

static void visit(void *context, const struct message *item)
{
	struct refresh *refresh = context;

	if (message_type(item) == MESSAGE_REFRESH_ITEM)
		take_item(refresh, item);
	if (message_type(item) == MESSAGE_USER_ITEM && refresh->json)
		refresh->shown = user_item_json(item);
	else if (message_type(item) == MESSAGE_USER_ITEM)
		user_item_print(item);
	/* Every few minutes in the journal it would tell nothing. */
	if (message_type(item) != MESSAGE_PROGRESS || refresh->json || refresh->timer ||
		refresh->user)
		return;
	output_text(message_str(item, FIELD_TEXT));
	putchar('\n');
	(void)fflush(stdout);
}

static void add_number(struct json_object *object, const char *key, uint64_t value)
{
	json_object_object_add(object, key, json_object_new_uint64(value));
}

static void print_json(struct refresh *refresh)
{
	struct json_object *object = json_object_new_object();

	add_number(object, "users", refresh->users);
	add_number(object, "confirmed", refresh->confirmed);
	add_number(object, "changed", refresh->changed);
	add_number(object, "refused", refresh->refused);
	add_number(object, "unanswered", refresh->unanswered);
	add_number(object, "passed_over", refresh->passed_over);
	add_number(object, "sessions", refresh->sessions);
	json_object_object_add(object, "resumed", json_object_new_boolean(refresh->resumed));
	json_object_object_add(object, "unfinished", json_object_new_boolean(refresh->unfinished));
	json_object_object_add(object, "user", COSMO_STEAL(&refresh->shown));
	output_json_failure(object);
	output_json(object);
}

static void print_text(const struct refresh *refresh)
{
	if (refresh->timer && refresh->users == 0 && refresh->sessions == 0)
		return;
	if (refresh->resumed)
		puts("This goes on with a run that was broken off.");
	if (!refresh->user && refresh->users == 0 && !refresh->timer)
		puts("There is nobody to ask about.");
	else if (!refresh->user)
		printf("Of %" PRIu64 " users %" PRIu64 " are confirmed, %" PRIu64
		       " of them with other roles; %" PRIu64 " refused, %" PRIu64
		       " without an answer, %" PRIu64 " passed over.\n",
			refresh->users, refresh->confirmed, refresh->changed, refresh->refused,
			refresh->unanswered, refresh->passed_over);
	if (refresh->sessions)
		printf("Sessions ended: %" PRIu64 ".\n", refresh->sessions);
	if (refresh->unfinished)
		puts("It was broken off; the next run goes on with it.");
}

static enum cosmo_err ask(struct refresh *refresh)
{
	COSMO_AUTO(message_free) struct message *request = NULL;
	enum cosmo_err err = message_new(MESSAGE_CTL_REFRESH, &request);

	if (err) {
		output_failure(err, NULL, NULL);
		return err;
	}
	message_put_str(request, FIELD_USER, refresh->user);
	if (!refresh->timer)
		message_put_u64(request, FIELD_BY_HAND, 1);
	return ask_simple(request, visit, refresh);
}

/* What is wrong with the command line; NULL: nothing. */
static const char *problem_of(const struct refresh *refresh)
{
	if (!refresh->all == !refresh->user)
		return "say --all or one USER";
	if (refresh->timer && refresh->user)
		return "--timer goes with --all";
	if (refresh->user && !login_name_is_valid(refresh->user, true))
		return "this is not the form of a login name";
	return NULL;
}

static int run(const struct command *self, int argc, char **argv)
{
	struct refresh refresh = {.user = NULL};
	const struct option_spec specs[] = {
		{"json", OPTION_FLAG, &refresh.json},
		{"all", OPTION_FLAG, &refresh.all},
		{"timer", OPTION_FLAG, &refresh.timer},
	};
	const char *problem = NULL;
	enum cosmo_err err = COSMO_OK;
	int first = 0;

	if (!options_parse(self, argc, argv, specs, COSMO_ARRAY_LEN(specs), &first))
		return EXIT_CODE_USAGE;
	if (argc - first > 1)
		return command_usage_error(self, "say one USER, or --all");
	refresh.user = first < argc ? argv[first] : NULL;
	problem = problem_of(&refresh);
	if (problem)
		return command_usage_error(self, "%s", problem);
	err = ask(&refresh);
	if (refresh.has_item && refresh.json)
		print_json(&refresh);
	else if (refresh.has_item)
		print_text(&refresh);
	json_object_put(refresh.shown);
	return (int)exit_code_of(err);
}

const struct command command_refresh = {
	.name = "refresh",
	.arguments = "--all|USER [--json]",
	.summary = "Have the IdP confirm the roles of one user or of all, now",
	.help = "  --all    ask about everybody, one after the other, as slowly as refresh_per_minute says\n"
		"  --json   print one object (users, confirmed, changed, refused, unanswered, passed_over,\n"
		"           sessions, resumed, unfinished, user)\n"
		"  --timer  for cosmo-sso-refresh.service: about whoever is due, and end sessions older than\n"
		"           session_max; nothing to do is a success\n\n"
		"What the IdP says replaces the roles at once; its definite no takes them away until the next\n"
		"sign-in. A run that is broken off is gone on with by the next one. If it refuses more than a\n"
		"third of the users, the others are not asked about.\n\n"
		"Exit code 0: done; 1: this user is refused, or there is nothing to ask; 3: the IdP gave no\n"
		"answer; 4: it refused more than a third; 5: another run is under way.\n",
	.run = run,
};
