/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/module/delegated_cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The line of the unified hierarchy; the others have no freezer that systemd gives away. */
#define UNIFIED "0::/"

/* Of a user's own systemd, whose group is his: ".../user@1000.service/...". */
#define USER_MANAGER "/user@"

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

/* Our path in the unified hierarchy, cut out of @groups; NULL: it has none here. */
static char *find_path(char *groups)
{
	char *cursor = NULL;

	for (char *line = strtok_r(groups, "\n", &cursor); line;
		line = strtok_r(NULL, "\n", &cursor))
		if (strncmp(line, UNIFIED, strlen(UNIFIED)) == 0)
			return line + strlen(UNIFIED) - 1;
	return NULL;
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

bool delegated_cgroup_is_ours(const struct delegated_cgroup_places *places)
{
	char groups[GROUPS_BYTES] = "";
	const char *path = NULL;

	if (!read_groups(places->self, groups, sizeof(groups)))
		return true;
	path = find_path(groups);
	if (!path || streq(path, "/"))
		return false;
	if (leads_out(path))
		return true;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(places->roots); i++) {
		enum owner owner = find_owner(places->roots[i], path);

		if (owner != OWNER_UNSEEN)
			return owner == OWNER_OTHER;
	}
	return strstr(path, USER_MANAGER) != NULL;
}
