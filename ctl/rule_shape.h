/* SPDX-License-Identifier: MIT */
/* What whoever wrote the right side of a rule may have meant by it: a name, or a pattern. */
#pragma once

#include <stdbool.h>

enum rule_shape {
	RULE_SHAPE_PATTERN, /* has what nobody writes into a name, such as ".*", "|" or "[a-z]" */
	RULE_SHAPE_GLOB,    /* has a '*' as file names' wildcards do, which repeats a letter here */
	RULE_SHAPE_NAME,    /* has none of that, but signs that mean something: "Eng (EU)", "C++" */
	RULE_SHAPE_PLAIN,   /* has no such sign at all */
};

/* The shape of a pattern (what stands behind '~'). *ret_repeated: of RULE_SHAPE_GLOB the character
 * before the '*', else '\0'. */
enum rule_shape rule_shape_of_pattern(const char *pattern, char *ret_repeated);

/* Does an exact value have what belongs into a pattern? */
bool rule_shape_value_is_odd(const char *value);
