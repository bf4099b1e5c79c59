/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <json-c/json.h>
#include <stdio.h>

#include "common/base/gate.h"
#include "ctl/advice.h"
#include "ctl/ask.h"
#include "ctl/command.h"
#include "ctl/exit_code.h"
#include "ctl/options.h"
#include "ctl/output.h"
#include "ctl/status_share.h"

struct status {
	bool json;
	bool share;
	bool connected;
};

static const char *gate_name(uint64_t gate)
{
	switch ((enum gate_state)gate) {
	case GATE_MISSING:
		return "missing";
	case GATE_FRESH:
		return "fresh";
	case GATE_CLOSED:
		return "closed";
	case GATE_OPEN:
		return "open";
	}
	return "unknown";
}

static enum cosmo_err outage_of(const struct message *item)
{
	return cosmo_err_from_wire(message_u64(item, FIELD_OUTAGE_ERR, COSMO_OK));
}

static const char *outage_id(const struct message *item)
{
	return outage_of(item) ? cosmo_err_id(outage_of(item)) : NULL;
}

static void add_number(struct json_object *object, const char *key, const struct message *item,
	enum message_field field)
{
	json_object_object_add(object, key, json_object_new_uint64(message_u64(item, field, 0)));
}

static enum cosmo_err refresh_err_of(const struct message *item)
{
	return cosmo_err_from_wire(message_u64(item, FIELD_REFRESH_ERR, COSMO_OK));
}

static enum cosmo_err run_err_of(const struct message *item)
{
	return cosmo_err_from_wire(message_u64(item, FIELD_RUN_ERR, COSMO_OK));
}

static void add_confirmations(struct json_object *object, const struct message *item)
{
	enum cosmo_err err = refresh_err_of(item);

	add_number(object, "oldest_confirmed", item, FIELD_CONFIRMED_S);
	add_number(object, "unconfirmed", item, FIELD_UNCONFIRMED);
	add_number(object, "lapsed", item, FIELD_LAPSED);
	add_number(object, "refused", item, FIELD_REFUSED);
	output_json_text(object, "refresh_outage", err ? cosmo_err_id(err) : NULL);
	add_number(object, "refresh_outage_since", item, FIELD_REFRESH_ERR_SINCE_S);
	add_number(object, "refresh_run", item, FIELD_RUN_S);
	output_json_text(object, "refresh_run_result",
		message_has(item, FIELD_RUN_S) ? cosmo_err_id(run_err_of(item)) : NULL);
	add_number(object, "refresh_run_unanswered", item, FIELD_UNANSWERED);
}

static void print_json(const struct message *item)
{
	struct json_object *object = json_object_new_object();

	json_object_object_add(object, "connected",
		json_object_new_boolean(message_u64(item, FIELD_GATE, 0) == GATE_OPEN));
	output_json_text(object, "gate", gate_name(message_u64(item, FIELD_GATE, 0)));
	output_json_text(object, "integration", message_str(item, FIELD_INTEGRATION));
	output_json_text(object, "issuer", message_str(item, FIELD_ISSUER));
	output_json_text(object, "client_id", message_str(item, FIELD_CLIENT_ID));
	json_object_object_add(
		object, "since", json_object_new_uint64(message_u64(item, FIELD_SINCE_S, 0)));
	json_object_object_add(
		object, "users", json_object_new_uint64(message_u64(item, FIELD_COUNT, 0)));
	json_object_object_add(object, "sshd_ready",
		json_object_new_boolean(message_u64(item, FIELD_SSHD_READY, 0) != 0));
	json_object_object_add(object, "refresh_tokens",
		json_object_new_boolean(message_u64(item, FIELD_OFFLINE_ACCESS, 0) != 0));
	json_object_object_add(
		object, "checked", json_object_new_uint64(message_u64(item, FIELD_CHECKED_S, 0)));
	json_object_object_add(
		object, "refusals", json_object_new_uint64(message_u64(item, FIELD_REFUSALS, 0)));
	output_json_text(object, "outage", outage_id(item));
	json_object_object_add(object, "outage_since",
		json_object_new_uint64(message_u64(item, FIELD_OUTAGE_SINCE_S, 0)));
	add_confirmations(object, item);
	output_json_text(object, "reason", message_str(item, FIELD_REASON));
	output_json_text(object, "by", message_str(item, FIELD_BY));
	json_object_object_add(object, "unfinished",
		json_object_new_boolean(message_u64(item, FIELD_UNFINISHED, 0) != 0));
	output_json_text(object, "problem",
		message_has(item, FIELD_ERR) ? cosmo_err_id(message_err(item)) : NULL);
	output_json(object);
}

