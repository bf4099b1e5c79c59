/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/module/delegated_cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Of a user's own systemd, whose group is his: ".../user@1000.service/...". */
#define USER_MANAGER "/user@"

/* Of all sessions. Their folders are root's, but logind signals what is in a session, root's
 * processes too, for whoever owns it, and the limits of a user's slice reach them. */
#define USER_SLICE "/user.slice"

/* More than a path can have and the lines of the twelve hierarchies of old. */
#define GROUPS_BYTES 16384

#define FOLDER_BYTES 8192

enum owner {
	OWNER_ROOT,
	OWNER_OTHER,
	OWNER_UNSEEN
};

const struct delegated_cgroup_places delegated_cgroup_default = {
	.self = "/proc/self/cgroup",
	.roots = {"/sys/fs/cgroup/unified", "/sys/fs/cgroup"},
	.old = "/sys/fs/cgroup",
};

const struct delegated_cgroup_places delegated_cgroup_at_door = {
	.self = "/proc/self/cgroup",
	.roots = {"/sys/fs/cgroup/unified", "/sys/fs/cgroup"},
	.old = "/sys/fs/cgroup",
	.sessions_are_root_s = true,
};

/* false: not to be read, or not to its end. The kernel does not show a path that is too long. */
static bool read_groups(const char *path, char *ret, size_t ret_size)
{
	COSMO_AUTO_FD int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t len = 0;
	ssize_t got = fd < 0 ? -1 : 1;

	while (got > 0 && len < ret_size - 1) {
		got = read(fd, ret + len, ret_size - 1 - len);
		len += got > 0 ? (size_t)got : 0;
		if (got < 0 && errno == EINTR)
			got = 1;
	}
	ret[len] = '\0';
	return got == 0;
}

/* A line of "ID:CONTROLLERS:PATH", cut in place; false: it is none. */
static bool cut_line(char *line, char **ret_controllers, char **ret_path)
{
	char *controllers = strchr(line, ':');
	char *path = controllers ? strchr(controllers + 1, ':') : NULL;

	if (!path)
		return false;
	*path = '\0';
	*ret_controllers = controllers + 1;
	*ret_path = path + 1;
	return true;
}

/* A container's, seen from outside, has it further down. */
static bool is_in_user_slice(const char *path)
{
	const char *slice = strstr(path, USER_SLICE);

	for (; slice; slice = strstr(slice + 1, USER_SLICE)) {
		char next = slice[strlen(USER_SLICE)];

		if (next == '\0' || next == '/')
			return true;
	}
	return false;
}

/* Who is outside the part of the hierarchy that we see is shown by steps up. */
static bool leads_out(const char *path)
{
	return strstr(path, "/../") || streq(path, "/..");
}

/* From the root down: above the first folder that is somebody else's root alone makes and removes
 * folders, so that nobody can lead us astray. */
static enum owner find_owner(const char *root, const char *path)
{
	char folder[FOLDER_BYTES] = "";
	int len = snprintf(folder, sizeof(folder), "%s%s/", root, path);

	if (len < 0 || (size_t)len >= sizeof(folder))
		return OWNER_UNSEEN;
	for (char *end = strchr(folder + strlen(root) + 1, '/'); end; end = strchr(end + 1, '/')) {
		struct stat status = {0};

		*end = '\0';
		if (lstat(folder, &status) < 0 || !S_ISDIR(status.st_mode))
			return OWNER_UNSEEN;
		if (status.st_uid != 0)
			return OWNER_OTHER;
		*end = '/';
	}
	return OWNER_ROOT;
}

static enum owner find_owner_of_old(
	const struct delegated_cgroup_places *places, const char *controllers, const char *path)
{
	char root[FOLDER_BYTES] = "";
	int len = snprintf(root, sizeof(root), "%s/%s", places->old, controllers);

	return len > 0 && (size_t)len < sizeof(root) ? find_owner(root, path) : OWNER_UNSEEN;
}

static enum owner find_owner_unified(const struct delegated_cgroup_places *places, const char *path)
{
	enum owner owner = OWNER_UNSEEN;

	for (size_t i = 0; owner == OWNER_UNSEEN && i < COSMO_ARRAY_LEN(places->roots); i++)
		owner = find_owner(places->roots[i], path);
	return owner;
}

static bool is_delegated(
	const struct delegated_cgroup_places *places, const char *controllers, const char *path)
{
	enum owner owner = OWNER_UNSEEN;

	if (streq(path, "/"))
		return false;
	if (leads_out(path) || (!places->sessions_are_root_s && is_in_user_slice(path)))
		return true;
	owner = controllers[0] ? find_owner_of_old(places, controllers, path)
			       : find_owner_unified(places, path);
	return owner == OWNER_UNSEEN ? strstr(path, USER_MANAGER) != NULL : owner == OWNER_OTHER;
}

bool delegated_cgroup_is_ours(const struct delegated_cgroup_places *places)
{
	char groups[GROUPS_BYTES] = "";
	char *cursor = NULL;

	if (!read_groups(places->self, groups, sizeof(groups)))
		return true;
	for (char *line = strtok_r(groups, "\n", &cursor); line;
		line = strtok_r(NULL, "\n", &cursor)) {
		char *controllers = NULL;
		char *path = NULL;

		if (!cut_line(line, &controllers, &path) || is_delegated(places, controllers, path))
			return true;
	}
	return false;
}
