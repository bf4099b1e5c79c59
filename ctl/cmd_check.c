/* SPDX-License-Identifier: MIT */
/* check: does the IdP still know this host? */
#include <inttypes.h>
#include <json-c/json.h>
#include <stdio.h>

#include "ctl/ask.h"
#include "ctl/command.h"
#include "ctl/exit_code.h"
#include "ctl/options.h"
#include "ctl/output.h"

struct check {
	bool json;
	bool timer;
	bool answered;
	enum cosmo_err answer;
	uint64_t checked_s;
	uint64_t refusals;
	uint64_t refusals_needed;
	uint64_t refused_for_s;
	uint64_t refused_needed_s;
	enum cosmo_err outage;
	uint64_t outage_since_s;
};

static void visit(void *context, const struct message *item)
{
	struct check *check = context;

	if (message_type(item) != MESSAGE_CHECK_ITEM)
		return;
	check->answered = true;
	check->answer = message_err(item);
	check->checked_s = message_u64(item, FIELD_CHECKED_S, 0);
	check->refusals = message_u64(item, FIELD_REFUSALS, 0);
	check->refusals_needed = message_u64(item, FIELD_REFUSALS_NEEDED, 0);
	check->refused_for_s = message_u64(item, FIELD_REFUSED_FOR_S, 0);
	check->refused_needed_s = message_u64(item, FIELD_REFUSED_NEEDED_S, 0);
	check->outage = cosmo_err_from_wire(message_u64(item, FIELD_OUTAGE_ERR, 0));
	check->outage_since_s = message_u64(item, FIELD_OUTAGE_SINCE_S, 0);
}

static bool is_refused(const struct check *check)
{
	return check->answered && check->answer && !check->outage;
}

static bool has_disconnected(const struct check *check)
{
	return is_refused(check) && check->refusals >= check->refusals_needed &&
	       check->refused_for_s >= check->refused_needed_s;
}

static void add_number(struct json_object *object, const char *key, uint64_t value)
{
	json_object_object_add(object, key, json_object_new_uint64(value));
}

static void print_json(const struct check *check)
{
	struct json_object *object = json_object_new_object();

	output_json_text(object, "answer", cosmo_err_id(check->answer));
	json_object_object_add(
		object, "disconnected", json_object_new_boolean(has_disconnected(check)));
	add_number(object, "checked", check->checked_s);
	add_number(object, "refusals", check->refusals);
	add_number(object, "refusals_needed", check->refusals_needed);
	add_number(object, "refused_for", check->refused_for_s);
	add_number(object, "refused_needed", check->refused_needed_s);
	output_json_text(object, "outage", check->outage ? cosmo_err_id(check->outage) : NULL);
	add_number(object, "outage_since", check->outage_since_s);
	output_json_failure(object);
	output_json(object);
}

static void print_text(const struct check *check)
{
	char since[32] = "";

	if (!check->answer) {
		/* Every few minutes in the journal it would tell nothing. */
		if (!check->timer)
			puts("The IdP knows this host.");
		return;
	}
	if (has_disconnected(check)) {
		puts("This host is now disconnected: everybody is logged out.");
		return;
	}
	if (check->refusals > 0)
		printf("Refusals in a row: %" PRIu64 ", over %" PRIu64 " s. %" PRIu64
		       " over %" PRIu64 " s disconnect this host.\n",
			check->refusals, check->refused_for_s, check->refusals_needed,
			check->refused_needed_s);
	output_time((int64_t)check->outage_since_s, since, sizeof(since));
	if (check->outage)
		printf("It could not be asked since %s. That disconnects nobody.\n", since);
}

static int run(const struct command *self, int argc, char **argv)
{
	struct check check = {.answer = COSMO_OK};
	const struct option_spec specs[] = {
		{"json", OPTION_FLAG, &check.json},
		{"timer", OPTION_FLAG, &check.timer},
	};
	COSMO_AUTO(message_free) struct message *request = NULL;
	enum cosmo_err err = COSMO_OK;
	int first = 0;

	if (!options_parse(self, argc, argv, specs, COSMO_ARRAY_LEN(specs), &first))
		return EXIT_CODE_USAGE;
	if (first != argc)
		return command_usage_error(self, "it takes no operand");
	err = ask_new(MESSAGE_CTL_CHECK, &request);
	if (err)
		return (int)exit_code_of(err);
	if (!check.timer)
		message_put_u64(request, FIELD_BY_HAND, 1);
	err = ask_simple(request, visit, &check);
	if (check.answered && check.json)
		print_json(&check);
	else if (check.answered)
		print_text(&check);
	return (int)exit_code_of(err);
}

const struct command command_check = {
	.name = "check",
	.arguments = "[--json]",
	.summary = "Ask the IdP whether it still knows this host",
	.help = "  --json    print one JSON object\n"
		"  --timer   for cosmo-sso-check.service: nothing to ask is a success\n\n"
		"A definite refusal is counted. Several of them, over some time and with no other answer\n"
		"between, disconnect this host (check_refusals, check_period). That the IdP cannot be asked\n"
		"never does.\n\n"
		"Exit code 0: it does; 1: this host is not connected; 3: it could not be asked; 4: it\n"
		"refuses, or something has to be mended.\n",
	.run = run,
};
