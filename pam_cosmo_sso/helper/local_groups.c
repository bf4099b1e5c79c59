/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/helper/local_groups.h"

#include <grp.h>
#include <stdarg.h>
#include <stdio.h>

#include "common/base/log.h"
#include "common/base/parse.h"

static void file_close(FILE *file)
{
	if (file)
		(void)fclose(file);
}
COSMO_AUTO_DEFINE(FILE *, file_close);

static const struct group *next(FILE *file)
{
	/* NOLINTNEXTLINE(concurrency-mt-unsafe): this program has one thread */
	return fgetgrent(file);
}

uint32_t local_groups_gid(const char *group_path, const char *name)
{
	COSMO_AUTO(file_close) FILE *file = fopen(group_path, "re");
	const struct group *entry = NULL;

	while (file && (entry = next(file)))
		if (streq(entry->gr_name, name))
			return entry->gr_gid;
	return 0;
}

static enum cosmo_err wrong(struct config_problem *problem, unsigned int line, const char *format,
	...) COSMO_PRINTF(3, 4);

static enum cosmo_err wrong(
	struct config_problem *problem, unsigned int line, const char *format, ...)
{
	char text[sizeof(problem->text)] = "";
	va_list args;

	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	problem->line = line;
	log_filter(text, true, problem->text, sizeof(problem->text));
	return COSMO_E_CONFIG;
}

/* @role against one privileged group of this host. */
static enum cosmo_err check_role(const struct config_role *role, const char *group_path,
	const struct group *privileged, struct config_problem *problem)
{
	if (role->gid == privileged->gr_gid)
		return wrong(problem, role->line,
			"[role %s] gid = %u is the gid of the local group %s, whose members can "
			"become root or read what only root should; give it another",
			role->name, role->gid, privileged->gr_name);
	for (size_t i = 0; i < role->local_groups.count; i++) {
		const char *group = role->local_groups.items[i];

		if (local_groups_gid(group_path, group) == privileged->gr_gid)
			return wrong(problem, role->line,
				"[role %s] local_groups names the group %s, which has the gid %u "
				"of %s here, whose members can become root or read what only root "
				"should; if that is meant, add allow_privileged = yes there",
				role->name, group, privileged->gr_gid, privileged->gr_name);
	}
	return COSMO_OK;
}

static enum cosmo_err check_group(const struct config *config, const char *group_path,
	const struct group *privileged, struct config_problem *problem)
{
	if (config->users_gid == privileged->gr_gid)
		return wrong(problem, 0,
			"users_gid = %u is the gid of the local group %s, whose members can become "
			"root or read what only root should; everybody would be in it",
			config->users_gid, privileged->gr_name);
	for (size_t i = 0; i < config->role_count; i++) {
		const struct config_role *role = &config->roles[i];
		enum cosmo_err err = COSMO_OK;

		if (!role->allow_privileged)
			err = check_role(role, group_path, privileged, problem);
		if (err)
			return err;
	}
	return COSMO_OK;
}

enum cosmo_err local_groups_check(
	const struct config *config, const char *group_path, struct config_problem *ret_problem)
{
	COSMO_AUTO(file_close) FILE *file = fopen(group_path, "re");
	const struct group *entry = NULL;

	if (!file)
		return COSMO_E_IO;
	while ((entry = next(file))) {
		/* a copy: the next look into the file overwrites it */
		char name[COSMO_MAX_NAME_BYTES + 1] = "";
		struct group privileged = {.gr_name = name, .gr_gid = entry->gr_gid};
		enum cosmo_err err = COSMO_OK;

		if (entry->gr_gid == 0 || !config_group_is_privileged(entry->gr_name))
			continue;
		(void)snprintf(name, sizeof(name), "%s", entry->gr_name);
		err = check_group(config, group_path, &privileged, ret_problem);
		if (err)
			return err;
	}
	return COSMO_OK;
}
