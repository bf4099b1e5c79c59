/* SPDX-License-Identifier: MIT */
/*
 * Files put in their places in a mount namespace of their own; nothing of it reaches the machine's
 * file systems.
 *
 * usage: graft FOLDER SOURCE=TARGET... -- COMMAND...
 *
 * FOLDER is scratch space that outlives the command.
 *
 * :KEPT:KEPT=TARGET makes TARGET an empty folder in which these folders alone are still found.
 *
 * A program in C, since the rigs start one for each process under test.
 */
#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

enum {
	OPENED_MAX = 16,
	KEPT_MAX = 8,
	AT_ONCE = 1 << 20
};

static const char *scratch;
static char opened[OPENED_MAX][PATH_MAX];
static int opened_count;

#define PATH(name, ...)                                                                            \
	char name[PATH_MAX];                                                                       \
	if (snprintf(name, sizeof name, __VA_ARGS__) >= (int)sizeof name)                          \
	errx(1, "a path is too long")

static void do_mount(const char *source, const char *target, const char *type, unsigned long flags)
{
	if (mount(source, target, type, flags, NULL) != 0)
		err(1, "mount %s on %s", source, target);
}

static void enter(void)
{
	if (unshare(CLONE_NEWNS) != 0)
		err(1, "unshare: this needs root");
	do_mount("none", "/", NULL, MS_REC | MS_PRIVATE);
}

static void make_folders(const char *path)
{
	char part[PATH_MAX];
	for (const char *end = path + 1; *end != '\0'; end++) {
		end += strcspn(end, "/");
		(void)snprintf(part, sizeof part, "%.*s", (int)(end - path), path);
		if (mkdir(part, 0755) != 0 && errno != EEXIST)
			err(1, "%s", part);
		if (*end == '\0')
			break;
	}
}

static void copy_file(const char *source, const char *target, const struct stat *state)
{
	int from = open(source, O_RDONLY | O_CLOEXEC);
	int to = open(target, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (from < 0 || to < 0)
		err(1, "%s", from < 0 ? source : target);
	ssize_t sent;
	do
		sent = sendfile(to, from, NULL, AT_ONCE);
	while (sent > 0);
	if (sent < 0 || fchmod(to, state->st_mode & 07777) != 0)
		err(1, "%s", target);
	close(from);
	close(to);
}

/* What stands in @kept, shown in @folder: files as copies, as the product follows no link there. */
static void show_again(const char *kept, const char *folder)
{
	DIR *listing = opendir(kept);
	if (listing == NULL)
		err(1, "%s", kept);
	for (const struct dirent *entry; (entry = readdir(listing)) != NULL;) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		PATH(source, "%s/%s", kept, entry->d_name);
		PATH(target, "%s/%s", folder, entry->d_name);
		struct stat state;
		if (lstat(source, &state) == 0 && S_ISREG(state.st_mode))
			copy_file(source, target, &state);
		else if (symlink(source, target) != 0)
			err(1, "%s", target);
	}
	closedir(listing);
}

static int is_opened(const char *folder)
{
	for (int i = 0; i < opened_count; i++)
		if (strcmp(opened[i], folder) == 0)
			return 1;
	return 0;
}

static int has_mounts_below(const char *real)
{
	FILE *mounts = fopen("/proc/self/mounts", "re");
	if (mounts == NULL)
		err(1, "/proc/self/mounts");
	size_t length = strlen(real);
	int found = 0;
	for (char line[2 * PATH_MAX]; !found && fgets(line, sizeof line, mounts) != NULL;) {
		const char *point = strchr(line, ' ');
		found = point != NULL && strncmp(point + 1, real, length) == 0 &&
			point[1 + length] == '/';
	}
	(void)fclose(mounts);
	return found;
}

/* What is added to @real is kept in the scratch space: a hundred files less to copy each time. Not
 * every kernel can, what is mounted below would not be seen, and a disk would be synced each time.
 */
static int lay_over(const char *real, mode_t mode)
{
	PATH(upper, "%s/upper%d", scratch, opened_count);
	PATH(work, "%s/work%d", scratch, opened_count);
	char options[4 * PATH_MAX];
	struct statfs space;
	if (statfs(scratch, &space) != 0 || space.f_type != TMPFS_MAGIC || has_mounts_below(real) ||
		strpbrk(real, ",:\\") != NULL || strpbrk(scratch, ",:\\") != NULL)
		return 0;
	if (mkdir(upper, 0755) != 0 || chmod(upper, mode) != 0 || mkdir(work, 0755) != 0)
		err(1, "%s", upper);
	(void)snprintf(
		options, sizeof options, "lowerdir=%s,upperdir=%s,workdir=%s", real, upper, work);
	return mount("overlay", real, "overlay", 0, options) == 0;
}

