/* SPDX-License-Identifier: MIT */
#include "common/base/enrollable.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/stat.h>

#include "common/base/local_names.h"
#include "common/base/parse.h"
#include "common/base/reserved_names.h"

/* enum config_enroll's values, as users.db carries them. */
enum {
	ENROLL_AUTO = 0,
	ENROLL_LISTED = 1,
};

static bool is_group_of_settings(const struct users_db_settings *settings, const char *name)
{
	for (uint32_t i = 0; i < settings->role_count && i < USERS_DB_MAX_ROLES; i++)
		if (streq(settings->roles[i].group, name))
			return true;
	for (uint32_t i = 0; i < settings->conferred_count && i < USERS_DB_MAX_CONFERRED; i++)
		if (streq(settings->conferred[i].group, name))
			return true;
	return false;
}

static enum cosmo_err check_stranger(struct users_db *db, const char *name)
{
	struct users_db_user user;
	enum cosmo_err err = users_db_find_ever(db, name, &user);

	if (err)
		return err == COSMO_E_NOT_FOUND ? COSMO_OK : err;
	return user.flags & USERS_DB_REMOVED ? COSMO_E_REMOVED : COSMO_E_EXISTS;
}

enum cosmo_err enrollable_open_private(const struct enrollable_places *places, int *ret_fd)
{
	COSMO_AUTO_FD int fd =
		open(places->private_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	struct stat st = {0};

	if (fd < 0)
		return errno == ENOENT ? COSMO_E_STORE_MISSING : COSMO_E_IO;
	if (fstat(fd, &st) < 0)
		return COSMO_E_IO;
	if (st.st_uid != 0 || (st.st_mode & 077) != 0)
		return COSMO_E_UNSAFE_FILE;
	*ret_fd = cosmo_steal_fd(&fd);
	return COSMO_OK;
}

static enum cosmo_err check_listed(const struct enrollable_places *places, const char *name)
{
	COSMO_AUTO_FD int fd = -1;
	char path[sizeof(ENROLL_LIST_DIR) + 1 + COSMO_MAX_NAME_BYTES + 1];
	struct stat st = {0};
	enum cosmo_err err = enrollable_open_private(places, &fd);

	if (err)
		return err;
	snprintf(path, sizeof(path), "%s/%s", ENROLL_LIST_DIR, name);
	if (fstatat(fd, path, &st, AT_SYMLINK_NOFOLLOW) == 0)
		return S_ISREG(st.st_mode) ? COSMO_OK : COSMO_E_UNSAFE_FILE;
	return errno == ENOENT ? COSMO_E_NOT_ENROLLED : COSMO_E_IO;
}

static enum cosmo_err check_mode(const struct enrollable_places *places,
	const struct users_db_settings *settings, const char *name)
{
	if (settings->enroll == ENROLL_AUTO)
		return COSMO_OK;
	return settings->enroll == ENROLL_LISTED ? check_listed(places, name) : COSMO_E_ENROLL_OFF;
}

static enum cosmo_err check_local(const struct enrollable_places *places, const char *name)
{
	bool is_user = false;
	bool is_group = false;
	enum cosmo_err err = local_names_has(places->passwd_path, name, &is_user);

	if (!err)
		err = local_names_has(places->group_path, name, &is_group);
	if (err)
		return err;
	return is_user || is_group ? COSMO_E_NAME_RESERVED : COSMO_OK;
}

static enum cosmo_err check_name(const struct users_db_settings *settings, const char *name)
{
	if (!login_name_is_valid(name, settings->keep_domains != 0))
		return COSMO_E_NAME_FORM;
	if (reserved_names_has(name) || is_group_of_settings(settings, name))
		return COSMO_E_NAME_RESERVED;
	return COSMO_OK;
}

static enum cosmo_err check_all(const struct enrollable_places *places,
	const struct users_db_settings *settings, const char *name)
{
	struct gate_view gate;
	enum cosmo_err err = check_name(settings, name);

	if (err)
		return err;
	gate_read(places->gate, &gate);
	if (gate.state != GATE_OPEN)
		return COSMO_E_DISCONNECTED;
	err = check_stranger(places->db, name);
	if (!err)
		err = check_mode(places, settings, name);
	return err ? err : check_local(places, name);
}

enum cosmo_err enrollable_check(const struct enrollable_places *places,
	const struct users_db_settings *settings, const char *name)
{
	int saved_errno = errno;
	enum cosmo_err err = check_all(places, settings, name);

	errno = saved_errno;
	return err;
}
