/* SPDX-License-Identifier: MIT */
#include "ctl/connect_options.h"

#include <string.h>
#include <unistd.h>

#include "common/base/auto.h"

/* A value becomes one line of the configuration, and stays one. */
static bool is_one_line(const char *value)
{
	for (; value && *value; value++)
		if ((unsigned char)*value < 0x20 || *value == 0x7f)
			return false;
	return true;
}

bool connect_options_is_rule(const char *rule)
{
	return is_one_line(rule) && rule[0] >= 'a' && rule[0] <= 'z' && strchr(rule, '=');
}

/* What would write something else into the configuration than it says. */
static const char *problem_of(const struct connect_options *options)
{
	const char *const values[] = {options->issuer, options->client_id, options->proxy,
		options->claim, options->username_claim, options->scopes,
		options->client_secret_file, options->ca_file};

	for (size_t i = 0; i < COSMO_ARRAY_LEN(values); i++)
		if (!is_one_line(values[i]) || (values[i] && !values[i][0]))
			return "a value is empty or has a control character";
	for (size_t i = 0; i < options->rules.count; i++)
		if (!connect_options_is_rule(options->rules.items[i]))
			return "a rule reads role=claim-value or role=~pattern";
	if (options->client_secret && options->client_secret_file)
		return "--client-secret and --client-secret-file exclude each other";
	return NULL;
}

static bool has_file(const struct command *self, const char *path)
{
	if (!path || access(path, F_OK) == 0)
		return true;
	command_usage_error(self, "there is no file %s", path);
	return false;
}

bool connect_options_read(
	const struct command *self, int argc, char **argv, struct connect_options *ret)
{
	const struct option_spec specs[] = {
		{"issuer", OPTION_TEXT, &ret->issuer},
		{"client-id", OPTION_TEXT, &ret->client_id},
		{"client-secret", OPTION_FLAG, &ret->client_secret},
		{"client-secret-file", OPTION_TEXT, &ret->client_secret_file},
		{"ca-file", OPTION_TEXT, &ret->ca_file},
		{"proxy", OPTION_TEXT, &ret->proxy},
		{"claim", OPTION_TEXT, &ret->claim},
		{"username-claim", OPTION_TEXT, &ret->username_claim},
		{"scopes", OPTION_TEXT, &ret->scopes},
		{"rule", OPTION_MANY, &ret->rules},
		{"dry-run", OPTION_FLAG, &ret->dry_run},
		{"json", OPTION_FLAG, &ret->json},
		{"yes", OPTION_FLAG, &ret->yes},
	};
	const char *problem = NULL;
	int first = 0;

	if (!options_parse(self, argc, argv, specs, COSMO_ARRAY_LEN(specs), &first))
		return false;
	problem = first != argc ? "it takes no operand" : problem_of(ret);
	if (problem) {
		command_usage_error(self, "%s", problem);
		return false;
	}
	return has_file(self, ret->client_secret_file) && has_file(self, ret->ca_file);
}
