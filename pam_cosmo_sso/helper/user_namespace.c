/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/helper/user_namespace.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

/* The kernel nests no deeper. */
#define MAX_DEPTH 33

static bool is_same(const struct stat *one, const struct stat *other)
{
	return one->st_dev == other->st_dev && one->st_ino == other->st_ino;
}

/* Go up from *fd until the next one up is our own. */
static enum cosmo_err find_outermost(int *fd, const struct stat *own)
{
	for (int depth = 0; depth < MAX_DEPTH; depth++) {
		struct stat st = {0};
		int parent = ioctl(*fd, NS_GET_PARENT);

		if (parent < 0) /* EPERM: it is not below ours */
			return errno == EPERM ? COSMO_E_NOT_FOUND : COSMO_E_IO;
		if (fstat(parent, &st) == 0 && is_same(&st, own)) {
			cosmo_auto_close(&parent);
			return COSMO_OK;
		}
		cosmo_auto_close(fd);
		*fd = parent;
	}
	return COSMO_E_IO;
}

enum cosmo_err user_namespace_owner(pid_t pid, uint32_t *ret_uid)
{
	char path[64] = "";
	struct stat own = {0};
	struct stat its = {0};
	COSMO_AUTO_FD int fd = -1;
	uid_t owner = 0;
	enum cosmo_err err = COSMO_OK;

	(void)snprintf(path, sizeof(path), "/proc/%ld/ns/user", (long)pid);
	if (stat("/proc/self/ns/user", &own) < 0)
		return COSMO_E_IO;
	if (stat(path, &its) < 0 || is_same(&its, &own))
		return COSMO_E_NOT_FOUND;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return COSMO_E_NOT_FOUND;
	err = find_outermost(&fd, &own);
	if (err)
		return err;
	if (ioctl(fd, NS_GET_OWNER_UID, &owner) < 0)
		return COSMO_E_IO;
	*ret_uid = owner;
	return COSMO_OK;
}
