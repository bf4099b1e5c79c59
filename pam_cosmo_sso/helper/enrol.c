/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/helper/enrol.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/base/home_template.h"
#include "common/base/local_names.h"
#include "common/base/parse.h"
#include "common/base/reserved_names.h"
#include "common/base/users_db_read.h"
#include "pam_cosmo_sso/helper/local_ids.h"

const struct enrol_files enrol_default_files = {
	.passwd = LOCAL_PASSWD_FILE,
	.group = LOCAL_GROUP_FILE,
};

static bool list_has(const struct config_list *list, const char *name)
{
	for (size_t i = 0; i < list->count; i++)
		if (streq(list->items[i], name))
			return true;
	return false;
}

/* A user's name is the name of his private group too. */
static bool is_role_group(const struct config *config, const char *name)
{
	for (size_t i = 0; i < config->role_count; i++)
		if (streq(config->roles[i].group, name) ||
			list_has(&config->roles[i].local_groups, name))
			return true;
	return streq(name, USERS_DB_USERS_GROUP);
}

static enum cosmo_err check_local(const char *path, const char *name)
{
	bool has = true;
	enum cosmo_err err = local_names_has(path, name, &has);

	if (err)
		return err;
	return has ? COSMO_E_NAME_RESERVED : COSMO_OK;
}

enum cosmo_err enrol_check_name(
	const struct config *config, const struct enrol_files *files, const char *name)
{
	enum cosmo_err err = COSMO_OK;

	if (!login_name_is_valid(name, config->keep_domains))
		return COSMO_E_NAME_FORM;
	if (reserved_names_has(name) || list_has(&config->reserved, name) ||
		is_role_group(config, name))
		return COSMO_E_NAME_RESERVED;
	err = check_local(files->passwd, name);
	return err ? err : check_local(files->group, name);
}

enum cosmo_err enrol_check_known_name(const struct enrol_files *files, const char *name)
{
	return check_local(files->passwd, name);
}

enum cosmo_err enrol_check_uid(
	const struct config *config, const struct enrol_files *files, uint32_t uid)
{
	bool has = true;
	enum cosmo_err err = COSMO_OK;

	if (uid == 0 || uid < config->uid_min || uid > config->uid_max || uid == config->users_gid)
		return COSMO_E_UID;
	for (size_t i = 0; i < config->role_count; i++)
		if (config->roles[i].gid == uid)
			return COSMO_E_UID;
	err = local_ids_have(files->passwd, uid, &has);
	if (err || has)
		return err ? err : COSMO_E_UID;
	err = local_ids_have(files->group, uid, &has);
	if (err || has)
		return err ? err : COSMO_E_UID;
	return COSMO_OK;
}

enum cosmo_err enrol_check_home(const char *home, uint32_t uid)
{
	struct stat st = {0};

	if (lstat(home, &st) < 0)
		return errno == ENOENT || errno == ENOTDIR ? COSMO_OK : COSMO_E_IO;
	return S_ISDIR(st.st_mode) && st.st_uid == uid ? COSMO_OK : COSMO_E_HOME_FOREIGN;
}

enum cosmo_err enrol_record_new(const struct config *config, const char *name, uint32_t uid,
	int64_t now_s, struct record **ret)
{
	COSMO_AUTO(record_free) struct record *record = calloc(1, sizeof(*record));
	char home[USERS_DB_MAX_TEXT] = "";
	enum cosmo_err err = COSMO_OK;

	if (!record)
		return COSMO_E_NOMEM;
	if (strlen(name) >= sizeof(record->name))
		return COSMO_E_INVALID;
	err = home_template_expand(config->home, name, home, sizeof(home));
	if (err)
		return err;
	memcpy(record->name, name, strlen(name) + 1);
	record->uid = uid;
	record->gid = uid;
	record->enrolled_s = now_s;
	record->home = strdup(home);
	record->shell = strdup(config->shell);
	if (!record->home || !record->shell)
		return COSMO_E_NOMEM;
	*ret = COSMO_STEAL(&record);
	return COSMO_OK;
}
