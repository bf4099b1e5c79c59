/* SPDX-License-Identifier: MIT */
/* What is known only while a configuration is being read: where everything stood. For config*.c. */
#pragma once

#include "common/config.h"
#include "common/config_options.h"
#include "common/ini.h"

/* Places of the built-in roles. */
enum {
	ROLE_VIEWER,
	ROLE_DEVELOPER,
	ROLE_ADMIN,
};

/* systemd's DynamicUser=, then nobody and the 16-bit -1. */
#define CONFIG_DYNAMIC_IDS_MIN 61184u
#define CONFIG_DYNAMIC_IDS_MAX 65535u

struct config_reader {
	struct config *config;
	struct config_problem *problem;
	enum config_section section; /* SECTION_COUNT before the first */
	void *target;                /* where its options go */
	/* Lines, 0: not there. Of [role] and [service] options: those of the current section. */
	unsigned int section_lines[SECTION_COUNT];
	unsigned int option_lines[CONFIG_MAX_OPTIONS];
	unsigned int service_lines[CONFIG_MAX_SERVICES];
	unsigned int access_lines[CONFIG_MAX_SERVICES];
	char *access_values[CONFIG_MAX_SERVICES]; /* until all roles are known */
};

/* Fill the problem, foreign text in it made harmless; returns COSMO_E_CONFIG. */
enum cosmo_err config_wrong(struct config_reader *reader, unsigned int line, const char *format,
	...) COSMO_PRINTF(3, 4);

/* The line of an option of a section without a name, 0 if it is not given. */
unsigned int config_line(
	const struct config_reader *reader, enum config_section section, const char *key);

/* viewer, developer and admin as they are before anything is read. */
void config_roles_init(struct config *config);

/* [role NAME]: declare it, or take the built-in one; its options are set in *ret. */
COSMO_MUST_USE enum cosmo_err config_roles_open(
	struct config_reader *reader, const struct ini_line *line, void **ret);

/* Fill groups and gids that were not given and check what stands between the roles. */
COSMO_MUST_USE enum cosmo_err config_roles_finish(struct config_reader *reader);

/* "viewer, developer, admin and operator", as far as it fits. */
void config_roles_list(const struct config *config, char *ret, size_t ret_size);

/* A line of [rules]. */
COSMO_MUST_USE enum cosmo_err config_rules_add(
	struct config_reader *reader, const struct ini_line *line);
COSMO_MUST_USE enum cosmo_err config_rules_finish(struct config_reader *reader);

/* [service NAME]: a service that starts with what holds for it unlisted. */
COSMO_MUST_USE enum cosmo_err config_services_open(
	struct config_reader *reader, const struct ini_line *line, void **ret);

/* A line of [access]. */
COSMO_MUST_USE enum cosmo_err config_services_access(
	struct config_reader *reader, const struct ini_line *line);
COSMO_MUST_USE enum cosmo_err config_services_finish(struct config_reader *reader);
