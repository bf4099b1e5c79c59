/* SPDX-License-Identifier: MIT */
#include <json-c/json.h>
#include <stdio.h>

#include "common/claim_state.h"
#include "common/config.h"
#include "ctl/ask.h"
#include "ctl/command.h"
#include "ctl/exit_code.h"
#include "ctl/input.h"
#include "ctl/options.h"
#include "ctl/output.h"
#include "ctl/roles_lint.h"
#include "ctl/roles_text.h"
#include "paths.h"

#define MAX_CLAIMS_BYTES ((size_t)256 * 1024)

struct roles_output {
	bool json;
	struct json_object *object;
	struct json_object *matches;
};

struct lint_output {
	const char *path;
	struct json_object *findings; /* NULL: for people */
	size_t faults;
	size_t notes;
};

static void print_all(const char *label, const struct message *item, enum message_field field)
{
	printf("%-8s ", label);
	roles_text_print_all(item, field);
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

static void visit_outcome(struct roles_output *output, const struct message *item)
{
	const char *name = message_str(item, FIELD_USERNAME);
	const char *state = roles_text_claim(message_u64(item, FIELD_CLAIM_STATE, CLAIM_MISSING));
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

static void add_finding(struct json_object *findings, const struct lint_finding *finding)
{
	struct json_object *object = json_object_new_object();

	output_json_text(object, "kind", lint_kind_id(finding->kind));
	json_object_object_add(
		object, "line", finding->line ? json_object_new_int64(finding->line) : NULL);
	json_object_object_add(object, "note", json_object_new_boolean(finding->is_note));
	output_json_text(object, "text", finding->what);
	output_json_text(object, "advice", finding->advice);
	json_object_array_add(findings, object);
}

static void visit_finding(void *context, const struct lint_finding *finding)
{
	struct lint_output *output = context;

	if (finding->is_note)
		output->notes++;
	else
		output->faults++;
	if (output->findings) {
		add_finding(output->findings, finding);
		return;
	}
	output_text(output->path);
	if (finding->line)
		printf(":%u", finding->line);
	printf(": %s", finding->is_note ? "note: " : "");
	output_text(finding->what);
	printf("\n    ");
	output_text(finding->advice);
	putchar('\n');
}

/* Without @file: the one of this host, as the helper reads it. */
static enum cosmo_err lint_load(
	const char *file, struct config **ret, struct config_problem *ret_problem)
{
	COSMO_AUTO(free) char *text = NULL;
	size_t len = 0;

	if (!file)
		return config_load(COSMO_CONF_FILE, ret, ret_problem);
	if (!input_read(file, CONFIG_MAX_BYTES, &text, &len))
		return COSMO_E_INVALID;
	return config_parse(text, len, ret, ret_problem);
}

static void tell_problem(enum cosmo_err err, const char *path, const struct config_problem *problem)
{
	char detail[1024] = "";

	if (problem->line)
		(void)snprintf(
			detail, sizeof(detail), "%s:%u: %s", path, problem->line, problem->text);
	else
		(void)snprintf(detail, sizeof(detail), "%s%s%s", path, problem->text[0] ? ": " : "",
			problem->text);
	output_failure(err, NULL, detail);
}

static void lint_print_json(const struct lint_output *output)
{
	struct json_object *object = json_object_new_object();

	output_json_text(object, "file", output->path);
	json_object_object_add(object, "findings", json_object_get(output->findings));
	output_json_failure(object);
	output_json(object);
}

static void print_count(const struct lint_output *output)
{
	if (output->faults + output->notes == 0)
		puts("Nothing found.");
	else
		printf("%zu found, %zu to be noted.\n", output->faults, output->notes);
}

static int lint(const char *file, bool json)
{
	COSMO_AUTO(config_free) struct config *config = NULL;
	struct lint_output output = {.path = file ? file : COSMO_CONF_FILE};
	struct config_problem problem = {0};
	/* Where there is nothing to ask the judge, too. */
	enum cosmo_err err = geteuid() == 0 ? lint_load(file, &config, &problem) : COSMO_E_NOT_ROOT;

	if (err == COSMO_E_INVALID)
		return EXIT_CODE_USAGE;
	if (json)
		output.findings = json_object_new_array();
	if (!err)
		err = roles_lint_config(config, visit_finding, &output, &problem);
	if (err)
		tell_problem(err, output.path, &problem);
	else if (json)
		lint_print_json(&output);
	else
		print_count(&output);
	json_object_put(output.findings);
	if (err)
		return (int)exit_code_of(err);
	return output.faults ? EXIT_CODE_DENIED : EXIT_CODE_OK;
}

static int test(const char *file, bool json)
{
	struct roles_output output = {.json = json};
	COSMO_AUTO(free) char *claims = NULL;
	size_t len = 0;

	input_note_terminal(file ? file : "-", "the claims");
	if (!input_read(file ? file : "-", MAX_CLAIMS_BYTES, &claims, &len))
		return EXIT_CODE_USAGE;
	return test_claims(claims, len, &output);
}

static int run(const struct command *self, int argc, char **argv)
{
	bool json = false;
	const struct option_spec specs[] = {{"json", OPTION_FLAG, &json}};
	const char *file = NULL;
	int first = 0;

	if (!options_parse(self, argc, argv, specs, COSMO_ARRAY_LEN(specs), &first))
		return EXIT_CODE_USAGE;
	if (first < argc)
		file = argv[first + 1];
	if (argc - first <= 2 && first < argc && streq(argv[first], "test"))
		return test(file, json);
	if (argc - first <= 2 && first < argc && streq(argv[first], "lint"))
		return lint(file, json);
	return command_usage_error(self, "say test [FILE] or lint [FILE]");
}

const struct command command_roles = {
	.name = "roles",
	.arguments = "test|lint [--json] [FILE]",
	.summary = "Show which roles given claims would get, or what rules may not be meant so",
	.help = "  test     which roles a person with given claims would get, and why. FILE: claims as a JSON\n"
		"           object, as in an ID token; - or none: standard input\n"
		"  lint     rules that match everything, change nothing or read like a name where they are a\n"
		"           pattern, roles that nobody has, groups that are as good as root. FILE: another file\n"
		"           than " COSMO_CONF_FILE "; -: standard input\n"
		"  --json   print one JSON object: of test matches (rule, value), name, claim, note, roles, groups,\n"
		"           result; of lint file, findings (kind, line, note, text, advice); error, message and\n"
		"           detail when the person would be refused, or the configuration has an error\n\n"
		"Exit code of test 0: would be admitted; 1: would be refused; 2: these are no claims; 4: a rule is\n"
		"wrong. Of lint 0: nothing was found, but for notes; 1: something was; 4: the file has an error.\n"
		"Example: echo '{\"preferred_username\":\"ada\",\"sub\":\"1\",\"ssoGroups\":[\"eng\"]}' |\n"
		"         cosmo-ssoctl roles test\n",
	.run = run,
};
