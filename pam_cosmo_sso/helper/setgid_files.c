/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/helper/setgid_files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/base/fdio.h"

/* A descriptor each. */
#define MAX_DEPTH 128

/* For what a user has made; the folder itself is where its record or the host says. */
#define RESOLVE_BELOW (RESOLVE_NO_XDEV | RESOLVE_NO_SYMLINKS)

struct walk {
	struct setgid_search *search;
	enum cosmo_err err; /* the first that something was passed over for */
};

static void note(struct walk *walk, enum cosmo_err err)
{
	if (!walk->err)
		walk->err = err;
}

static bool is_wanted(struct walk *walk, const struct stat *st)
{
	const struct setgid_search *search = walk->search;
	bool is_theirs = false;
	size_t i = 0;

	if (!S_ISREG(st->st_mode) || !(st->st_mode & S_ISGID))
		return false;
	while (i < search->gid_count && search->gids[i] != st->st_gid)
		i++;
	if (i < search->gid_count)
		note(walk, search->is_theirs(search->context, st->st_uid, &is_theirs));
	return is_theirs;
}

/* What is looked at is what is changed, whatever its name stands for by now. */
static void look_at(struct walk *walk, int dir_fd, const char *name)
{
	COSMO_AUTO_FD int fd = openat(dir_fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	struct stat st = {0};
	char path[64] = "";

	if (fd < 0 || fstat(fd, &st) < 0) {
		if (errno != ENOENT)
			note(walk, COSMO_E_IO);
		return;
	}
	if (!is_wanted(walk, &st))
		return;
	walk->search->found++;
	if (!walk->search->strip)
		return;
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (chmod(path, st.st_mode & 07777 & ~(mode_t)S_ISGID) < 0)
		note(walk, COSMO_E_IO);
	else
		walk->search->stripped++;
}

/* The device tells no mounts: a user makes subvolumes of btrfs, each a device of its own, to hide
 * in. What is mounted there, by FUSE too, is not even opened. */
static DIR *open_below(struct walk *walk, int dir_fd, const char *name, uint64_t resolve)
{
	const struct open_how how = {
		.flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NONBLOCK,
		.resolve = resolve,
	};
	COSMO_AUTO_FD int fd = (int)syscall(SYS_openat2, dir_fd, name, &how, sizeof(how));
	DIR *dir = NULL;

	if (fd < 0) {
		if (errno != ENOENT && errno != ENOTDIR && errno != ELOOP && errno != EXDEV)
			note(walk, COSMO_E_IO);
		return NULL;
	}
	dir = fdopendir(fd);
	if (dir)
		(void)cosmo_steal_fd(&fd);
	else
		note(walk, COSMO_E_IO);
	return dir;
}

/* NULL: there is no more, or no time. What cannot be read to its end was not looked at. */
static const struct dirent *next_entry(struct walk *walk, DIR *dir)
{
	const struct dirent *entry = NULL;

	if (walk->err == COSMO_E_TIMEOUT)
		return NULL;
	errno = 0;
	entry = readdir(dir); /* NOLINT(concurrency-mt-unsafe): the stream has one owner */
	if (!entry && errno)
		note(walk, COSMO_E_IO);
	return entry;
}

static bool is_dots(const char *name)
{
	return streq(name, ".") || streq(name, "..");
}

/* With a stack of its own: how deep a user nests his folders is no business of our stack. */
static void walk_tree(struct walk *walk, DIR *top)
{
	DIR *stack[MAX_DEPTH] = {top};
	size_t depth = 1;

	while (depth > 0) {
		DIR *dir = stack[depth - 1];
		const struct dirent *entry = next_entry(walk, dir);
		DIR *below = NULL;

		if (!entry) {
			closedir(dir);
			depth--;
			continue;
		}
		if (is_dots(entry->d_name))
			continue;
		if (fdio_boot_ms() >= walk->search->deadline_boot_ms)
			walk->err = COSMO_E_TIMEOUT;
		if (entry->d_type == DT_REG || entry->d_type == DT_UNKNOWN)
			look_at(walk, dirfd(dir), entry->d_name);
		if (entry->d_type != DT_DIR && entry->d_type != DT_UNKNOWN)
			continue;
		if (depth == MAX_DEPTH)
			note(walk, COSMO_E_TOO_BIG);
		else
			below = open_below(walk, dirfd(dir), entry->d_name, RESOLVE_BELOW);
		if (below)
			stack[depth++] = below;
	}
}

enum cosmo_err setgid_files_find(struct setgid_search *search, const char *folder)
{
	struct walk walk = {.search = search};
	struct stat st = {0};
	DIR *top = NULL;

	if (stat(folder, &st) < 0)
		return errno == ENOENT || errno == ENOTDIR ? COSMO_OK : COSMO_E_IO;
	top = open_below(&walk, AT_FDCWD, folder, 0);
	if (top)
		walk_tree(&walk, top);
	return walk.err;
}
