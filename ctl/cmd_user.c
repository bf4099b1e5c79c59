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
#include "ctl/user_item.h"
#include "ctl/user_rebind.h"

struct user_output {
	bool json;
	bool whole; /* one user, every line */
	struct json_object *array;
	size_t count;
};

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
		user_item_print_row(item);
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

/* Says so if it is. */
static bool is_unknown_verb(const struct command *self, const char *verb)
{
	static const char *const verbs[] = {"list", "show", "add", "rebind"};

	for (size_t i = 0; i < COSMO_ARRAY_LEN(verbs); i++)
		if (!verb || streq(verb, verbs[i]))
			return false;
	command_usage_error(self,
		"there is no \"user %s\"; say list, show NAME, add NAME or rebind NAME", verb);
	return true;
}

static int run(const struct command *self, int argc, char **argv)
{
	struct user_output output = {0};
	struct user_rebind rebind = {0};
	const struct option_spec specs[] = {
		{"json", OPTION_FLAG, &output.json},
		{"for", OPTION_TEXT, &rebind.wait},
		{"subject", OPTION_TEXT, &rebind.sub},
		{"cancel", OPTION_FLAG, &rebind.cancel},
		{"dry-run", OPTION_FLAG, &rebind.dry_run},
		{"yes", OPTION_FLAG, &rebind.yes},
	};
	const char *verb = NULL;
	const char *name = NULL;
	int first = 0;

	if (!options_parse(self, argc, argv, specs, COSMO_ARRAY_LEN(specs), &first))
		return EXIT_CODE_USAGE;
	verb = first < argc ? argv[first] : NULL;
	name = first + 1 < argc ? argv[first + 1] : NULL;
	if (is_unknown_verb(self, verb))
		return EXIT_CODE_USAGE;
	if (!streq(verb, "rebind") && user_rebind_is_asked(&rebind))
		return command_usage_error(
			self, "--for, --subject, --cancel, --dry-run and --yes belong to rebind");
	if (streq(verb, "list") && !name)
		return run_list(&output);
	if (!name || first + 2 != argc)
		return command_usage_error(self, "say list, show NAME, add NAME or rebind NAME");
	rebind.json = output.json;
	if (streq(verb, "rebind"))
		return user_rebind_run(self, name, &rebind);
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
	.arguments = "list|show NAME|add NAME|rebind NAME [OPTION...]",
	.summary = "List users, show one, list a name for enrolment, or bind a name anew",
	.help = "  list         everybody who has signed in or is listed\n"
		"  show NAME    one user: ids, roles, since when, and why\n"
		"  add NAME     allow NAME to enrol when [enroll] mode = listed, and outside\n"
		"               the limits for unknown names\n"
		"  rebind NAME  let the next other person who signs in as NAME take the name over, with the\n"
		"               uid and the home directory; until then nothing changes\n"
		"    --for DURATION   wait so long for that sign-in, 1m to 30d (default 24h)\n"
		"    --subject SUB    bind NAME to this subject of the provider at once instead\n"
		"    --cancel         let nobody take it over any more\n"
		"    --dry-run        show who holds the name and check everything, change nothing\n"
		"    --yes            do not ask\n"
		"  --json       list and show print a JSON array with one object for each user (name, uid,\n"
		"               display_name, roles, effective_roles, reason, locked, listed, signed_in,\n"
		"               confirmed, lease_until, bound, rebind_until, rebind_needed, issuer, sub, home,\n"
		"               shell), add one object (name, listed), rebind the user as one object with\n"
		"               dry_run\n\n"
		"Exit code 1: there is no such user, the name is taken, reserved or cannot be bound, or this\n"
		"was not confirmed; 2: it is no login name.\n",
	.run = run,
};
