/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/helper/logind.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/fdio.h"
#include "common/base/local_names.h"
#include "common/spawn.h"
#include "pam_cosmo_sso/helper/folder.h"
#include "pam_cosmo_sso/helper/session.h"
#include "pam_cosmo_sso/helper/uid_register.h"

#define LOGINCTL    "/usr/bin/loginctl"
#define BUSCTL      "/usr/bin/busctl"
#define LOGIND_RUNS "/run/systemd/seats"
#define USERS       "/run/systemd/users"
#define LINGER      "/var/lib/systemd/linger"

#define PROGRAM_MS 5000
/* For all of them together: whoever has made logind busy is ended by signals. */
#define LOGIND_MS 20000
#define LEAVE_MS  2000
#define LOOK_MS   5

#define USER_SLICES "/user.slice/user-"

/* The line of systemd's own hierarchy: "0::/path" or, of old, "1:name=systemd:/path". */
static char *find_path(char *groups)
{
	char *cursor = NULL;

	for (char *line = strtok_r(groups, "\n", &cursor); line;
		line = strtok_r(NULL, "\n", &cursor)) {
		char *path = strstr(line, ":/");

		if (path && (strncmp(line, "0::", 3) == 0 || strstr(line, ":name=systemd:/")) &&
			strstr(path, USER_SLICES))
			return path + 1;
	}
	return NULL;
}

/* "user.slice/user-1000.slice" and what follows. The first one in the path: further down are names
 * that a user chooses. */
static char *find_slice(char *groups, uint32_t *ret_uid)
{
	char *path = find_path(groups);
	char *slice = path ? strstr(path, USER_SLICES) : NULL;
	char *end = NULL;

	if (!slice)
		return NULL;
	slice += strlen(USER_SLICES);
	end = strstr(slice, ".slice");
	if (!end)
		return NULL;
	*end = '\0';
	if (parse_id(slice, 0, UINT32_MAX - 1, ret_uid) != COSMO_OK)
		return NULL;
	return end + strlen(".slice");
}

static enum cosmo_err read_groups(pid_t pid, char *ret, size_t ret_size)
{
	char path[64] = "";
	COSMO_AUTO_FD int fd = -1;
	size_t len = 0;
	ssize_t got = 1;

	(void)snprintf(path, sizeof(path), "/proc/%ld/cgroup", (long)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? COSMO_E_NOT_FOUND : COSMO_E_IO;
	while (got > 0 && len < ret_size - 1) {
		got = read(fd, ret + len, ret_size - 1 - len);
		len += got > 0 ? (size_t)got : 0;
	}
	ret[len] = '\0';
	return COSMO_OK;
}

enum cosmo_err logind_session_in(char *groups, char *ret_id, uint32_t *ret_uid)
{
	char *scope = find_slice(groups, ret_uid);
	char *end = NULL;

	if (!scope || strncmp(scope, "/session-", strlen("/session-")) != 0)
		return COSMO_E_NOT_FOUND;
	scope += strlen("/session-");
	end = scope + strcspn(scope, "./");
	if (strncmp(end, ".scope", strlen(".scope")) != 0 || end == scope ||
		end - scope >= SESSION_LOGIND_BYTES)
		return COSMO_E_NOT_FOUND;
	*end = '\0';
	memcpy(ret_id, scope, (size_t)(end - scope) + 1);
	return COSMO_OK;
}

enum cosmo_err logind_session_of(pid_t pid, char *ret_id, uint32_t *ret_uid)
{
	char groups[8192] = "";
	enum cosmo_err err = read_groups(pid, groups, sizeof(groups));

	return err ? err : logind_session_in(groups, ret_id, ret_uid);
}

static bool runs(void)
{
	return access(LOGIND_RUNS, F_OK) == 0;
}

static void run(char *const argv[])
{
	struct spawn_child child = {.pid = -1, .pid_fd = -1};

	if (spawn_command(argv, &child) == COSMO_OK)
		spawn_finish(&child, fdio_boot_ms() + PROGRAM_MS);
}

/* How long logind has kept this process waiting so far. */
static int64_t waited_ms;

static void loginctl(const char *verb, const char *operand)
{
	char program[] = LOGINCTL;
	COSMO_AUTO(free) char *verb_copy = strdup(verb);
	COSMO_AUTO(free) char *operand_copy = strdup(operand);
	char *argv[] = {program, verb_copy, operand_copy, NULL};

	if (!verb_copy || !operand_copy || waited_ms >= LOGIND_MS || !runs())
		return;
	waited_ms -= fdio_boot_ms();
	run(argv);
	waited_ms += fdio_boot_ms();
}

void logind_end_session(const char *id)
{
	loginctl("terminate-session", id);
}

/* By number: a name may be a local user's too. */
static void loginctl_user(const char *verb, uint32_t uid)
{
	char text[16] = "";

	(void)snprintf(text, sizeof(text), "%" PRIu32, uid);
	loginctl(verb, text);
}

static enum cosmo_err open_folder(const char *path, DIR **ret)
{
	COSMO_AUTO_FD int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);

