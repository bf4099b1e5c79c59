/* SPDX-License-Identifier: MIT */
#include "ctl/doctor_text.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/base/auto.h"

#define MAX_BYTES ((size_t)256 * 1024)
#define BLANKS    " \t\r"

bool doctor_text_read(const char *path, char **ret)
{
	COSMO_AUTO(free) char *text = calloc(1, MAX_BYTES + 1);
	FILE *file = text ? fopen(path, "re") : NULL;
	size_t len = 0;
	bool whole = false;

	if (!file)
		return false;
	len = fread(text, 1, MAX_BYTES, file);
	whole = len < MAX_BYTES && !ferror(file) && strlen(text) == len;
	(void)fclose(file);
	if (whole)
		*ret = COSMO_STEAL(&text);
	return whole;
}

/* Is the word at *at this one? Moves *at behind it. */
static bool takes(const char **at, const char *end, const char *word)
{
	const char *start = *at + strspn(*at, BLANKS);
	size_t len = strlen(word);

	if (start > end || (size_t)(end - start) < len || strncasecmp(start, word, len) != 0)
		return false;
	*at = start + len;
	return *at == end || strchr(BLANKS "#", **at);
}

unsigned int doctor_text_find(
	const char *text, const char *first, const char *second, const char *third)
{
	unsigned int found = 0;

	for (unsigned int number = 1; *text; number++) {
		const char *end = text + strcspn(text, "\n");
		const char *at = text;

		if (takes(&at, end, first) && (!second || takes(&at, end, second)) &&
			(!third || takes(&at, end, third)))
			found = number;
		text = end + (*end == '\n');
	}
	return found;
}
