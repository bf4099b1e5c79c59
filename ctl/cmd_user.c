/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "common/base/parse.h"
#include "ctl/ask.h"
#include "ctl/command.h"
#include "ctl/exit_code.h"
#include "ctl/options.h"
#include "ctl/output.h"

struct user_output {
	bool json;
	bool whole; /* one user, every line */
	struct json_object *array;
	size_t count;
};

static void add_number(struct json_object *object, const char *key, const struct message *item,
	enum message_field field)
{
	json_object_object_add(object, key,
		message_has(item, field) ? json_object_new_uint64(message_u64(item, field, 0))
					 : NULL);
}

static void add_json(struct user_output *output, const struct message *item)
{
	struct json_object *object = json_object_new_object();

	output_json_text(object, "name", message_str(item, FIELD_USER));
	add_number(object, "uid", item, FIELD_UID);
	output_json_text(object, "display_name", message_str(item, FIELD_DISPLAY_NAME));
	output_json_texts(object, "roles", item, FIELD_ROLE);
	output_json_texts(object, "effective_roles", item, FIELD_EFFECTIVE_ROLE);
	output_json_text(object, "reason",
		message_has(item, FIELD_ERR) ? cosmo_err_id(message_err(item)) : "ok");
	json_object_object_add(
		object, "locked", json_object_new_boolean(message_u64(item, FIELD_LOCKED, 0) != 0));
	json_object_object_add(
		object, "listed", json_object_new_boolean(message_u64(item, FIELD_LISTED, 0) != 0));
	add_number(object, "signed_in", item, FIELD_SIGNED_IN_S);
	add_number(object, "confirmed", item, FIELD_CONFIRMED_S);
	add_number(object, "lease_until", item, FIELD_LEASE_UNTIL_S);
	output_json_text(object, "issuer", message_str(item, FIELD_ISSUER));
	output_json_text(object, "sub", message_str(item, FIELD_SUB));
	output_json_text(object, "home", message_str(item, FIELD_HOME));
	output_json_text(object, "shell", message_str(item, FIELD_SHELL));
	json_object_array_add(output->array, object);
}

static void print_roles(const struct message *item, enum message_field field)
{
	size_t count = message_count(item, field);

	for (size_t i = 0; i < count; i++) {
		(void)fputs(i ? "," : "", stdout);
		output_text(message_str_nth(item, field, i));
	}
	if (count == 0)
		putchar('-');
}

static void print_row(const struct message *item)
{
	char signed_in[32] = "";

	output_time((int64_t)message_u64(item, FIELD_SIGNED_IN_S, 0), signed_in, sizeof(signed_in));
	printf("%-20s %10" PRIu64 "  %s  ", message_str(item, FIELD_USER),
		message_u64(item, FIELD_UID, 0), signed_in);
	print_roles(item, FIELD_EFFECTIVE_ROLE);
	if (message_u64(item, FIELD_LISTED, 0) && !message_has(item, FIELD_UID))
		printf("  (listed, has not signed in yet)");
	else if (message_has(item, FIELD_ERR))
		printf("  (%s)", cosmo_err_id(message_err(item)));
	putchar('\n');
}

static void print_text_line(const char *label, const char *value)
{
	printf("%-12s ", label);
	output_text(value ? value : "-");
	putchar('\n');
}

static void print_time_line(const char *label, const struct message *item, enum message_field field)
{
	char when[32] = "";

	output_time((int64_t)message_u64(item, field, 0), when, sizeof(when));
	printf("%-12s %s\n", label, when);
}

static void print_whole(const struct message *item)
{
	print_text_line("Name", message_str(item, FIELD_USER));
	if (!message_has(item, FIELD_UID)) {
		puts("             listed for enrolment, has not signed in yet");
		return;
	}
	printf("%-12s %" PRIu64 "\n", "uid, gid", message_u64(item, FIELD_UID, 0));
	print_text_line("Full name", message_str(item, FIELD_DISPLAY_NAME));
	print_text_line("Home", message_str(item, FIELD_HOME));
	print_text_line("Shell", message_str(item, FIELD_SHELL));
	print_text_line("Issuer", message_str(item, FIELD_ISSUER));
	print_text_line("Subject", message_str(item, FIELD_SUB));
	printf("%-12s ", "Roles now");
	print_roles(item, FIELD_EFFECTIVE_ROLE);
	if (message_has(item, FIELD_ERR))
		printf("  - %s", cosmo_err_text(message_err(item)));
	printf("\n%-12s ", "Roles stored");
	print_roles(item, FIELD_ROLE);
	putchar('\n');
	print_time_line("Signed in", item, FIELD_SIGNED_IN_S);
	print_time_line("Confirmed", item, FIELD_CONFIRMED_S);
	print_time_line("Lease until", item, FIELD_LEASE_UNTIL_S);
	printf("%-12s %s\n", "Locked", message_u64(item, FIELD_LOCKED, 0) ? "yes" : "no");
}

