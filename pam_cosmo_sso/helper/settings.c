/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/helper/settings.h"

#include <string.h>

#include "pam_cosmo_sso/helper/local_groups.h"

static bool copy_text(char *ret, size_t size, const char *text)
{
	size_t len = strlen(text);

	if (len >= size)
		return false;
	memcpy(ret, text, len + 1);
	return true;
}

static struct users_db_conferred *find_conferred(
	struct users_db_settings *settings, const char *name)
{
	for (uint32_t i = 0; i < settings->conferred_count; i++)
		if (streq(settings->conferred[i].group, name))
			return &settings->conferred[i];
	return NULL;
}

static bool confer(
	struct users_db_settings *settings, const char *group_path, const char *name, size_t role)
{
	struct users_db_conferred *conferred = find_conferred(settings, name);
	uint32_t gid = conferred ? conferred->gid : local_groups_gid(group_path, name);

	if (gid == 0)
		return true;
	if (!conferred) {
		if (settings->conferred_count == USERS_DB_MAX_CONFERRED)
			return false;
		conferred = &settings->conferred[settings->conferred_count++];
		conferred->gid = gid;
		if (!copy_text(conferred->group, sizeof(conferred->group), name))
			return false;
	}
	conferred->roles |= 1ULL << role;
	return true;
}

static bool fill_roles(
	const struct config *config, const char *group_path, struct users_db_settings *settings)
{
	for (size_t i = 0; i < config->role_count; i++) {
		const struct config_role *role = &config->roles[i];
		struct users_db_role *entry = &settings->roles[i];

		entry->gid = role->gid;
		if (!copy_text(entry->name, sizeof(entry->name), role->name) ||
			!copy_text(entry->group, sizeof(entry->group), role->group))
			return false;
		for (size_t k = 0; k < role->local_groups.count; k++)
			if (!confer(settings, group_path, role->local_groups.items[k], i))
				return false;
	}
	settings->role_count = (uint32_t)config->role_count;
	return true;
}

enum cosmo_err settings_make(const struct config *config, const char *group_path,
	bool provisional_on, struct users_db_settings *ret)
{
	struct config_problem problem = {0};
	enum cosmo_err err = local_groups_check(config, group_path, &problem);

	if (err)
		return err;
	memset(ret, 0, sizeof(*ret));
	ret->users_gid = config->users_gid;
	ret->uid_min = config->uid_min;
	ret->uid_max = config->uid_max;
	ret->enroll = (uint32_t)config->enroll;
	ret->provisional_on = provisional_on;
	ret->keep_domains = config->keep_domains;
	ret->omit_members = config->omit_members;
	ret->role_lease_s = config->role_lease_s;
	if (config->role_count > USERS_DB_MAX_ROLES || config->sshd_paths.count > USERS_DB_MAX_SSHD)
		return COSMO_E_TOO_BIG;
	for (size_t i = 0; i < config->sshd_paths.count; i++)
		if (!copy_text(ret->sshd[i], sizeof(ret->sshd[i]), config->sshd_paths.items[i]))
			return COSMO_E_TOO_BIG;
	ret->sshd_count = (uint32_t)config->sshd_paths.count;
	if (!copy_text(ret->home, sizeof(ret->home), config->home) ||
		!copy_text(ret->shell, sizeof(ret->shell), config->shell) ||
		!fill_roles(config, group_path, ret))
		return COSMO_E_TOO_BIG;
	return COSMO_OK;
}
