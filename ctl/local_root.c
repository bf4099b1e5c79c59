/* SPDX-License-Identifier: MIT */
#include "ctl/local_root.h"

#include <grp.h>
#include <pwd.h>
#include <shadow.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/auto.h"
#include "common/base/fdio.h"
#include "ctl/sshd_check.h"

#define DAY_S ((int64_t)24 * 60 * 60)

static bool has_expired(const struct spwd *entry)
{
	return entry->sp_expire >= 0 && entry->sp_expire <= fdio_now_s() / DAY_S;
}

/* A hash, and no '!' or '*' in its place. */
static bool has_password(const char *name)
{
	struct spwd *entry = NULL;
	bool usable = false;
	FILE *file = fopen("/etc/shadow", "re");

	/* NOLINTNEXTLINE(concurrency-mt-unsafe): this program has one thread */
	while (file && (entry = fgetspent(file)))
		if (streq(entry->sp_namp, name))
			usable = !has_expired(entry) && entry->sp_pwdp && entry->sp_pwdp[0] &&
				 entry->sp_pwdp[0] != '!' && entry->sp_pwdp[0] != '*';
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

static bool has_shell(const char *shell)
{
	const char *name = strrchr(shell, '/');

	/* An empty field is /bin/sh, see passwd(5). */
	return shell[0] == '\0' || (name && !streq(name, "/nologin") && !streq(name, "/false") &&
					   access(shell, X_OK) == 0);
}

/* To become root others than root need a password: sudo asks for it. */
static bool can_become_root(const char *name)
{
	struct passwd *entry = NULL;
	bool able = false;
	FILE *file = fopen("/etc/passwd", "re");

	/* NOLINTNEXTLINE(concurrency-mt-unsafe): this program has one thread */
	while (file && !able && (entry = fgetpwent(file))) {
		if (!streq(entry->pw_name, name) || !has_shell(entry->pw_shell))
			continue;
		able = has_password(name);
		if (!able && entry->pw_uid == 0)
			able = has_key(entry->pw_dir) && sshd_check_present() &&
			       sshd_check_root_key();
	}
	if (file)
		(void)fclose(file);
	return able;
}

bool local_root_reachable(void)
{
	struct group *entry = NULL;
	bool reachable = can_become_root("root");
	FILE *file = fopen("/etc/group", "re");

	/* NOLINTNEXTLINE(concurrency-mt-unsafe): this program has one thread */
	while (file && !reachable && (entry = fgetgrent(file))) {
		if (!streq(entry->gr_name, "sudo") && !streq(entry->gr_name, "wheel") &&
			!streq(entry->gr_name, "admin"))
			continue;
		for (char **member = entry->gr_mem; *member && !reachable; member++)
			reachable = can_become_root(*member);
	}
	if (file)
		(void)fclose(file);
	return reachable;
}
