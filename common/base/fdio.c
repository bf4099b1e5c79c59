/* SPDX-License-Identifier: MIT */
#include "common/base/fdio.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

void cosmo_auto_close(int *fd)
{
	int saved_errno = errno;

	if (*fd >= 0)
		close(*fd);
	*fd = -1;
	errno = saved_errno;
}

static enum cosmo_err check_file(int fd, const struct fdio_demands *demands, size_t *ret_bytes)
{
	struct stat st = {0};

	if (fstat(fd, &st) < 0)
		return COSMO_E_IO;
	if (!S_ISREG(st.st_mode) || st.st_uid != demands->owner ||
		(st.st_mode & demands->forbidden_mode) != 0)
		return COSMO_E_UNSAFE_FILE;
	if (st.st_size < 0 || (uintmax_t)st.st_size > demands->max_bytes)
		return COSMO_E_TOO_BIG;
	*ret_bytes = (size_t)st.st_size;
	return COSMO_OK;
}

static enum cosmo_err open_error(void)
{
	if (errno == ENOENT || errno == ENOTDIR)
		return COSMO_E_NOT_FOUND;
	return errno == ELOOP ? COSMO_E_UNSAFE_FILE : COSMO_E_IO;
}

enum cosmo_err fdio_open(int dir_fd, const char *path, const struct fdio_demands *demands,
	int *ret_fd, size_t *ret_bytes)
{
	/* O_NONBLOCK: a FIFO put in the file's place must not make us wait. */
	COSMO_AUTO_FD int fd =
		openat(dir_fd, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK);
	enum cosmo_err err = COSMO_OK;

	if (fd < 0)
		return open_error();
	err = check_file(fd, demands, ret_bytes);
	if (err)
		return err;
	*ret_fd = cosmo_steal_fd(&fd);
	return COSMO_OK;
}

static enum cosmo_err read_all(int fd, char *data, size_t len, size_t *ret_len)
{
	size_t done = 0;

	while (done < len) {
		ssize_t got = read(fd, data + done, len - done);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return COSMO_E_IO;
		if (got == 0)
			break;
		done += (size_t)got;
	}
	*ret_len = done;
	return COSMO_OK;
}

enum cosmo_err fdio_read_file(int dir_fd, const char *path, const struct fdio_demands *demands,
	char **ret_data, size_t *ret_len)
{
	COSMO_AUTO_FD int fd = -1;
	COSMO_AUTO(free) char *data = NULL;
	size_t bytes = 0;
	size_t len = 0;
	enum cosmo_err err = fdio_open(dir_fd, path, demands, &fd, &bytes);

	if (err)
		return err;
	data = malloc(bytes + 1);
	if (!data)
		return COSMO_E_NOMEM;
	err = read_all(fd, data, bytes, &len);
	if (err)
		return err;
	data[len] = '\0';
	*ret_data = COSMO_STEAL(&data);
	*ret_len = len;
	return COSMO_OK;
}

enum cosmo_err fdio_write(int fd, const void *data, size_t len)
{
	const char *bytes = data;

	while (len > 0) {
		ssize_t done = write(fd, bytes, len);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return COSMO_E_IO;
		bytes += done;
		len -= (size_t)done;
	}
	return COSMO_OK;
}

enum cosmo_err fdio_pwrite(int fd, const void *data, size_t len, off_t offset)
{
	const char *bytes = data;

	while (len > 0) {
		ssize_t done = pwrite(fd, bytes, len, offset);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return COSMO_E_IO;
		bytes += done;
		len -= (size_t)done;
		offset += done;
	}
	return COSMO_OK;
}

enum cosmo_err fdio_pread(int fd, void *ret_data, size_t len, off_t offset)
{
	char *bytes = ret_data;

	while (len > 0) {
		ssize_t done = pread(fd, bytes, len, offset);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return COSMO_E_IO;
		if (done == 0)
			return COSMO_E_FORMAT;
		bytes += done;
		len -= (size_t)done;
		offset += done;
	}
	return COSMO_OK;
}

static enum cosmo_err write_beside(
	int dir_fd, const char *name, const void *data, size_t len, mode_t mode)
{
	COSMO_AUTO_FD int fd = -1;

	if (unlinkat(dir_fd, name, 0) < 0 && errno != ENOENT)
		return COSMO_E_IO;
	fd = openat(dir_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
	if (fd < 0 || fchmod(fd, mode) < 0)
		return COSMO_E_IO;
	if (fdio_write(fd, data, len) != COSMO_OK || fsync(fd) < 0)
		return COSMO_E_IO;
	return COSMO_OK;
}

enum cosmo_err fdio_replace_file(
	int dir_fd, const char *name, const void *data, size_t len, mode_t mode)
{
	char beside[256] = "";
	int written = snprintf(beside, sizeof(beside), ".%s.new", name);
	enum cosmo_err err = COSMO_OK;

	if (written < 0 || (size_t)written >= sizeof(beside))
		return COSMO_E_IO;
	err = write_beside(dir_fd, beside, data, len, mode);
	if (err) {
		unlinkat(dir_fd, beside, 0);
		return err;
	}
	if (renameat(dir_fd, beside, dir_fd, name) < 0) {
		unlinkat(dir_fd, beside, 0);
		return COSMO_E_IO;
	}
	return fsync(dir_fd) < 0 ? COSMO_E_IO : COSMO_OK;
}

enum cosmo_err fdio_move_up(int *fd)
{
	int high = *fd > 2 ? *fd : fcntl(*fd, F_DUPFD_CLOEXEC, 3);

	if (high < 0)
		return COSMO_E_IO;
	if (high != *fd)
		cosmo_auto_close(fd);
	*fd = high;
	return COSMO_OK;
}

int64_t fdio_boot_ms(void)
{
	struct timespec ts = {0};

	clock_gettime(CLOCK_BOOTTIME, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

int64_t fdio_coarse_ms(void)
{
	struct timespec ts = {0};

	clock_gettime(CLOCK_MONOTONIC_COARSE, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000 + 1;
}

int64_t fdio_now_s(void)
{
	struct timespec ts = {0};

	clock_gettime(CLOCK_REALTIME, &ts);
	return (int64_t)ts.tv_sec;
}
