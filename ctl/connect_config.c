/* SPDX-License-Identifier: MIT */
#include "ctl/connect_config.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/fdio.h"
#include "ctl/config_edit.h"
#include "ctl/output.h"
#include "paths.h"

#define INTEGRATION "integration"

static enum cosmo_err set_if_given(char **text, const char *key, const char *value)
{
	return value ? config_edit_set(text, INTEGRATION, key, value) : COSMO_OK;
}

/* The helper runs in another folder: files are named in full. */
static enum cosmo_err set_file(char **text, const char *key, const char *path)
{
	COSMO_AUTO(free) char *full = path ? realpath(path, NULL) : NULL;

	return set_if_given(text, key, full);
}

static enum cosmo_err set_integration(char **text, const struct connect_options *options)
{
	const struct {
		const char *key;
		const char *value;
	} settings[] = {
		{"issuer", options->issuer},
		{"client_id", options->client_id},
		{"proxy", options->proxy},
		{"claim", options->claim},
		{"username_claim", options->username_claim},
		{"scopes", options->scopes},
	};
	enum cosmo_err err = COSMO_OK;

	for (size_t i = 0; i < COSMO_ARRAY_LEN(settings) && !err; i++)
		err = set_if_given(text, settings[i].key, settings[i].value);
	if (!err)
		err = set_file(text, "client_secret_file", options->client_secret_file);
	if (!err)
		err = set_file(text, "ca_file", options->ca_file);
	return err;
}

static enum cosmo_err set_rules(char **text, const struct option_values *rules)
{
	enum cosmo_err err = rules->count ? config_edit_clear(text, "rules") : COSMO_OK;

	for (size_t i = 0; i < rules->count && !err; i++)
		err = config_edit_add(text, "rules", rules->items[i]);
	return err;
}

static enum cosmo_err make(const struct connect_options *options, char **ret_text)
{
	const struct fdio_demands demands = {
		.owner = 0, .forbidden_mode = 022, .max_bytes = CONFIG_MAX_BYTES};
	COSMO_AUTO(free) char *text = NULL;
	size_t len = 0;
	enum cosmo_err err = fdio_read_file(AT_FDCWD, COSMO_CONF_FILE, &demands, &text, &len);

	if (err == COSMO_E_NOT_FOUND)
		text = strdup("");
	else if (err)
		return err;
	if (!text)
		return COSMO_E_NOMEM;
	err = set_integration(&text, options);
	if (!err)
		err = set_rules(&text, &options->rules);
	if (!err)
		*ret_text = COSMO_STEAL(&text);
	return err;
}

enum cosmo_err connect_config_make(const struct connect_options *options, char **ret_text)
{
	enum cosmo_err err = make(options, ret_text);

	if (err)
		output_failure(err, NULL, COSMO_CONF_FILE);
	return err;
}

void connect_config_lack(
	const char *text, const struct connect_options *options, struct connect_lack *ret)
{
	*ret = (struct connect_lack){
		.issuer = !config_edit_has(text, INTEGRATION, "issuer"),
		.client_id = !config_edit_has(text, INTEGRATION, "client_id"),
		.client_secret = !options->client_secret &&
				 !config_edit_has(text, INTEGRATION, "client_secret_file"),
		.claim = !config_edit_has(text, INTEGRATION, "claim"),
		.rules = config_edit_is_empty(text, "rules"),
	};
}

bool connect_config_is_lacking(const struct connect_lack *lack)
{
	return lack->issuer || lack->client_id || lack->rules;
}

/* Any values that nobody objects to. */
static enum cosmo_err fill(const struct connect_lack *lack, char **text)
{
	enum cosmo_err err = set_if_given(text, "issuer", lack->issuer ? "https://x" : NULL);

	if (!err)
		err = set_if_given(text, "client_id", lack->client_id ? "x" : NULL);
	if (!err && lack->rules)
		err = config_edit_add(text, "rules", "viewer = x");
	return err;
}

enum cosmo_err connect_config_check(const struct connect_options *options, struct config **ret,
	struct config_problem *ret_problem)
{
	COSMO_AUTO(free) char *text = NULL;
	struct connect_lack lack = {0};
	enum cosmo_err err = connect_config_make(options, &text);

	if (err)
		return err;
	connect_config_lack(text, options, &lack);
	err = fill(&lack, &text);
	return err ? err : config_parse(text, strlen(text), ret, ret_problem);
}

char *connect_config_issuer(const char *text)
{
	COSMO_AUTO(config_free) struct config *config = NULL;
	struct config_problem problem = {0};

	if (config_parse(text, strlen(text), &config, &problem) || !config->issuer)
		return NULL;
	return COSMO_STEAL(&config->issuer);
}
