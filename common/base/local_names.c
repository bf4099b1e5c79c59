/* SPDX-License-Identifier: MIT */
#include "common/base/local_names.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <unistd.h>

#define CHUNK_BYTES 4096

/* Where we are in the present line. */
enum scan_state {
	AT_START, /* nothing of the line seen */
	MATCHING, /* all of it so far equals the name */
	SKIPPING, /* another name */
};

struct scan {
	const char *name;
	size_t matched;
	enum scan_state state;
};

/* glibc passes over blanks before a name. */
static bool is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_compat_sign(char c)
{
	return c == '+' || c == '-';
}

/* True when @c ends a first field that equals the name. */
static bool scan_step(struct scan *scan, char c)
{
	bool found = false;

	if (c == '\n') {
		scan->state = AT_START;
		scan->matched = 0;
		return false;
	}
	if (scan->state == SKIPPING)
		return false;
	if (scan->state == AT_START && (is_blank(c) || is_compat_sign(c)))
		return false;
	scan->state = MATCHING;
	if (c == ':') {
		found = !scan->name[scan->matched];
		scan->state = SKIPPING;
	} else if (scan->name[scan->matched] && c == scan->name[scan->matched]) {
		scan->matched++;
	} else {
		scan->state = SKIPPING;
	}
	return found;
}

static enum cosmo_err scan_file(int fd, const char *name, bool *ret_has)
{
	char chunk[CHUNK_BYTES];
	struct scan scan = {.name = name};

	for (;;) {
		ssize_t got = read(fd, chunk, sizeof(chunk));

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return COSMO_E_IO;
		for (ssize_t i = 0; i < got; i++) {
			if (!scan_step(&scan, chunk[i]))
				continue;
			*ret_has = true;
			return COSMO_OK;
		}
		if (got == 0)
			break;
	}
	*ret_has = false;
	return COSMO_OK;
}

enum cosmo_err local_names_has(const char *path, const char *name, bool *ret_has)
{
	int saved_errno = errno;
	COSMO_AUTO_FD int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	enum cosmo_err err = COSMO_E_IO;

	if (fd >= 0)
		err = scan_file(fd, name, ret_has);
	errno = saved_errno;
	return err;
}