static void print_line(const char *label, const char *value)
{
	printf("%-14s ", label);
	output_text(value ? value : "-");
	putchar('\n');
}

/* What the IdP said when it was last asked about this host. */
static void print_check(const struct message *item)
{
	char time[32] = "";

	if (!message_has(item, FIELD_CHECKED_S))
		return;
	output_time((int64_t)message_u64(item, FIELD_CHECKED_S, 0), time, sizeof(time));
	printf("%-14s %s\n", "Last checked", time);
	if (message_u64(item, FIELD_REFUSALS, 0))
		printf("%-14s %" PRIu64 " in a row\n", "IdP's refusals",
			message_u64(item, FIELD_REFUSALS, 0));
	output_time((int64_t)message_u64(item, FIELD_OUTAGE_SINCE_S, 0), time, sizeof(time));
	if (outage_of(item))
		printf("%-14s since %s: %s\n", "IdP not asked", time,
			cosmo_err_text(outage_of(item)));
}

static void print_count(const char *label, uint64_t count, const char *what)
{
	if (count)
		printf("%-14s %" PRIu64 " %s\n", label, count, what);
}

/* How fresh the roles are. Who is not listed here is up to date. */
static void print_confirmations(const struct message *item)
{
	char time[32] = "";

	if (!message_u64(item, FIELD_CONFIRMED_S, 0) && !message_has(item, FIELD_LAPSED))
		return;
	output_time((int64_t)message_u64(item, FIELD_CONFIRMED_S, 0), time, sizeof(time));
	if (message_u64(item, FIELD_CONFIRMED_S, 0))
		printf("%-14s %s (the oldest of the roles that count)\n", "Confirmed", time);
	print_count("On lease", message_u64(item, FIELD_UNCONFIRMED, 0),
		"users, confirmed longer ago than refresh_after");
	print_count("Lease over", message_u64(item, FIELD_LAPSED, 0),
		"users, viewers until their next sign-in");
	print_count("Refused", message_u64(item, FIELD_REFUSED, 0),
		"users, by the IdP, until their next sign-in");
	output_time((int64_t)message_u64(item, FIELD_REFRESH_ERR_SINCE_S, 0), time, sizeof(time));
	if (refresh_err_of(item))
		printf("%-14s no answer since %s: %s\n", "Refresh", time,
			cosmo_err_text(refresh_err_of(item)));
}

static void print_run(const struct message *item)
{
	char time[32] = "";

	if (!message_has(item, FIELD_RUN_S))
		return;
	output_time((int64_t)message_u64(item, FIELD_RUN_S, 0), time, sizeof(time));
	printf("%-14s %s%s%s\n", "Last refresh", time, run_err_of(item) ? ": " : "",
		run_err_of(item) ? cosmo_err_text(run_err_of(item)) : "");
	print_count("", message_u64(item, FIELD_UNANSWERED, 0), "users without an answer");
}

static void print_state(const struct message *item, bool open)
{
	char since[32] = "";

	output_time((int64_t)message_u64(item, FIELD_SINCE_S, 0), since, sizeof(since));
	if (open || message_u64(item, FIELD_SINCE_S, 0))
		printf("%-14s %s since %s\n", "Single sign-on", open ? "connected" : "disconnected",
			since);
	else if (message_has(item, FIELD_INTEGRATION))
		print_line(
			"Single sign-on", message_u64(item, FIELD_UNFINISHED, 0)
						  ? "disconnected until this host is started again"
						  : "disconnected");
	else
		print_line("Single sign-on", "never connected: run `cosmo-ssoctl connect`");
}

/* Is it disconnected, with nothing to be done before it is connected? Of one that never was it has
 * been said. */
