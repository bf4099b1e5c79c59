/* SPDX-License-Identifier: MIT */
/* [service NAME] and [access]. */
#include <string.h>

#include "common/config_reader.h"

#define SEPARATORS   " \t,"
#define BIT(role)    (UINT64_C(1) << (role))
#define ADMIN        BIT(ROLE_ADMIN)
#define ALL_BUILT_IN (BIT(ROLE_VIEWER) | BIT(ROLE_DEVELOPER) | BIT(ROLE_ADMIN))

#define DEFAULT_DEADLINE_S 300

/* What holds for these without a word in the file; 0 roles: any. */
static const struct built_in {
	const char *name;
	uint64_t roles;
	bool device;
	int64_t deadline_s;
} built_in[] = {
	/* LoginGraceTime is 120 s, LOGIN_TIMEOUT 60 s; neither can be seen from inside. */
	{"sshd", ALL_BUILT_IN, true, 110},
	{"login", ALL_BUILT_IN, true, 50},
	{"sudo", ADMIN, false, DEFAULT_DEADLINE_S},
	{"sudo-i", ADMIN, false, DEFAULT_DEADLINE_S},
	{"su", ADMIN, false, DEFAULT_DEADLINE_S},
	{"su-l", ADMIN, false, DEFAULT_DEADLINE_S},
	{"polkit-1", ADMIN, false, DEFAULT_DEADLINE_S},
	{"doas", ADMIN, false, DEFAULT_DEADLINE_S},
};

static void set_roles(struct config_service *service, uint64_t roles)
{
	service->access = CONFIG_ACCESS_ROLES;
	service->access_roles = roles;
	service->names_viewer = (roles & BIT(ROLE_VIEWER)) != 0;
}

/* The service as it is when the file says nothing. */
static struct config_service unlisted(const char *name)
{
	struct config_service service = {.auth = CONFIG_AUTH_SKIP,
		.deadline_s = DEFAULT_DEADLINE_S,
		.access = CONFIG_ACCESS_ANY};

	memcpy(service.name, name, strnlen(name, sizeof(service.name) - 1));
	for (size_t i = 0; i < COSMO_ARRAY_LEN(built_in); i++) {
		if (!streq(built_in[i].name, name))
			continue;
		set_roles(&service, built_in[i].roles);
		service.deadline_s = built_in[i].deadline_s;
		service.has_auth = built_in[i].device;
		if (built_in[i].device)
			service.auth = CONFIG_AUTH_DEVICE;
	}
	return service;
}

static const struct config_service *find(const struct config *config, const char *name)
{
	for (size_t i = 0; i < config->service_count; i++)
		if (streq(config->services[i].name, name))
			return &config->services[i];
	return NULL;
}

void config_service(const struct config *config, const char *name, struct config_service *ret)
{
	const struct config_service *listed = find(config, name);

	*ret = listed ? *listed : unlisted(name);
}

/* The service's place, made if it is new. */
static enum cosmo_err find_or_add(
	struct config_reader *reader, unsigned int line, const char *name, size_t *ret_index)
{
	struct config *config = reader->config;
	const struct config_service *listed = find(config, name);

	if (!config_service_name_is_valid(name))
		return config_wrong(reader, line,
			"\"%.64s\" cannot be a service; a service is named as its file in "
			"/etc/pam.d, in lower case",
			name);
	if (!listed && config->service_count == CONFIG_MAX_SERVICES)
		return config_wrong(reader, line, "more than %d services", CONFIG_MAX_SERVICES);
	if (!listed) {
		listed = &config->services[config->service_count];
		config->services[config->service_count++] = unlisted(name);
	}
	*ret_index = (size_t)(listed - config->services);
	return COSMO_OK;
}

enum cosmo_err config_services_open(
	struct config_reader *reader, const struct ini_line *line, void **ret)
{
	size_t index = 0;
	enum cosmo_err err = find_or_add(reader, line->number, line->argument, &index);

	if (err)
		return err;
	if (reader->service_lines[index])
		return config_wrong(reader, line->number, "[service %s] stands already in line %u",
			line->argument, reader->service_lines[index]);
	reader->service_lines[index] = line->number;
	*ret = &reader->config->services[index];
	return COSMO_OK;
}

enum cosmo_err config_services_access(struct config_reader *reader, const struct ini_line *line)
{
	size_t index = 0;
	enum cosmo_err err = find_or_add(reader, line->number, line->key, &index);

	if (err)
		return err;
	if (reader->access_lines[index])
		return config_wrong(reader, line->number, "%s stands already in line %u", line->key,
			reader->access_lines[index]);
	reader->access_lines[index] = line->number;
	reader->access_values[index] = strdup(line->value);
	return reader->access_values[index] ? COSMO_OK : COSMO_E_NOMEM;
}

static enum cosmo_err wrong_access(struct config_reader *reader, size_t index, const char *word)
{
	char roles[320] = "";

	config_roles_list(reader->config, roles, sizeof(roles));
	return config_wrong(reader, reader->access_lines[index],
		"%s = ... \"%.64s\": allowed are one or more roles (%s), or any or deny alone",
		reader->config->services[index].name, word, roles);
}

static enum cosmo_err read_access(struct config_reader *reader, size_t index)
{
	struct config_service *service = &reader->config->services[index];
	char *value = reader->access_values[index];
	char *rest = NULL;
	uint64_t roles = 0;

	if (streq(value, "any") || streq(value, "deny")) {
		service->access = streq(value, "any") ? CONFIG_ACCESS_ANY : CONFIG_ACCESS_DENY;
		service->access_roles = 0;
		service->names_viewer = false;
		return COSMO_OK;
	}
	for (char *word = strtok_r(value, SEPARATORS, &rest); word;
		word = strtok_r(NULL, SEPARATORS, &rest)) {
		int role = config_role_index(reader->config, word);

		if (role < 0)
			return wrong_access(reader, index, word);
		roles |= BIT(role);
	}
	if (roles == 0)
		return wrong_access(reader, index, "");
	set_roles(service, roles);
	return COSMO_OK;
}

/* In any other service nobody says what came before, so that everybody would be refused. */
static enum cosmo_err check_first_methods(struct config_reader *reader, size_t index)
{
	const struct config_service *service = &reader->config->services[index];

	if (service->require_first.count == 0 || streq(service->name, "sshd"))
		return COSMO_OK;
	return config_wrong(reader, reader->service_lines[index],
		"[service %s] has require_first, which is for sshd alone", service->name);
}

enum cosmo_err config_services_finish(struct config_reader *reader)
{
	for (size_t i = 0; i < reader->config->service_count; i++) {
		enum cosmo_err err = reader->access_values[i] ? read_access(reader, i) : COSMO_OK;

		if (!err)
			err = check_first_methods(reader, i);
		if (err)
			return err;
	}
	return COSMO_OK;
}
