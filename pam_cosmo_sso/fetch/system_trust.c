/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/fetch/system_trust.h"

#include <dirent.h>
#include <string.h>

#include "common/base/auto.h"

#define HASH_DIGITS 8

static void close_folder(DIR *folder)
{
	if (folder)
		(void)closedir(folder);
}
COSMO_AUTO_DEFINE(DIR *, close_folder);

/* The hash of a subject's name, a dot, and a number for those who share it. */
static bool is_hash(const char *name)
{
	return strspn(name, "0123456789abcdef") == HASH_DIGITS && name[HASH_DIGITS] == '.' &&
	       strspn(name + HASH_DIGITS + 1, "0123456789") > 0;
}

bool system_trust_is_folder(const char *path)
{
	COSMO_AUTO(close_folder) DIR *folder = path ? opendir(path) : NULL;
	const struct dirent *entry = NULL;

	if (!folder)
		return false;
	do {
		/* NOLINTNEXTLINE(concurrency-mt-unsafe): the stream has one owner */
		entry = readdir(folder);
	} while (entry && !is_hash(entry->d_name));
	return entry != NULL;
}
