/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/helper/ssh_auth_info.h"

#include <stddef.h>
#include <string.h>

/* RFC 4251 section 6 allows more in a method's name; OpenSSH's methods have nothing else. */
#define NAME "abcdefghijklmnopqrstuvwxyz0123456789-"

/* A line of @len bytes: a method, which may have a submethod, and behind a blank anything
 * printable, which may be in the user's own language. */
static bool is_well_formed(const char *line, size_t len)
{
	size_t name_len = strspn(line, NAME);
	size_t at = name_len;

	if (name_len == 0)
		return false;
	if (line[at] == '/') {
		size_t sub_len = strspn(line + at + 1, NAME);

		if (sub_len == 0)
			return false;
		at += 1 + sub_len;
	}
	if (at < len && line[at] != ' ')
		return false;
	for (; at < len; at++)
		if ((unsigned char)line[at] < ' ' || line[at] == 0x7f)
			return false;
	return true;
}

static bool is_of(const char *line, const char *method)
{
	size_t name_len = strspn(line, NAME);

	return name_len == strlen(method) && strncmp(line, method, name_len) == 0;
}

bool ssh_auth_info_has(const char *text, const char *method)
{
	bool has = false;
	const char *end = NULL;

	for (const char *line = text; line && (end = strchr(line, '\n')); line = end + 1) {
		if (!is_well_formed(line, (size_t)(end - line)))
			return false;
		has = has || is_of(line, method);
	}
	return has;
}