	return fd < 0 ? COSMO_E_NOT_FOUND : folder_open(fd, ret);
}

static enum cosmo_err end_users(struct our_uids *ours, uint32_t spared)
{
	COSMO_AUTO(folder_close) DIR *dir = NULL;
	const char *name = NULL;
	uint32_t uid = 0;
	bool have = false;
	enum cosmo_err err = open_folder(USERS, &dir);

	if (err == COSMO_E_NOT_FOUND)
		return COSMO_OK;
	if (!err)
		err = folder_next(dir, &name);
	while (!err && name) {
		have = false;
		if (parse_id(name, 1, UINT32_MAX - 1, &uid) == COSMO_OK && uid != spared)
			err = our_uids_have(ours, uid, &have, NULL);
		if (!err && have)
			loginctl_user("terminate-user", uid);
		if (!err)
			err = folder_next(dir, &name);
	}
	return err;
}

/* logind's own way first; where it is not there, its file must not wait for it. */
static enum cosmo_err stop_lingering(struct our_uids *ours, int folder_fd, const char *name)
{
	uint32_t uid = 0;
	bool have = false;
	bool local = true;
	enum cosmo_err err = COSMO_OK;

	if (uid_register_find(ours->store, name, &uid) != COSMO_OK)
		return COSMO_OK;
	err = our_uids_have(ours, uid, &have, NULL);
	if (!err)
		err = local_names_has(ours->passwd_path, name, &local);
	if (err || !have || local)
		return err;
	loginctl_user("disable-linger", uid);
	if (unlinkat(folder_fd, name, 0) < 0 && errno != ENOENT)
		return COSMO_E_IO;
	return COSMO_OK;
}

static enum cosmo_err stop_all_lingering(struct our_uids *ours)
{
	COSMO_AUTO(folder_close) DIR *dir = NULL;
	const char *name = NULL;
	enum cosmo_err err = open_folder(LINGER, &dir);

	if (err == COSMO_E_NOT_FOUND)
		return COSMO_OK;
	if (!err)
		err = folder_next(dir, &name);
	while (!err && name) {
		err = stop_lingering(ours, dirfd(dir), name);
		if (!err)
			err = folder_next(dir, &name);
	}
	return err;
}

enum cosmo_err logind_end_users(struct our_uids *ours, uint32_t spared)
{
	/* Lingering first: a user manager that is to linger is started anew. */
	enum cosmo_err err = stop_all_lingering(ours);

	return err ? err : end_users(ours, spared);
}

static bool is_in_user_slice(void)
{
	char groups[8192] = "";
	uint32_t uid = 0;

	return read_groups(getpid(), groups, sizeof(groups)) == COSMO_OK &&
	       find_slice(groups, &uid);
}

/* A scope of its own, which systemd makes for processes that run already. */
static void ask_for_scope(void)
{
	char name[64] = "";
	char pid[16] = "";
	const char *words[] = {BUSCTL, "call", "org.freedesktop.systemd1",
		"/org/freedesktop/systemd1", "org.freedesktop.systemd1.Manager",
		"StartTransientUnit", "ssa(sv)a(sa(sv))", name, "fail", "2", "PIDs", "au", "1", pid,
		"Slice", "s", "system.slice", "0"};
	char *argv[COSMO_ARRAY_LEN(words) + 1] = {NULL};

	(void)snprintf(pid, sizeof(pid), "%ld", (long)getpid());
	(void)snprintf(name, sizeof(name), "cosmo-sso-helper-%s.scope", pid);
	for (size_t i = 0; i < COSMO_ARRAY_LEN(words); i++)
		argv[i] = cosmo_owned(words[i]); /* exec takes them so; nobody writes to them */
	run(argv);
}

/* The answer comes when the job is queued; being moved is seen here alone. */
bool logind_leave(void)
{
	int64_t deadline_boot_ms = fdio_boot_ms() + LEAVE_MS;

	if (!is_in_user_slice())
		return true;
	ask_for_scope();
	while (is_in_user_slice()) {
		if (fdio_boot_ms() >= deadline_boot_ms)
			return false;
		(void)poll(NULL, 0, LOOK_MS);
	}
	return true;
}
