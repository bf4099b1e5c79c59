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

#define USER_SLICES    "/user.slice/user-"
#define SESSION        "/session-"
#define RUNTIME_DIR    "/user-runtime-dir@"
#define INIT_SCOPE     "/init.scope"
#define SYSTEMD_OF_OLD ":name=systemd:"

#define GROUPS_BYTES 8192

/* In @line of a /proc/PID/cgroup, the path in systemd's own hierarchy: "0::/path" or, of old,
 * "1:name=systemd:/path"; NULL: it is another one's. */
static const char *path_in(const char *line, bool *ret_unified)
{
	const char *named = strchr(line, ':');

	*ret_unified = strncmp(line, "0::/", strlen("0::/")) == 0;
	if (*ret_unified)
		return line + strlen("0::");
	if (!named || strncmp(named, SYSTEMD_OF_OLD "/", strlen(SYSTEMD_OF_OLD "/")) != 0)
		return NULL;
	return named + strlen(SYSTEMD_OF_OLD);
}

static const char *next_line(const char *line)
{
	const char *end = strchr(line, '\n');

	return end && end[1] ? end + 1 : NULL;
}

/*
 * The path below which systemd keeps the slices of this host, from the line of its own process in
 * @first: "" unless it runs in a container that shows the groups of what is around it. The length;
 * the text is in @ret. Negative: there is no such line.
 */
static ssize_t find_root(const char *first, bool unified, const char **ret)
{
	bool is_unified = false;

	for (const char *line = first; line; line = next_line(line)) {
		const char *path = path_in(line, &is_unified);
		size_t length = path ? strcspn(path, "\n") : 0;

		if (!path || is_unified != unified)
			continue;
		if (length >= strlen(INIT_SCOPE) && strncmp(path + length - strlen(INIT_SCOPE),
							    INIT_SCOPE, strlen(INIT_SCOPE)) == 0)
			length -= strlen(INIT_SCOPE);
		else if (length == strlen("/"))
			length = 0;
		*ret = path;
		return (ssize_t)length;
	}
	return -1;
}

/*
 * What follows "user.slice/user-" in the first line that has it, at the host's root: anywhere else
 * are names that a user, or who runs a container, chooses.
 */
static const char *find_slices(const char *first, const char *groups)
{
	for (const char *line = groups; line; line = next_line(line)) {
		bool unified = false;
		const char *path = path_in(line, &unified);
		const char *root = NULL;
		ssize_t length = path ? find_root(first, unified, &root) : -1;

		if (length >= 0 && strncmp(path, root, (size_t)length) == 0 &&
			strncmp(path + length, USER_SLICES, strlen(USER_SLICES)) == 0)
			return path + length + strlen(USER_SLICES);
	}
	return NULL;
}

/* Of "user.slice/user-1000.slice" what follows, until the end of the line. */
static const char *find_slice(const char *first, const char *groups, uint32_t *ret_uid)
{
	const char *slice = find_slices(first, groups);
	char number[16] = "";
	size_t length = slice ? strspn(slice, "0123456789") : 0;

	if (!slice || length >= sizeof(number) ||
		strncmp(slice + length, ".slice", strlen(".slice")) != 0)
		return NULL;
	memcpy(number, slice, length);
	if (parse_id(number, 0, UINT32_MAX - 1, ret_uid) != COSMO_OK)
		return NULL;
	return slice + length + strlen(".slice");
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

/* Of the process that all others come from. It stays where it is. */
static enum cosmo_err read_first_groups(const char **ret)
{
	static char first[GROUPS_BYTES];
	enum cosmo_err err = first[0] ? COSMO_OK : read_groups(1, first, sizeof(first));

	if (err)
		return COSMO_E_IO;
	*ret = first;
	return COSMO_OK;
}

enum cosmo_err logind_session_in(
	const char *first, const char *groups, char *ret_id, uint32_t *ret_uid)
{
	const char *scope = find_slice(first, groups, ret_uid);
	size_t length = 0;

	if (!scope || strncmp(scope, SESSION, strlen(SESSION)) != 0)
		return COSMO_E_NOT_FOUND;
	scope += strlen(SESSION);
	length = strcspn(scope, "./\n");
	if (strncmp(scope + length, ".scope", strlen(".scope")) != 0 || length == 0 ||
		length >= SESSION_LOGIND_BYTES)
		return COSMO_E_NOT_FOUND;
	memcpy(ret_id, scope, length);
	ret_id[length] = '\0';
	return COSMO_OK;
}

enum cosmo_err logind_session_of(pid_t pid, char *ret_id, uint32_t *ret_uid)
{
	char groups[GROUPS_BYTES] = "";
	const char *first = NULL;
	enum cosmo_err err = read_first_groups(&first);

	if (!err)
		err = read_groups(pid, groups, sizeof(groups));
	return err ? err : logind_session_in(first, groups, ret_id, ret_uid);
}

enum cosmo_err logind_slice_of(pid_t pid, uint32_t *ret_uid)
{
	char groups[GROUPS_BYTES] = "";
	const char *first = NULL;
	const char *place = NULL;
	enum cosmo_err err = read_first_groups(&first);

	if (!err)
		err = read_groups(pid, groups, sizeof(groups));
	if (err)
		return err;
	place = find_slice(first, groups, ret_uid);
	if (!place || strncmp(place, RUNTIME_DIR, strlen(RUNTIME_DIR)) == 0)
		return COSMO_E_NOT_FOUND;
	return COSMO_OK;
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

enum cosmo_err logind_end_lingering(struct our_uids *ours)
{
	COSMO_AUTO(folder_close) DIR *dir = NULL;
	const char *name = NULL;
	enum cosmo_err first = COSMO_OK;
	enum cosmo_err err = open_folder(LINGER, &dir);

	if (err == COSMO_E_NOT_FOUND)
		return COSMO_OK;
	if (!err)
		err = folder_next(dir, &name);
	while (!err && name) {
		err = stop_lingering(ours, dirfd(dir), name);
		first = first ? first : err;
		err = folder_next(dir, &name);
	}
	return first ? first : err;
}

enum cosmo_err logind_end_users(struct our_uids *ours,
	bool (*spares)(const void *context, uint32_t uid), const void *context)
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
		if (parse_id(name, 1, UINT32_MAX - 1, &uid) == COSMO_OK)
			err = our_uids_have(ours, uid, &have, NULL);
		if (!err && have && !spares(context, uid))
			loginctl_user("terminate-user", uid);
		if (!err)
			err = folder_next(dir, &name);
	}
	return err;
}

static bool is_in_user_slice(void)
{
	char groups[GROUPS_BYTES] = "";
	const char *first = NULL;
	uint32_t uid = 0;

	return read_first_groups(&first) == COSMO_OK &&
	       read_groups(getpid(), groups, sizeof(groups)) == COSMO_OK &&
	       find_slice(first, groups, &uid);
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