/* Lays over @folder, or makes it a tmpfs with the same content, so that something can be added. */
static void open_up(const char *folder)
{
	char real[PATH_MAX];
	struct stat state;
	if (realpath(folder, real) == NULL || stat(real, &state) != 0)
		err(1, "%s", folder);
	if (opened_count == OPENED_MAX)
		errx(1, "too many folders to open up");
	(void)snprintf(opened[opened_count++], PATH_MAX, "%s", folder);
	if (lay_over(real, state.st_mode & 07777))
		return;
	PATH(kept, "%s/kept%d", scratch, opened_count);
	if (mkdir(kept, 0755) != 0)
		err(1, "%s", kept);
	do_mount(real, kept, NULL, MS_BIND | MS_REC);
	do_mount("none", real, "tmpfs", 0);
	if (chmod(real, state.st_mode & 07777) != 0)
		err(1, "%s", real);
	show_again(kept, real);
}

static void make_place(const char *target, mode_t kind)
{
	char parent[PATH_MAX];
	(void)snprintf(parent, sizeof parent, "%s", target);
	*strrchr(parent, '/') = '\0';
	char ancestor[PATH_MAX];
	(void)snprintf(ancestor, sizeof ancestor, "%s", parent);
	while (ancestor[0] != '\0' && access(ancestor, F_OK) != 0)
		*strrchr(ancestor, '/') = '\0';
	if (ancestor[0] == '\0')
		errx(1, "%s: nothing is put directly below /", target);
	if (!is_opened(ancestor))
		open_up(ancestor);
	make_folders(parent);
	/* A link that leads nowhere here may lead somewhere on the machine. */
	if (unlink(target) != 0 && errno != ENOENT)
		err(1, "%s", target);
	if (S_ISDIR(kind)) {
		if (mkdir(target, 0755) != 0)
			err(1, "%s", target);
		return;
	}
	int fd = open(target, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (fd < 0)
		err(1, "%s", target);
	close(fd);
}

static void graft(const char *source, const char *target)
{
	struct stat state;
	if (stat(source, &state) != 0)
		err(1, "%s", source);
	if (access(target, F_OK) != 0)
		make_place(target, state.st_mode);
	do_mount(source, target, NULL, MS_BIND);
}

/* A link that stands in an opened folder becomes a folder of its own: what it leads to is the
 * machine's. */
static void make_own(const char *target)
{
	char parent[PATH_MAX];
	char link[2];
	(void)snprintf(parent, sizeof parent, "%s", target);
	*strrchr(parent, '/') = '\0';
	if (readlink(target, link, sizeof link) < 0 || !is_opened(parent))
		return;
	if (unlink(target) != 0 || mkdir(target, 0755) != 0)
		err(1, "%s", target);
}

static void empty(const char *target, char *kept)
{
	const char *paths[KEPT_MAX];
	int fds[KEPT_MAX];
	int count = 0;
	size_t length = strlen(target);
	for (char *path; (path = strsep(&kept, ":")) != NULL;) {
		if (strncmp(path, target, length) != 0 || path[length] != '/')
			continue;
		if (count == KEPT_MAX)
			errx(1, "%s: too many folders to keep", path);
		fds[count] = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (fds[count] < 0)
			err(1, "%s", path);
		paths[count++] = path;
	}
	make_own(target);
	do_mount("none", target, "tmpfs", 0);
	if (chmod(target, 01777) != 0)
		err(1, "%s", target);
	for (int i = 0; i < count; i++) {
		make_folders(paths[i]);
		PATH(held, "/proc/self/fd/%d", fds[i]);
		do_mount(held, paths[i], NULL, MS_BIND | MS_REC);
		close(fds[i]);
	}
}

int main(int argc, char **argv)
{
	if (argc < 4)
		errx(2, "usage: graft FOLDER SOURCE=TARGET... -- COMMAND...");
	scratch = argv[1];
	enter();
	int word = 2;
	for (; argv[word] != NULL && strcmp(argv[word], "--") != 0; word++) {
		char *target = strchr(argv[word], '=');
		if (target == NULL || target[1] != '/')
			errx(2, "%s: it has to be SOURCE=/TARGET", argv[word]);
		*target++ = '\0';
		if (argv[word][0] == ':')
			empty(target, argv[word] + 1);
		else
			graft(argv[word], target);
	}
	if (argv[word] == NULL || argv[word + 1] == NULL)
		errx(2, "no command");
	/* They are ignored in all that a shell starts in the background. */
	(void)signal(SIGINT, SIG_DFL);
	(void)signal(SIGQUIT, SIG_DFL);
	execvp(argv[word + 1], argv + word + 1);
	err(127, "%s", argv[word + 1]);
}
