/* SPDX-License-Identifier: MIT */
#include <json-c/json.h>
#include <stdio.h>

#include "common/config.h"
#include "ctl/ask.h"
#include "ctl/command.h"
#include "ctl/exit_code.h"
#include "ctl/input.h"
#include "ctl/options.h"
#include "ctl/output.h"
#include "ctl/roles_lint.h"
#include "paths.h"

static void visit_warning(void *context, const struct message *item)
{
	struct json_object *warnings = context;
	const char *text = ask_print_warning(item);

	if (text)
		json_object_array_add(warnings, json_object_new_string(text));
}

/* What `roles lint` would find in what has no error: in @text, or in the file of this host. */
static enum cosmo_err count_findings(const char *text, size_t len, size_t *ret_count)
{
	COSMO_AUTO(config_free) struct config *config = NULL;
	struct config_problem problem = {0};
	enum cosmo_err err = text ? config_parse(text, len, &config, &problem)
				  : config_load(COSMO_CONF_FILE, &config, &problem);

	if (!err)
		err = roles_lint_count(config, ret_count);
	if (err)
		output_failure(err, NULL, problem.text);
	return err;
}

static void print_json(const char *path, struct json_object *warnings, size_t findings)
{
	struct json_object *object = json_object_new_object();

	output_json_text(object, "file", path);
	json_object_object_add(object, "warnings", json_object_get(warnings));
	json_object_object_add(object, "findings", json_object_new_int64((int64_t)findings));
	output_json_failure(object);
	output_json(object);
}

static void print(const char *path, bool is_other, size_t findings)
{
	printf("%s: no error.\n", path);
	if (findings)
		output_note(
			"%zu %s in it may not be meant so: `cosmo-ssoctl roles lint%s%s` tells.",
			findings, findings == 1 ? "thing" : "things", is_other ? " " : "",
			is_other ? path : "");
}

static enum cosmo_err check(
	const char *path, const char *text, size_t len, struct json_object *warnings)
{
	COSMO_AUTO(message_free) struct message *request = NULL;
	enum cosmo_err err = ask_new(MESSAGE_CTL_CHECK_CONFIG, &request);

	if (err)
		return err;
	message_put_str(request, FIELD_PATH, path);
	if (text)
		message_put_bytes(request, FIELD_CONFIG, text, len);
	return ask_simple(request, visit_warning, warnings);
}

static int run(const struct command *self, int argc, char **argv)
{
	COSMO_AUTO(free) char *text = NULL;
	struct json_object *warnings = NULL;
	const char *path = COSMO_CONF_FILE;
	bool json = false;
	const struct option_spec specs[] = {{"json", OPTION_FLAG, &json}};
	size_t len = 0;
	size_t findings = 0;
	int first = 0;
	enum cosmo_err err = COSMO_OK;

	if (!options_parse(self, argc, argv, specs, COSMO_ARRAY_LEN(specs), &first))
		return EXIT_CODE_USAGE;
	if (argc - first > 1)
		return command_usage_error(self, "it takes one file at most");
	if (first < argc) {
		path = argv[first];
		if (!input_read(path, CONFIG_MAX_BYTES, &text, &len))
			return EXIT_CODE_USAGE;
	}
	warnings = json_object_new_array();
	err = check(path, text, len, warnings);
	if (!err)
		err = count_findings(text, len, &findings);
	if (!err && json)
		print_json(path, warnings, findings);
	else if (!err)
		print(path, text != NULL, findings);
	json_object_put(warnings);
	return (int)exit_code_of(err);
}

const struct command command_check_config = {
	.name = "check-config",
	.arguments = "[--json] [FILE]",
	.summary = "Check the configuration, patterns of role rules included",
	.help = "  FILE     another file than " COSMO_CONF_FILE "; -: standard input\n"
		"  --json   print one JSON object: file, warnings, findings, error (null), message, detail\n\n"
		"Says the line and what is allowed there. Exit code 4: the file has an error. A role that no rule\n"
		"gives and a local group that this host does not have are warned of, and no error; findings is how\n"
		"many things `roles lint` would tell of.\n",
	.run = run,
};
