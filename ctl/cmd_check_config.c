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
#include "paths.h"

static void visit_warning(void *context, const struct message *item)
{
	struct json_object *warnings = context;
	const char *text = ask_print_warning(item);

	if (text)
		json_object_array_add(warnings, json_object_new_string(text));
}

static void print_json(const char *path, struct json_object *warnings)
{
	struct json_object *object = json_object_new_object();

	output_json_text(object, "file", path);
	json_object_object_add(object, "warnings", json_object_get(warnings));
	output_json_failure(object);
	output_json(object);
}

static int run(const struct command *self, int argc, char **argv)
{
	COSMO_AUTO(message_free) struct message *request = NULL;
	COSMO_AUTO(free) char *text = NULL;
	struct json_object *warnings = NULL;
	const char *path = COSMO_CONF_FILE;
	bool json = false;
	const struct option_spec specs[] = {{"json", OPTION_FLAG, &json}};
	size_t len = 0;
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
	err = ask_new(MESSAGE_CTL_CHECK_CONFIG, &request);
	if (err)
		return (int)exit_code_of(err);
	message_put_str(request, FIELD_PATH, path);
	if (text)
		message_put_bytes(request, FIELD_CONFIG, text, len);
	warnings = json_object_new_array();
	err = ask_simple(request, visit_warning, warnings);
	if (!err && json)
		print_json(path, warnings);
	else if (!err)
		printf("%s: no error.\n", path);
	json_object_put(warnings);
	return (int)exit_code_of(err);
}

const struct command command_check_config = {
	.name = "check-config",
	.arguments = "[--json] [FILE]",
	.summary = "Check the configuration, patterns of role rules included",
	.help = "  FILE     another file than " COSMO_CONF_FILE "; -: standard input\n"
		"  --json   print one JSON object: file, warnings, error (null), message, detail\n\n"
		"Says the line and what is allowed there. Exit code 4: the file has an error. A role that no rule\n"
		"gives and a local group that this host does not have are warned of, and no error.\n",
	.run = run,
};
