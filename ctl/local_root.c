/* SPDX-License-Identifier: MIT */
#include "ctl/local_root.h"

#include <grp.h>
#include <pwd.h>
#include <shadow.h>
#include <stdio.h>
#include <sys/stat.h>

#include "common/base/auto.h"

/* A hash, and no '!' or '*' in its place. */
static bool has_password(const char *name)
{
	struct spwd *entry = NULL;
	bool usable = false;
	FILE *file = fopen("/etc/shadow", "re");

	/* NOLINTNEXTLINE(concurrency-mt-unsafe): this program has one thread */
	while (file && (entry = fgetspent(file)))
		if (streq(entry->sp_namp, name))
			usable = entry->sp_pwdp && entry->sp_pwdp[0] && entry->sp_pwdp[0] != '!' &&
				 entry->sp_pwdp[0] != '*';
	if (file)
		(void)fclose(file);
	return usable;
}

static bool has_key(const char *home)
{
	char path[512] = "";
	struct stat st = {0};

	snprintf(path, sizeof(path), "%s/.ssh/authorized_keys", home);
	return stat(path, &st) == 0 && st.st_size > 0;
}

static bool can_log_in(const char *name)
{
	struct passwd *entry = NULL;
	bool able = false;
	FILE *file = fopen("/etc/passwd", "re");

	/* NOLINTNEXTLINE(concurrency-mt-unsafe): this program has one thread */
	while (file && !able && (entry = fgetpwent(file)))
		able = streq(entry->pw_name, name) &&
		       (has_password(name) || has_key(entry->pw_dir));
	if (file)
		(void)fclose(file);
	return able;
}

bool local_root_reachable(void)
{
	struct group *entry = NULL;
	bool reachable = can_log_in("root");
	FILE *file = fopen("/etc/group", "re");

	/* NOLINTNEXTLINE(concurrency-mt-unsafe): this program has one thread */
	while (file && !reachable && (entry = fgetgrent(file))) {
		if (!streq(entry->gr_name, "sudo") && !streq(entry->gr_name, "wheel") &&
			!streq(entry->gr_name, "admin"))
			continue;
		for (char **member = entry->gr_mem; *member && !reachable; member++)
			reachable = can_log_in(*member);
	}
	if (file)
		(void)fclose(file);
	return reachable;
}
