/* SPDX-License-Identifier: MIT */
/* What a line of a PAM service file says. A line is @len bytes, without its line feed, of a text
 * that ends in a NUL. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* @word in the part before a comment. */
bool pam_line_has(const char *line, size_t len, const char *word);

/* Is it of this type ("auth" and so on)? */
bool pam_line_is(const char *line, const char *type);

/* Does its control skip some of those behind it ([success=1 ...])? */
bool pam_line_jumps(const char *line, size_t len);

/* `TYPE include SERVICE`, `TYPE substack SERVICE`, or `@include SERVICE`, which is all types. */
bool pam_line_includes(const char *line, size_t len, const char *type, const char *service);