static bool awaits_connect(const struct message *item)
{
	return message_u64(item, FIELD_GATE, 0) != GATE_OPEN &&
	       message_u64(item, FIELD_SINCE_S, 0) && !message_u64(item, FIELD_UNFINISHED, 0) &&
	       !message_has(item, FIELD_ERR);
}

/* How it came to that, and what is still to be done. */
static void print_end(const struct message *item)
{
	if (message_has(item, FIELD_REASON))
		print_line("Reason", message_str(item, FIELD_REASON));
	if (message_has(item, FIELD_BY))
		print_line("By", message_str(item, FIELD_BY));
	if (message_u64(item, FIELD_UNFINISHED, 0))
		print_line("Unfinished",
			"steps of the disconnect are left: run `cosmo-ssoctl disconnect`");
	if (awaits_connect(item))
		print_line("Next",
			"`cosmo-ssoctl connect`; roles come back with each user's own sign-in");
}

/* What is the matter, and what to do. */
static void print_problem(const struct message *item)
{
	const char *advice = NULL;

	if (!message_has(item, FIELD_ERR))
		return;
	advice = advice_for(message_err(item));
	print_line("Problem", cosmo_err_text(message_err(item)));
	if (message_str(item, FIELD_DETAIL))
		print_line("", message_str(item, FIELD_DETAIL));
	if (advice)
		print_line("", advice);
}

static void print_text(const struct message *item)
{
	bool open = message_u64(item, FIELD_GATE, 0) == GATE_OPEN;

	print_state(item, open);
	print_end(item);
	print_line("Gate", gate_name(message_u64(item, FIELD_GATE, 0)));
	print_line("Issuer", message_str(item, FIELD_ISSUER));
	print_line("Client id", message_str(item, FIELD_CLIENT_ID));
	print_line("Integration", message_str(item, FIELD_INTEGRATION));
	printf("%-14s %" PRIu64 "\n", "Users", message_u64(item, FIELD_COUNT, 0));
	print_line("New users", message_u64(item, FIELD_SSHD_READY, 0)
					? "may sign in over SSH"
					: "not over SSH yet: run `cosmo-ssoctl enable nss sshd`");
	if (open && !message_u64(item, FIELD_OFFLINE_ACCESS, 0))
		print_line("Refresh",
			"the IdP gives no offline_access: without refresh tokens roles last for the lease only");
	print_confirmations(item);
	print_run(item);
	print_check(item);
	print_problem(item);
}

static void visit(void *context, const struct message *item)
{
	struct status *status = context;

	if (message_type(item) != MESSAGE_STATUS_ITEM)
		return;
	status->connected = message_u64(item, FIELD_GATE, 0) == GATE_OPEN;
	if (status->share && status->json)
		output_json(status_share_json(item));
	else if (status->share)
		status_share_print(item);
	else if (status->json)
		print_json(item);
	else
		print_text(item);
}

static int run(const struct command *self, int argc, char **argv)
{
	struct status status = {0};
	const struct option_spec specs[] = {
		{"json", OPTION_FLAG, &status.json}, {"share", OPTION_FLAG, &status.share}};
	COSMO_AUTO(message_free) struct message *request = NULL;
	enum cosmo_err err = COSMO_OK;
	int first = 0;

	if (!options_parse(self, argc, argv, specs, COSMO_ARRAY_LEN(specs), &first))
		return EXIT_CODE_USAGE;
	if (first != argc)
		return command_usage_error(self, "it takes no operand");
	err = ask_new(MESSAGE_CTL_STATUS, &request);
	if (!err)
		err = ask_simple(request, visit, &status);
	if (err)
		return (int)exit_code_of(err);
	return status.connected ? EXIT_CODE_OK : EXIT_CODE_DENIED;
}

const struct command command_status = {
	.name = "status",
	.arguments = "[--share] [--json]",
	.summary = "Show whether this host is connected, to what, and since when",
	.help = "  --share  print what colleagues need: how to sign in to this host, by what name, and the page\n"
		"           where codes are approved\n"
		"  --json   print one JSON object\n\nExit code 0: connected; 1: not connected.\n",
	.run = run,
};
