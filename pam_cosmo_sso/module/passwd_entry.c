/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/module/passwd_entry.h"

#include <errno.h>
#include <stdlib.h>

#define FIRST_BUFFER_BYTES ((size_t)1024)
#define LAST_BUFFER_BYTES  ((size_t)1024 * 1024)

/* One try with a buffer of @size bytes; ERANGE asks for a larger one. */
static int look_up(const char *name, size_t size, bool *ret_known, struct passwd_entry *ret)
{
	COSMO_AUTO(free) char *buffer = malloc(size);
	struct passwd *found = NULL;
	int status = 0;

	if (!buffer)
		return ENOMEM;
	do
		status = getpwnam_r(name, &ret->pw, buffer, size, &found);
	while (status == EINTR);
	*ret_known = found;
	if (found)
		ret->buffer = COSMO_STEAL(&buffer);
	return status;
}

enum passwd_answer passwd_entry_find(const char *name, struct passwd_entry *ret)
{
	bool known = false;
	int status = ERANGE;

	for (size_t size = FIRST_BUFFER_BYTES; status == ERANGE && size <= LAST_BUFFER_BYTES;
		size *= 2)
		status = look_up(name, size, &known, ret);
	if (known)
		return PASSWD_KNOWN;
	return status == 0 ? PASSWD_UNKNOWN : PASSWD_UNSURE;
}

void passwd_entry_done(struct passwd_entry entry)
{
	free(entry.buffer);
}
