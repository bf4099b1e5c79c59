/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/helper/local_ids.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/parse.h"

static void file_close(FILE *file)
{
	if (file)
		(void)fclose(file);
}
COSMO_AUTO_DEFINE(FILE *, file_close);

/* glibc reads ids leniently ("007", " 7"), so leading blanks and zeros are passed over here. */
static bool line_has(char *line, uint32_t id)
{
	char *field = strchr(line, ':');
	uint32_t found = 0;

	field = field ? strchr(field + 1, ':') : NULL;
	if (!field)
		return false;
	field++;
	field[strcspn(field, ":\n")] = '\0';
	field += strspn(field, " \t");
	while (field[0] == '0' && field[1] != '\0')
		field++;
	return parse_id(field, 0, UINT32_MAX, &found) == COSMO_OK && found == id;
}

enum cosmo_err local_ids_have(const char *path, uint32_t id, bool *ret_have)
{
	COSMO_AUTO(file_close) FILE *file = fopen(path, "re");
	COSMO_AUTO(free) char *line = NULL;
	size_t size = 0;
	bool have = false;

	if (!file)
		return COSMO_E_IO;
	while (!have && getline(&line, &size, file) >= 0)
		have = line_has(line, id);
	if (ferror(file))
		return COSMO_E_IO;
	*ret_have = have;
	return COSMO_OK;
}
