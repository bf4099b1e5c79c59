/* SPDX-License-Identifier: MIT */
/* The parts of a rule as struct config_rule has it: "role = value" or "role = ~pattern". */
#pragma once

#include <stdbool.h>

/* The value, or the pattern without its '~'. Borrowed. */
const char *rule_text_wanted(const char *rule);

bool rule_text_is_pattern(const char *rule);

/* Does it give this role? */
bool rule_text_gives(const char *rule, const char *role);

/* Do both give the same role? */
bool rule_text_same_role(const char *rule, const char *other);
