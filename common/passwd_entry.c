/* SPDX-License-Identifier: MIT */
#include "common/passwd_entry.h"

#include <errno.h>
#include <stdlib.h>

#define FIRST_BUFFER_BYTES ((size_t)1024)
#define LAST_BUFFER_BYTES  ((size_t)1024 * 1024)

/* Either way of asking. */
struct wanted {
	const char *name; /* NULL: by uid */
	uid_t uid;
};

static int ask(const struct wanted *wanted, struct passwd *pw, char *buffer, size_t size,
	struct passwd **ret_found)
{
	if (wanted->name)
		return getpwnam_r(wanted->name, pw, buffer, size, ret_found);
	return getpwuid_r(wanted->uid, pw, buffer, size, ret_found);
}

/* One try with a buffer of @size bytes; ERANGE asks for a larger one. */
static int look_up(
	const struct wanted *wanted, size_t size, bool *ret_known, struct passwd_entry *ret)
{
	COSMO_AUTO(free) char *buffer = malloc(size);
	struct passwd *found = NULL;
	int status = 0;

	if (!buffer)
		return ENOMEM;
	do
		status = ask(wanted, &ret->pw, buffer, size, &found);
	while (status == EINTR);
	*ret_known = found;
	if (found)
		ret->buffer = COSMO_STEAL(&buffer);
	return status;
}

static enum passwd_answer find(const struct wanted *wanted, struct passwd_entry *ret)
{
	bool known = false;
	int status = ERANGE;

	for (size_t size = FIRST_BUFFER_BYTES; status == ERANGE && size <= LAST_BUFFER_BYTES;
		size *= 2)
		status = look_up(wanted, size, &known, ret);
	if (known)
		return PASSWD_KNOWN;
	return status == 0 ? PASSWD_UNKNOWN : PASSWD_UNSURE;
}

enum passwd_answer passwd_entry_find(const char *name, struct passwd_entry *ret)
{
	const struct wanted wanted = {.name = name};

	return find(&wanted, ret);
}

enum passwd_answer passwd_entry_find_uid(uid_t uid, struct passwd_entry *ret)
{
	const struct wanted wanted = {.uid = uid};

	return find(&wanted, ret);
}

void passwd_entry_done(struct passwd_entry entry)
{
	free(entry.buffer);
}
