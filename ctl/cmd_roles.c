/* SPDX-License-Identifier: MIT */
#include <json-c/json.h>
#include <stdio.h>

#include "common/claim_state.h"
#include "ctl/ask.h"
#include "ctl/command.h"
#include "ctl/exit_code.h"
#include "ctl/input.h"
#include "ctl/options.h"
#include "ctl/output.h"

#define MAX_CLAIMS_BYTES ((size_t)256 * 1024)

struct roles_output {
	bool json;
	struct json_object *object;
	struct json_object *matches;
};

static void print_all(const char *label, const struct message *item, enum message_field field)
{
	printf("%-8s ", label);
	for (size_t i = 0; i < message_count(item, field); i++) {
		(void)fputs(i ? ", " : "", stdout);
		output_text(message_str_nth(item, field, i));
	}
	puts(message_count(item, field) ? "" : "none");
}

static void visit_match(struct roles_output *output, const struct message *item)
{
	if (output->json) {
		struct json_object *match = json_object_new_object();

		json_object_object_add(
			match, "rule", json_object_new_string(message_str(item, FIELD_RULE)));
		json_object_object_add(match, "value",
			json_object_new_string(message_str(item, FIELD_CLAIM_VALUE)));
		json_object_array_add(output->matches, match);
		return;
	}
	printf("rule     ");
	output_text(message_str(item, FIELD_RULE));
	printf("\n         matched ");
	output_text(message_str(item, FIELD_CLAIM_VALUE));
	putchar('\n');
}

static const char *claim_state_text(uint64_t state)
{
	switch ((enum claim_state)state) {
	case CLAIM_PRESENT:
		return "present";
	case CLAIM_EMPTY:
		return "empty";
	case CLAIM_MISSING:
		return "missing";
	}
	return "unknown";
}

static void visit_outcome(struct roles_output *output, const struct message *item)
{
	const char *name = message_str(item, FIELD_USERNAME);
	const char *state = claim_state_text(message_u64(item, FIELD_CLAIM_STATE, CLAIM_MISSING));
	const char *note = message_str(item, FIELD_DETAIL);

	if (output->json) {
		json_object_object_add(
			output->object, "name", name ? json_object_new_string(name) : NULL);
		json_object_object_add(output->object, "claim", json_object_new_string(state));
		output_json_text(output->object, "note", note);
		output_json_texts(output->object, "roles", item, FIELD_ROLE);
		output_json_texts(output->object, "groups", item, FIELD_GROUP);
		return;
	}
	printf("name     ");
	output_text(name ? name : "-");
	printf("\nclaim    %s\n", state);
	print_all("roles", item, FIELD_ROLE);
	print_all("groups", item, FIELD_GROUP);
	if (!note)
		return;
	printf("note     ");
	output_text(note);
	putchar('\n');
}

static void visit(void *context, const struct message *item)
{
	struct roles_output *output = context;

	if (message_type(item) != MESSAGE_ROLES_ITEM)
		return;
	if (message_str(item, FIELD_RULE) && message_str(item, FIELD_CLAIM_VALUE))
		visit_match(output, item);
	else
		visit_outcome(output, item);
}

static int test_claims(const char *claims, size_t len, struct roles_output *output)
{
	COSMO_AUTO(message_free) struct message *request = NULL;
	enum cosmo_err err = ask_new(MESSAGE_CTL_ROLES_TEST, &request);

	if (err)
		return (int)exit_code_of(err);
	message_put_bytes(request, FIELD_CLAIMS, claims, len);
	if (output->json) {
		output->object = json_object_new_object();
		output->matches = json_object_new_array();
		json_object_object_add(output->object, "matches", output->matches);
	}
	err = ask_simple(request, visit, output);
	if (output->json) {
		json_object_object_add(
			output->object, "result", json_object_new_string(cosmo_err_id(err)));
		output_json_failure(output->object);
		output_json(output->object);
	} else if (!err) {
		puts("result   would be admitted");
	}
	/* What was handed over is no set of claims: nobody was judged. */
	return err == COSMO_E_FORMAT ? EXIT_CODE_USAGE : (int)exit_code_of(err);
}

static int run(const struct command *self, int argc, char **argv)
{
	struct roles_output output = {0};
	const struct option_spec specs[] = {{"json", OPTION_FLAG, &output.json}};
	COSMO_AUTO(free) char *claims = NULL;
	size_t len = 0;
	int first = 0;

	if (!options_parse(self, argc, argv, specs, COSMO_ARRAY_LEN(specs), &first))
		return EXIT_CODE_USAGE;
	if (first >= argc || !streq(argv[first], "test") || argc - first > 2)
		return command_usage_error(self, "say test [FILE]");
	input_note_terminal(argc - first == 2 ? argv[first + 1] : "-", "the claims");
	if (!input_read(argc - first == 2 ? argv[first + 1] : "-", MAX_CLAIMS_BYTES, &claims, &len))
		return EXIT_CODE_USAGE;
	return test_claims(claims, len, &output);
}

const struct command command_roles = {
	.name = "roles",
	.arguments = "test [--json] [FILE]",
	.summary = "Show which roles a person with given claims would get, and why",
	.help = "  FILE     claims as a JSON object, as in an ID token; - or none: standard input\n"
		"  --json   print one JSON object: matches (rule, value), name, claim, note, roles, groups,\n"
		"           result; error, message and detail when the person would be refused\n\n"
		"Exit code 0: would be admitted; 1: would be refused; 2: these are no claims; 4: a rule is wrong.\n"
		"Example: echo '{\"preferred_username\":\"ada\",\"sub\":\"1\",\"ssoGroups\":[\"eng\"]}' |\n"
		"         cosmo-ssoctl roles test\n",
	.run = run,
};
