/* SPDX-License-Identifier: MIT */
#include "common/config.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/base/fdio.h"
#include "common/base/log.h"
#include "common/config_reader.h"

#define FOREIGN_IDS_MIN 0x7ffe0000u /* systemd's */

enum cosmo_err config_wrong(
	struct config_reader *reader, unsigned int line, const char *format, ...)
{
	char text[sizeof(reader->problem->text)] = "";
	va_list args;

	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	reader->problem->line = line;
	log_filter(text, true, reader->problem->text, sizeof(reader->problem->text));
	return COSMO_E_CONFIG;
}

static size_t option_index(const struct config_option *option)
{
	size_t count = 0;

	return (size_t)(option - config_options(&count));
}

unsigned int config_line(
	const struct config_reader *reader, enum config_section section, const char *key)
{
	const struct config_option *option = config_option_find(section, key);

	return option ? reader->option_lines[option_index(option)] : 0;
}

static void forget_option_lines(struct config_reader *reader, enum config_section section)
{
	size_t count = 0;
	const struct config_option *options = config_options(&count);

	for (size_t i = 0; i < count; i++)
		if (options[i].section == section)
			reader->option_lines[i] = 0;
}

static enum cosmo_err unknown_section(struct config_reader *reader, const struct ini_line *line)
{
	return config_wrong(reader, line->number,
		"unknown section [%.64s]; allowed are [integration], [enroll], [roles], "
		"[role NAME], [rules], [access], [service NAME], [prompt], [limits]",
		line->section);
}

static enum cosmo_err open_section(struct config_reader *reader, const struct ini_line *line)
{
	enum config_section section = config_section_find(line->section);
	bool named = config_section_is_named(section);

	if (section == SECTION_COUNT)
		return unknown_section(reader, line);
	if (named && !*line->argument)
		return config_wrong(reader, line->number, "[%s] needs a name, as in [%s NAME]",
			line->section, line->section);
	if (!named && *line->argument)
		return config_wrong(reader, line->number, "[%s] takes no name", line->section);
	if (!named && reader->section_lines[section])
		return config_wrong(reader, line->number, "[%s] stands already in line %u",
			line->section, reader->section_lines[section]);
	reader->section = section;
	reader->section_lines[section] = line->number;
	reader->target = reader->config;
	if (!named)
		return COSMO_OK;
	forget_option_lines(reader, section);
	return section == SECTION_ROLE ? config_roles_open(reader, line, &reader->target)
				       : config_services_open(reader, line, &reader->target);
}

static enum cosmo_err unknown_key(struct config_reader *reader, const struct ini_line *line)
{
	char allowed[384] = "";
	size_t used = 0;
	size_t count = 0;
	const struct config_option *options = config_options(&count);

	for (size_t i = 0; i < count && used < sizeof(allowed); i++) {
		int len = 0;

		if (options[i].section != reader->section)
			continue;
		len = snprintf(allowed + used, sizeof(allowed) - used, "%s%s", used ? ", " : "",
			options[i].key);
		used += len > 0 ? (size_t)len : 0;
	}
	return config_wrong(reader, line->number, "unknown key \"%.64s\" in [%s]; allowed are: %s",
		line->key, config_section_name(reader->section), allowed);
}

static enum cosmo_err wrong_value(struct config_reader *reader, const struct ini_line *line,
	const struct config_option *option)
{
	char expects[256] = "";

	config_option_expects(option, expects, sizeof(expects));
	if (option->secret)
		return config_wrong(reader, line->number, "%s must be %s", option->key, expects);
	return config_wrong(reader, line->number, "%s must be %s, not \"%.128s\"", option->key,
		expects, line->value);
}

static enum cosmo_err set_option(struct config_reader *reader, const struct ini_line *line)
{
	const struct config_option *option = config_option_find(reader->section, line->key);
	unsigned int *seen = NULL;
	enum cosmo_err err = COSMO_OK;

