/* SPDX-License-Identifier: MIT */
/*
 * The users of population.h as others than us store them, with the groups that fill_store gives
 * them:
 *
 *   local_files passwd COUNT     lines of passwd(5)
 *   local_files group COUNT      lines of group(5): the roles' groups, then everybody's own
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/bench/population.h"

static const struct {
	const char *name;
	uint32_t gid;
	uint32_t members; /* bit N: users whose number modulo 4 is N (filler.h) */
} groups[] = {
	{"dialout", 20, 1U << 1 | 1U << 2},
	{"cosmo-viewer", 0x70000010, 1U << 0},
	{"cosmo-developer", 0x70000011, 1U << 1 | 1U << 2},
	{"cosmo-admin", 0x70000012, 1U << 3},
};

static void print_passwd(uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		char name[POPULATION_NAME_BYTES] = "";
		uint32_t uid = population_uid(i);

		population_name(i, name);
		printf("%s:*:%u:%u:Some Body:/home/%s:/bin/bash\n", name, uid, uid, name);
	}
}

static void print_members(uint32_t members, uint32_t count)
{
	const char *comma = "";

	for (uint32_t i = 0; i < count; i++) {
		char name[POPULATION_NAME_BYTES] = "";

		if (!(members >> i % 4 & 1))
			continue;
		population_name(i, name);
		printf("%s%s", comma, name);
		comma = ",";
	}
}

static void print_group(uint32_t count)
{
	for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++) {
		printf("%s:x:%u:", groups[i].name, groups[i].gid);
		print_members(groups[i].members, count);
		putchar('\n');
	}
	for (uint32_t i = 0; i < count; i++) {
		char name[POPULATION_NAME_BYTES] = "";

		population_name(i, name);
		printf("%s:x:%u:\n", name, population_uid(i));
	}
}

int main(int argc, char **argv)
{
	uint32_t count = argc == 3 ? (uint32_t)strtoul(argv[2], NULL, 10) : 0;

	if (count == 0 || count > POPULATION_UIDS / 2)
		return 2;
	if (strcmp(argv[1], "passwd") == 0)
		print_passwd(count);
	else if (strcmp(argv[1], "group") == 0)
		print_group(count);
	else
		return 2;
	return fflush(stdout) == EOF;
}
