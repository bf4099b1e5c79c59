/* SPDX-License-Identifier: MIT */
#include "ctl/rule_text.h"

#include <string.h>

#include "common/base/auto.h"

#define SEPARATOR " = "

/* A role's name has no blank. */
static size_t role_len(const char *rule)
{
	return strcspn(rule, " ");
}

static const char *behind_separator(const char *rule)
{
	const char *found = strstr(rule, SEPARATOR);

	return found ? found + strlen(SEPARATOR) : rule + strlen(rule);
}

bool rule_text_is_pattern(const char *rule)
{
	return *behind_separator(rule) == '~';
}

const char *rule_text_wanted(const char *rule)
{
	return behind_separator(rule) + rule_text_is_pattern(rule);
}

bool rule_text_gives(const char *rule, const char *role)
{
	size_t len = role_len(rule);

	return strlen(role) == len && strncmp(rule, role, len) == 0;
}

bool rule_text_same_role(const char *rule, const char *other)
{
	size_t len = role_len(rule);

	return role_len(other) == len && strncmp(rule, other, len) == 0;
}