static void visit(void *context, const struct message *item)
{
	struct user_output *output = context;

	if (message_type(item) != MESSAGE_USER_ITEM)
		return;
	if (output->json)
		add_json(output, item);
	else if (output->whole)
		print_whole(item);
	else
		print_row(item);
	output->count++;
}

static int ask_users(enum message_type type, const char *name, struct user_output *output)
{
	COSMO_AUTO(message_free) struct message *request = NULL;
	enum cosmo_err err = message_new(type, &request);

	if (!err && name && strlen(name) > COSMO_MAX_NAME_BYTES) {
		err = COSMO_E_NAME_FORM;
		output_failure(err, NULL, "a login name has up to 32 characters");
	}
	if (err)
		return (int)exit_code_of(err);
	if (name)
		message_put_str(request, FIELD_USER, name);
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
	int code = 0;

	if (!output->json)
		printf("%-20s %10s  %-25s  %s\n", "NAME", "UID", "LAST SIGN-IN", "ROLES NOW");
	code = ask_users(MESSAGE_CTL_USER_LIST, NULL, output);
	if (code == EXIT_CODE_OK && !output->json && output->count == 0)
		puts("(nobody has signed in yet)");
	return code;
}

static int run_add(const char *name, bool json)
{
	struct user_output output = {0};
	int code = ask_users(MESSAGE_CTL_USER_ADD, name, &output);
	struct json_object *object = NULL;

	if (code != EXIT_CODE_OK)
		return code;
	if (!json) {
		printf("%s is listed: the first sign-in under this name enrols it.\n", name);
		return code;
	}
	object = json_object_new_object();
	output_json_text(object, "name", name);
	json_object_object_add(object, "listed", json_object_new_boolean(true));
	output_json(object);
	return code;
}

static int run(const struct command *self, int argc, char **argv)
{
	struct user_output output = {0};
	const struct option_spec specs[] = {{"json", OPTION_FLAG, &output.json}};
	const char *verb = NULL;
	const char *name = NULL;
	int first = 0;

	if (!options_parse(self, argc, argv, specs, COSMO_ARRAY_LEN(specs), &first))
		return EXIT_CODE_USAGE;
	verb = first < argc ? argv[first] : NULL;
	name = first + 1 < argc ? argv[first + 1] : NULL;
	if (streq(verb, "list") && !name)
		return run_list(&output);
	if (verb && !streq(verb, "list") && !streq(verb, "show") && !streq(verb, "add"))
		return command_usage_error(
			self, "there is no \"user %s\"; say list, show NAME or add NAME", verb);
	if (!name || first + 2 != argc)
		return command_usage_error(self, "say list, show NAME or add NAME");
	if (streq(verb, "show")) {
		output.whole = true;
		return ask_users(MESSAGE_CTL_USER_SHOW, name, &output);
	}
	if (streq(verb, "add"))
		return run_add(name, output.json);
	return command_usage_error(self, "list takes no name");
}

const struct command command_user = {
	.name = "user",
	.arguments = "list|show NAME|add NAME [--json]",
	.summary = "List users, show one, or list a name for enrolment",
	.help = "  list       everybody who has signed in or is listed\n"
		"  show NAME  one user: ids, roles, since when, and why\n"
		"  add NAME   allow NAME to enrol when [enroll] mode = listed, and outside\n"
		"             the limits for unknown names\n"
		"  --json     list and show print a JSON array with one object for each user (name, uid,\n"
		"             display_name, roles, effective_roles, reason, locked, listed, signed_in,\n"
		"             confirmed, lease_until, issuer, sub, home, shell), add one object (name, listed)\n\n"
		"Exit code 1: there is no such user, the name is taken or reserved; 2: it is no login name.\n",
	.run = run,
};
