/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/helper/staged_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/fdio.h"
#include "pam_cosmo_sso/helper/folder.h"

#define MAX_NAME_BYTES 64

/* Names of ours never start with a dot: what was left over is neither listed nor read. */
static bool stage_name(char ret[MAX_NAME_BYTES], const char *name)
{
	int len = snprintf(ret, MAX_NAME_BYTES, ".%s.new", name);

	return len > 0 && len < MAX_NAME_BYTES;
}

enum cosmo_err staged_file_write(
	int dir_fd, const char *name, const void *data, size_t len, bool sync)
{
	char stage[MAX_NAME_BYTES] = "";
	COSMO_AUTO_FD int fd = -1;

	if (!stage_name(stage, name))
		return COSMO_E_INVALID;
	if (unlinkat(dir_fd, stage, 0) < 0 && errno != ENOENT)
		return COSMO_E_IO;
	fd = openat(dir_fd, stage, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return COSMO_E_IO;
	if (fchmod(fd, 0600) < 0 || fdio_write(fd, data, len) || (sync && fsync(fd) < 0)) {
		unlinkat(dir_fd, stage, 0);
		return COSMO_E_IO;
	}
	return COSMO_OK;
}

enum cosmo_err staged_file_settle(int dir_fd, const char *name)
{
	char stage[MAX_NAME_BYTES] = "";

	if (!stage_name(stage, name))
		return COSMO_E_INVALID;
	return renameat(dir_fd, stage, dir_fd, name) < 0 ? COSMO_E_IO : COSMO_OK;
}

void staged_file_drop(int dir_fd, const char *name)
{
	char stage[MAX_NAME_BYTES] = "";

	if (stage_name(stage, name))
		unlinkat(dir_fd, stage, 0);
}

static bool is_stage(const char *name)
{
	size_t len = strlen(name);

	return len > 5 && name[0] == '.' && streq(name + len - 4, ".new");
}

/* *ret_any: there were some. */
static enum cosmo_err visit_stages(int dir_fd, bool drop, bool *ret_any)
{
	COSMO_AUTO(folder_close) DIR *dir = NULL;
	const struct dirent *entry = NULL;
	enum cosmo_err err = folder_open(dir_fd, &dir);

	*ret_any = false;
	if (err)
		return err;
	errno = 0;
	while ((entry = readdir(dir))) { /* NOLINT(concurrency-mt-unsafe): one owner */
		if (is_stage(entry->d_name)) {
			*ret_any = true;
			if (drop)
				unlinkat(dir_fd, entry->d_name, 0);
		}
		errno = 0;
	}
	return errno ? COSMO_E_IO : COSMO_OK;
}

enum cosmo_err staged_file_any(int dir_fd, bool *ret)
{
	return visit_stages(dir_fd, false, ret);
}

enum cosmo_err staged_file_drop_all(int dir_fd)
{
	bool any = false;
	enum cosmo_err err = visit_stages(dir_fd, true, &any);

	if (!err && any && fsync(dir_fd) < 0)
		err = COSMO_E_IO;
	return err;
}