	if (!option)
		return unknown_key(reader, line);
	seen = &reader->option_lines[option_index(option)];
	if (*seen)
		return config_wrong(
			reader, line->number, "%s stands already in line %u", option->key, *seen);
	*seen = line->number;
	if (!*line->value)
		return config_wrong(reader, line->number,
			"%s has no value; put a '#' before the line to have the default",
			option->key);
	err = config_option_set(option, reader->target, line->value);
	return err == COSMO_E_INVALID ? wrong_value(reader, line, option) : err;
}

static enum cosmo_err handle_line(void *context, const struct ini_line *line)
{
	struct config_reader *reader = context;

	if (!line->key)
		return open_section(reader, line);
	if (reader->section == SECTION_RULES)
		return config_rules_add(reader, line);
	if (reader->section == SECTION_ACCESS)
		return config_services_access(reader, line);
	return set_option(reader, line);
}

static enum cosmo_err set_defaults(struct config *config)
{
	size_t count = 0;
	const struct config_option *options = config_options(&count);

	for (size_t i = 0; i < count; i++) {
		enum cosmo_err err = COSMO_OK;

		if (options[i].fallback && !config_section_is_named(options[i].section))
			err = config_option_set(&options[i], config, options[i].fallback);
		if (err)
			return err == COSMO_E_NOMEM ? err : COSMO_E_INTERNAL;
	}
	config_roles_init(config);
	return COSMO_OK;
}

static enum cosmo_err check_client(struct config_reader *reader)
{
	struct config *config = reader->config;
	unsigned int line = config_line(reader, SECTION_INTEGRATION, "client_auth");

	if ((unsigned int)config->client_auth == CONFIG_CLIENT_AUTH_AUTO)
		config->client_auth =
			config->client_secret_file ? CLIENT_AUTH_BASIC : CLIENT_AUTH_NONE;
	if (config->client_auth == CLIENT_AUTH_NONE && config->client_secret_file)
		return config_wrong(reader, line,
			"client_auth = none contradicts client_secret_file; allowed with a secret "
			"are auto, basic and post");
	if (config->client_auth != CLIENT_AUTH_NONE && !config->client_secret_file)
		return config_wrong(reader, line,
			"client_auth needs client_secret_file; without a secret use auto or none");
	if (config->issuer && !config->client_id)
		return config_wrong(reader, config_line(reader, SECTION_INTEGRATION, "issuer"),
			"client_id is missing in [integration]; an issuer needs one");
	if (config->client_id && !config->issuer)
		return config_wrong(reader, config_line(reader, SECTION_INTEGRATION, "client_id"),
			"issuer is missing in [integration]; a client_id needs one");
	return COSMO_OK;
}

static enum cosmo_err check_uids(struct config_reader *reader)
{
	const struct config *config = reader->config;
	unsigned int line = config_line(reader, SECTION_ENROLL, "uid_min");

	if (line == 0)
		line = config_line(reader, SECTION_ENROLL, "uid_max");
	if (config->uid_min >= config->uid_max)
		return config_wrong(reader, line, "uid_min (%u) must be below uid_max (%u)",
			config->uid_min, config->uid_max);
	if (config->uid_min <= CONFIG_DYNAMIC_IDS_MAX && config->uid_max >= CONFIG_DYNAMIC_IDS_MIN)
		return config_wrong(reader, line,
			"uid_min to uid_max (%u to %u) must not meet %u to %u, which systemd and "
			"nobody use",
			config->uid_min, config->uid_max, CONFIG_DYNAMIC_IDS_MIN,
			CONFIG_DYNAMIC_IDS_MAX);
	if (config->uid_max >= FOREIGN_IDS_MIN)
		return config_wrong(reader, line, "uid_max must be below 0x%x", FOREIGN_IDS_MIN);
	return COSMO_OK;
}

static enum cosmo_err check_lease(struct config_reader *reader)
{
	const struct config *config = reader->config;
	unsigned int line = config_line(reader, SECTION_ROLES, "role_lease");

