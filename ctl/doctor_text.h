/* SPDX-License-Identifier: MIT */
/* The host's configuration files as lines of words, for pointing at one of them. */
#pragma once

#include <stdbool.h>

/* The whole of @path with a NUL behind it; the caller frees it. False: it cannot be read. */
bool doctor_text_read(const char *path, char **ret);

/*
 * Number of the last line of @text that begins with these words, between blanks and before any
 * comment, in any case; @second and @third may be NULL. 0: there is none.
 */
unsigned int doctor_text_find(
	const char *text, const char *first, const char *second, const char *third);
