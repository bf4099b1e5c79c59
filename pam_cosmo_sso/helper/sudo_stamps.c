/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/helper/sudo_stamps.h"

#include <errno.h>
#include <fcntl.h>

#include "common/base/local_names.h"
#include "pam_cosmo_sso/helper/folder.h"
#include "pam_cosmo_sso/helper/uid_register.h"

/* A name that is a local user's as well is his; one who is of ours alone has a letter in front. */
static enum cosmo_err is_ours(struct our_uids *ours, const char *name, bool *ret)
{
	uint32_t uid = 0;
	bool local = false;
	enum cosmo_err err = COSMO_OK;

	*ret = false;
	if (parse_id(name, 1, UINT32_MAX - 1, &uid) == COSMO_OK)
		return our_uids_have(ours, uid, ret, NULL);
	if (uid_register_find(ours->store, name, &uid) != COSMO_OK)
		return COSMO_OK;
	err = our_uids_have(ours, uid, ret, NULL);
	if (!err && *ret)
		err = local_names_has(ours->passwd_path, name, &local);
	*ret = *ret && !err && !local;
	return err;
}

enum cosmo_err sudo_stamps_remove(const char *path, struct our_uids *ours)
{
	COSMO_AUTO_FD int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	COSMO_AUTO(folder_close) DIR *dir = NULL;
	const char *name = NULL;
	bool have = false;
	enum cosmo_err err = COSMO_OK;

	if (fd < 0)
		return errno == ENOENT ? COSMO_OK : COSMO_E_IO;
	err = folder_open(fd, &dir);
	if (!err)
		err = folder_next(dir, &name);
	while (!err && name) {
		err = is_ours(ours, name, &have);
		if (!err && have && unlinkat(fd, name, 0) < 0 && errno != ENOENT)
			err = COSMO_E_IO;
		if (!err)
			err = folder_next(dir, &name);
	}
	return err;
}