	if (line == 0)
		line = config_line(reader, SECTION_ROLES, "refresh_after");
	if (config->role_lease_s <= config->refresh_after_s)
		return config_wrong(reader, line,
			"role_lease must be longer than refresh_after, or every role would lapse "
			"before it is confirmed again");
	return COSMO_OK;
}

static enum cosmo_err check_relations(struct config_reader *reader)
{
	enum cosmo_err err = check_client(reader);

	if (!err)
		err = check_uids(reader);
	if (!err)
		err = check_lease(reader);
	if (!err)
		err = config_roles_finish(reader);
	if (!err)
		err = config_rules_finish(reader);
	return err ? err : config_services_finish(reader);
}

static void free_access_values(struct config_reader reader)
{
	for (size_t i = 0; i < CONFIG_MAX_SERVICES; i++)
		free(reader.access_values[i]);
}
COSMO_AUTO_DEFINE(struct config_reader, free_access_values);

enum cosmo_err config_parse(
	const char *text, size_t len, struct config **ret, struct config_problem *ret_problem)
{
	COSMO_AUTO(config_free) struct config *config = calloc(1, sizeof(*config));
	COSMO_AUTO(free_access_values)
	struct config_reader reader = {.config = config, .section = SECTION_COUNT};
	unsigned int line = 0;
	const char *problem = NULL;
	enum cosmo_err err = config ? set_defaults(config) : COSMO_E_NOMEM;

	*ret_problem = (struct config_problem){.line = 0};
	reader.problem = ret_problem;
	if (err)
		return err;
	if (len > CONFIG_MAX_BYTES)
		return config_wrong(&reader, 0, "the file is larger than 256 KiB");
	err = ini_read(text, len, handle_line, &reader, &line, &problem);
	if (problem)
		return config_wrong(&reader, line, "the line %s", problem);
	if (!err)
		err = check_relations(&reader);
	if (err)
		return err;
	*ret = COSMO_STEAL(&config);
	return COSMO_OK;
}

enum cosmo_err config_load(
	const char *path, struct config **ret, struct config_problem *ret_problem)
{
	const struct fdio_demands demands = {
		.owner = 0, .forbidden_mode = 022, .max_bytes = CONFIG_MAX_BYTES};
	COSMO_AUTO(free) char *text = NULL;
	size_t len = 0;
	enum cosmo_err err = fdio_read_file(AT_FDCWD, path, &demands, &text, &len);

	*ret_problem = (struct config_problem){.line = 0};
	if (err == COSMO_E_NOT_FOUND) {
		(void)snprintf(
			ret_problem->text, sizeof(ret_problem->text), "there is no such file");
		return COSMO_E_CONFIG;
	}
	if (err)
		return err;
	err = config_parse(text, len, ret, ret_problem);
	explicit_bzero(text, len); /* the proxy's password may stand in it */
	return err;
}

static void clear_section(struct config_option const *options, size_t count,
	enum config_section section, void *target)
{
	for (size_t i = 0; i < count; i++)
		if (options[i].section == section)
			config_option_clear(&options[i], target);
}

void config_free(struct config *config)
{
	size_t count = 0;
	const struct config_option *options = config_options(&count);

	if (!config)
		return;
	for (int section = 0; section < SECTION_COUNT; section++)
		if (!config_section_is_named((enum config_section)section))
			clear_section(options, count, (enum config_section)section, config);
	for (size_t i = 0; i < config->role_count; i++)
		clear_section(options, count, SECTION_ROLE, &config->roles[i]);
	for (size_t i = 0; i < config->service_count; i++)
		clear_section(options, count, SECTION_SERVICE, &config->services[i]);
	for (size_t i = 0; i < config->rule_count; i++)
		free(config->rules[i].text);
	free(config);
}

bool config_is_connected(const struct config *config)
{
	return config->issuer != NULL;
}
