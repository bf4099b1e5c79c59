/* SPDX-License-Identifier: MIT */
#include "ctl/pam_line.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/base/auto.h"

bool pam_line_has(const char *line, size_t len, const char *word)
{
	const char *comment = memchr(line, '#', len);
	size_t end = comment ? (size_t)(comment - line) : len;

	return memmem(line, end, word, strlen(word)) != NULL;
}

bool pam_line_is(const char *line, const char *type)
{
	line += strspn(line, " \t");
	line += *line == '-';
	return strncasecmp(line, type, strlen(type)) == 0 && line[strlen(type)] &&
	       strchr(" \t", line[strlen(type)]);
}

bool pam_line_jumps(const char *line, size_t len)
{
	const char *start = memchr(line, '[', len);
	const char *end = start ? memchr(start, ']', len - (size_t)(start - line)) : NULL;

	for (const char *at = start; end && at < end - 1; at++)
		if (at[0] == '=' && at[1] >= '0' && at[1] <= '9')
			return true;
	return false;
}

bool pam_line_includes(const char *line, size_t len, const char *type, const char *service)
{
	COSMO_AUTO(free) char *copy = strndup(line, len);
	char *rest = NULL;
	const char *first = copy ? strtok_r(copy, " \t\r", &rest) : NULL;
	const char *second = first ? strtok_r(NULL, " \t\r", &rest) : NULL;
	const char *third = second ? strtok_r(NULL, " \t\r", &rest) : NULL;

	if (!second)
		return false;
	if (streq(first, "@include"))
		return streq(second, service);
	return third && pam_line_is(line, type) &&
	       (streq(second, "include") || streq(second, "substack")) && streq(third, service);
}
