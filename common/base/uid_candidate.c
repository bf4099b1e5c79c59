/* SPDX-License-Identifier: MIT */
/*
 * The register is a folder, uids/, below the private one: a file per uid, named by its eight
 * hexadecimal digits, that holds the login name; and names/, a file per login name that holds the
 * eight digits. Files are written whole and never change.
 */
#include "common/base/uid_candidate.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/base/parse.h"

#define MAX_ENTRY_BYTES (COSMO_MAX_NAME_BYTES + 2)

uint32_t uid_candidate(const unsigned char seed[SIPHASH_KEY_BYTES], const char *name, uint32_t min,
	uint32_t max, unsigned int attempt)
{
	uint64_t span = (uint64_t)max - min + 1;
	uint64_t first = siphash24(seed, name, strlen(name)) % span;

	return min + (uint32_t)((first + attempt) % span);
}

/* A small file of the register, without its newline. No heap: this runs inside sshd's look-ups. */
static enum cosmo_err read_entry(int dir_fd, const char *path, char *ret, size_t ret_size)
{
	COSMO_AUTO_FD int fd = openat(dir_fd, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	ssize_t got = -1;

	if (fd < 0)
		return errno == ENOENT ? COSMO_E_NOT_FOUND : COSMO_E_IO;
	do
		got = read(fd, ret, ret_size - 1);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return COSMO_E_IO;
	if (got < 2 || ret[got - 1] != '\n' || memchr(ret, '\0', (size_t)got))
		return COSMO_E_STORE_DAMAGED;
	ret[got - 1] = '\0';
	return COSMO_OK;
}

static enum cosmo_err registered_uid(int private_dir_fd, const char *name, uint32_t *ret_uid)
{
	char path[sizeof("names/") + COSMO_MAX_NAME_BYTES] = "";
	char text[MAX_ENTRY_BYTES + 8] = "0x";
	enum cosmo_err err = COSMO_OK;

	snprintf(path, sizeof(path), "names/%s", name);
	err = read_entry(private_dir_fd, path, text + 2, sizeof(text) - 2);
	if (err)
		return err;
	return parse_id(text, 1, UINT32_MAX - 1, ret_uid) ? COSMO_E_STORE_DAMAGED : COSMO_OK;
}

static enum cosmo_err holder_of(int private_dir_fd, uint32_t uid, char *ret_name, size_t size)
{
	char path[sizeof("uids/") + 8] = "";

	snprintf(path, sizeof(path), "uids/%08x", uid);
	return read_entry(private_dir_fd, path, ret_name, size);
}

static enum cosmo_err read_seed(int private_dir_fd, unsigned char *ret_seed)
{
	COSMO_AUTO_FD int fd =
		openat(private_dir_fd, "uid_seed", O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	char more = 0;

	if (fd < 0)
		return errno == ENOENT ? COSMO_E_STORE_MISSING : COSMO_E_IO;
	if (read(fd, ret_seed, SIPHASH_KEY_BYTES) != SIPHASH_KEY_BYTES || read(fd, &more, 1) != 0)
		return COSMO_E_STORE_DAMAGED;
	return COSMO_OK;
}

/* The uid's file is written first: a name whose uid is nobody's or another's is damaged. */
static enum cosmo_err known_uid(int private_dir_fd, const char *name, uint32_t *ret_uid)
{
	char holder[MAX_ENTRY_BYTES] = "";
	enum cosmo_err err = registered_uid(private_dir_fd, name, ret_uid);

	if (err)
		return err;
	err = holder_of(private_dir_fd, *ret_uid, holder, sizeof(holder));
	if (err == COSMO_E_NOT_FOUND || (!err && !streq(holder, name)))
		return COSMO_E_STORE_DAMAGED;
	return err;
}

enum cosmo_err uid_candidate_pick(
	int private_dir_fd, const char *name, uint32_t min, uint32_t max, uint32_t *ret_uid)
{
	unsigned char seed[SIPHASH_KEY_BYTES] = {0};
	enum cosmo_err err = COSMO_E_INVALID;

	if (!login_name_is_valid(name, true) || min > max)
		return COSMO_E_INVALID;
	err = known_uid(private_dir_fd, name, ret_uid);
	if (err != COSMO_E_NOT_FOUND)
		return err;
	err = read_seed(private_dir_fd, seed);
	for (unsigned int i = 0; i < UID_CANDIDATE_MAX_PROBES && !err; i++) {
		uint32_t uid = uid_candidate(seed, name, min, max, i);
		char holder[MAX_ENTRY_BYTES] = "";
		enum cosmo_err found = holder_of(private_dir_fd, uid, holder, sizeof(holder));

		/* Registered to this very name: an enrolment broke off between its two files. */
		if (found == COSMO_E_NOT_FOUND || (!found && streq(holder, name))) {
			*ret_uid = uid;
			return COSMO_OK;
		}
		err = found;
	}
	return err ? err : COSMO_E_UID;
}

enum cosmo_err uid_candidate_is_registered(int private_dir_fd, const char *name, uint32_t uid)
{
	char holder[MAX_ENTRY_BYTES] = "";
	enum cosmo_err err = holder_of(private_dir_fd, uid, holder, sizeof(holder));

	if (err)
		return err;
	return streq(holder, name) ? COSMO_OK : COSMO_E_NOT_FOUND;
}

enum cosmo_err uid_candidate_is_tried(
	int private_dir_fd, const char *name, uint32_t min, uint32_t max, uint32_t uid)
{
	unsigned char seed[SIPHASH_KEY_BYTES] = {0};
	enum cosmo_err err = COSMO_E_INVALID;

	if (!login_name_is_valid(name, true) || min > max)
		return COSMO_E_INVALID;
	err = read_seed(private_dir_fd, seed);
	if (err)
		return err;
	for (unsigned int i = 0; i < UID_CANDIDATE_MAX_PROBES; i++)
		if (uid_candidate(seed, name, min, max, i) == uid)
			return COSMO_OK;
	return COSMO_E_NOT_FOUND;
}
