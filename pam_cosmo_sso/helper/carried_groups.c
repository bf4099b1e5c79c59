/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/helper/carried_groups.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/parse.h"
#include "pam_cosmo_sso/helper/local_ids.h"

#define GROUPS "Groups:\t"

static void file_close(FILE *file)
{
	if (file)
		(void)fclose(file);
}
COSMO_AUTO_DEFINE(FILE *, file_close);

/* The line of them, of any length; NULL: there is none. The command, further up, has its line feeds
 * escaped by the kernel. */
static char *read_groups(pid_t pid)
{
	char path[64] = "";
	COSMO_AUTO(file_close) FILE *file = NULL;
	char *line = NULL;
	size_t size = 0;

	(void)snprintf(path, sizeof(path), "/proc/%ld/status", (long)pid);
	file = fopen(path, "re");
	while (file && getline(&line, &size, file) >= 0)
		if (strncmp(line, GROUPS, strlen(GROUPS)) == 0)
			return line;
	free(line);
	return NULL;
}

/* A user's own group has his uid for a number. Where nobody can tell who else has it, it tells
 * nothing. */
static enum cosmo_err is_somebodys(
	struct our_uids *ours, const char *group_path, uint32_t gid, bool *ret)
{
	bool local = false;
	enum cosmo_err err = our_uids_have(ours, gid, ret, NULL);

	if (!err && *ret)
		*ret = local_ids_have(group_path, gid, &local) == COSMO_OK && !local;
	return err;
}

enum cosmo_err carried_groups_owner(
	pid_t pid, struct our_uids *ours, const char *group_path, uint32_t *ret_uid)
{
	COSMO_AUTO(free) char *line = read_groups(pid);
	char *cursor = NULL;
	char *field = line ? strtok_r(line + strlen(GROUPS), " \n", &cursor) : NULL;
	bool found = false;
	enum cosmo_err err = COSMO_OK;

	for (; field && !err && !found; field = strtok_r(NULL, " \n", &cursor))
		if (parse_id(field, 1, UINT32_MAX - 1, ret_uid) == COSMO_OK)
			err = is_somebodys(ours, group_path, *ret_uid, &found);
	return err || found ? err : COSMO_E_NOT_FOUND;
}
