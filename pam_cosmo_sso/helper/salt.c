/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/helper/salt.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "common/base/fdio.h"

#define SALT_FILE "salt"

static enum cosmo_err salt_read(int run_fd, struct salt *ret)
{
	const struct fdio_demands demands = {
		.owner = 0, .forbidden_mode = 077, .max_bytes = SIPHASH_KEY_BYTES};
	COSMO_AUTO(free) char *data = NULL;
	size_t len = 0;
	enum cosmo_err err = fdio_read_file(run_fd, SALT_FILE, &demands, &data, &len);

	if (err)
		return err;
	if (len != SIPHASH_KEY_BYTES)
		return COSMO_E_STORE_DAMAGED;
	memcpy(ret->key, data, SIPHASH_KEY_BYTES);
	return COSMO_OK;
}

static enum cosmo_err salt_write(int run_fd, const char *name)
{
	unsigned char key[SIPHASH_KEY_BYTES] = {0};
	COSMO_AUTO_FD int fd =
		openat(run_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0 || getrandom(key, sizeof(key), 0) != (ssize_t)sizeof(key))
		return COSMO_E_IO;
	return fdio_write(fd, key, sizeof(key));
}

/* Two helpers may do this at once: link() lets one of them win, whole. */
static enum cosmo_err salt_make(int run_fd)
{
	char name[64] = "";
	enum cosmo_err err = COSMO_OK;

	(void)snprintf(name, sizeof(name), ".salt.%ld", (long)getpid());
	unlinkat(run_fd, name, 0);
	err = salt_write(run_fd, name);
	if (err == COSMO_OK && linkat(run_fd, name, run_fd, SALT_FILE, 0) < 0 && errno != EEXIST)
		err = COSMO_E_IO;
	unlinkat(run_fd, name, 0);
	return err;
}

enum cosmo_err salt_load(int run_fd, struct salt *ret)
{
	enum cosmo_err err = salt_read(run_fd, ret);

	if (err != COSMO_E_NOT_FOUND)
		return err;
	err = salt_make(run_fd);
	return err ? err : salt_read(run_fd, ret);
}

uint64_t salt_hash(const struct salt *salt, enum salt_kind kind, const char *text)
{
	char data[SALT_MAX_TEXT_BYTES + 1] = "";
	size_t len = strnlen(text, SALT_MAX_TEXT_BYTES);

	data[0] = (char)('0' + (int)kind);
	memcpy(data + 1, text, len);
	return siphash24(salt->key, data, len + 1);
}
