/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/helper/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>

#include "common/base/fdio.h"

#define LOCK_RETRY_NS 5000000L

enum cosmo_err folder_ensure(int dir_fd, const char *name, int *ret_fd)
{
	int fd = -1;

	if (mkdirat(dir_fd, name, 0700) < 0 && errno != EEXIST)
		return COSMO_E_IO;
	fd = openat(dir_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return COSMO_E_IO;
	*ret_fd = fd;
	return COSMO_OK;
}

enum cosmo_err folder_lock(int folder_fd, const char *name, int64_t timeout_ms, int *ret_fd)
{
	const struct timespec pause = {.tv_nsec = LOCK_RETRY_NS};
	int64_t deadline_ms = fdio_boot_ms() + timeout_ms;
	COSMO_AUTO_FD int fd =
		openat(folder_fd, name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0)
		return COSMO_E_IO;
	while (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return COSMO_E_IO;
		if (fdio_boot_ms() >= deadline_ms)
			return COSMO_E_BUSY;
		nanosleep(&pause, NULL);
	}
	*ret_fd = cosmo_steal_fd(&fd);
	return COSMO_OK;
}

/* A description of its own: the position in the folder belongs to it. */
enum cosmo_err folder_open(int dir_fd, DIR **ret)
{
	COSMO_AUTO_FD int fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	if (!dir)
		return COSMO_E_IO;
	(void)cosmo_steal_fd(&fd);
	*ret = dir;
	return COSMO_OK;
}

void folder_close(DIR *dir)
{
	if (dir)
		closedir(dir);
}

enum cosmo_err folder_next(DIR *dir, const char **ret_name)
{
	const struct dirent *entry = NULL;

	do {
		errno = 0;
		entry = readdir(dir); /* NOLINT(concurrency-mt-unsafe): the stream has one owner */
	} while (entry && entry->d_name[0] == '.');
	if (!entry && errno)
		return COSMO_E_IO;
	*ret_name = entry ? entry->d_name : NULL;
	return COSMO_OK;
}

/* Begun with a dot as well: what was being written when somebody was killed. */
static enum cosmo_err next_file(DIR *dir, const char **ret_name)
{
	const struct dirent *entry = NULL;

	do {
		errno = 0;
		entry = readdir(dir); /* NOLINT(concurrency-mt-unsafe): the stream has one owner */
	} while (entry && entry->d_type == DT_DIR);
	*ret_name = entry ? entry->d_name : NULL;
	return !entry && errno ? COSMO_E_IO : COSMO_OK;
}

enum cosmo_err folder_clear(int dir_fd, uint64_t *ret_count, uint64_t *ret_left)
{
	COSMO_AUTO(folder_close) DIR *dir = NULL;
	const char *name = NULL;
	enum cosmo_err err = folder_open(dir_fd, &dir);

	*ret_count = *ret_left = 0;
	if (!err)
		err = next_file(dir, &name);
	while (!err && name) {
		if (unlinkat(dir_fd, name, 0) == 0)
			(*ret_count)++;
		else if (errno != ENOENT)
			(*ret_left)++;
		err = next_file(dir, &name);
	}
	return !err && *ret_left > 0 ? COSMO_E_IO : err;
}

enum cosmo_err folder_is_empty(int dir_fd, bool *ret)
{
	COSMO_AUTO(folder_close) DIR *dir = NULL;
	const char *name = NULL;
	enum cosmo_err err = folder_open(dir_fd, &dir);

	if (!err)
		err = folder_next(dir, &name);
	if (!err)
		*ret = !name;
	return err;
}
