/* SPDX-License-Identifier: MIT */
#include "ctl/file_change.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "common/base/fdio.h"
#include "ctl/output.h"
#include "ctl/text_diff.h"

#define MAX_FILE_BYTES  ((size_t)256 * 1024)
#define MAX_SAME_SECOND 100

void file_changes_done(struct file_changes *changes)
{
	for (size_t i = 0; i < changes->count; i++) {
		free(changes->items[i].before);
		free(changes->items[i].after);
	}
	changes->count = 0;
}

static enum cosmo_err read_text(const char *path, char **ret)
{
	const struct fdio_demands demands = {
		.owner = 0, .forbidden_mode = 022, .max_bytes = MAX_FILE_BYTES};
	COSMO_AUTO(free) char *text = NULL;
	size_t len = 0;
	enum cosmo_err err = fdio_read_file(AT_FDCWD, path, &demands, &text, &len);

	if (err)
		return err;
	if (strlen(text) != len)
		return COSMO_E_FORMAT;
	*ret = COSMO_STEAL(&text);
	return COSMO_OK;
}

static enum cosmo_err load(struct file_change *change)
{
	struct stat st = {0};
	enum cosmo_err err = read_text(change->path, &change->before);

	change->mode = 0644;
	if (err == COSMO_E_NOT_FOUND)
		return COSMO_OK;
	if (err)
		return err;
	if (lstat(change->path, &st) < 0)
		return COSMO_E_IO;
	change->mode = st.st_mode & 07777;
	change->gid = st.st_gid;
	change->after = strdup(change->before);
	return change->after ? COSMO_OK : COSMO_E_NOMEM;
}

/* What is the matter with the file, and what to do. */
static void say_unusable(const char *path, enum cosmo_err err)
{
	char target[256] = "";
	struct stat st = {0};
	ssize_t len = readlink(path, target, sizeof(target) - 1);

	if (len > 0)
		output_error(
			"%s is a symbolic link to %s: something else looks after it; change it by that, or put "
			"a file in the link's place",
			path, target);
	else if (err == COSMO_E_UNSAFE_FILE && lstat(path, &st) == 0)
		output_error(
			"%s (owner %u, mode %04o) is not a file that root alone may write: mend that "
			"first",
			path, (unsigned int)st.st_uid, (unsigned int)st.st_mode & 07777);
	else if (err == COSMO_E_FORMAT)
		output_error("%s is not a text file", path);
	else
		output_error("cannot read %s: %s", path, cosmo_err_text(err));
}

void file_change_set(struct file_change *change, char *text)
{
	free(change->after);
	change->after = text;
}

enum cosmo_err file_changes_add(
	struct file_changes *changes, const char *path, struct file_change **ret_change)
{
	struct file_change *change = &changes->items[changes->count];
	int len = 0;
	enum cosmo_err err = COSMO_OK;

	if (changes->count == FILE_CHANGE_MAX)
		return COSMO_E_TOO_BIG;
	*change = (struct file_change){0};
	len = snprintf(change->path, sizeof(change->path), "%s", path);
	if (len < 0 || (size_t)len >= sizeof(change->path))
		return COSMO_E_TOO_BIG;
	changes->count++;
	err = load(change);
	if (err) {
		say_unusable(path, err);
		return err;
	}
	*ret_change = change;
	return COSMO_OK;
}

bool file_change_differs(const struct file_change *change)
{
	if (!change->before || !change->after)
		return change->before != change->after;
	return !streq(change->before, change->after);
}

bool file_changes_any(const struct file_changes *changes)
{
	for (size_t i = 0; i < changes->count; i++)
		if (file_change_differs(&changes->items[i]))
			return true;
	return false;
}

void file_changes_print(const struct file_changes *changes, FILE *out)
{
	for (size_t i = 0; i < changes->count; i++) {
		const struct file_change *change = &changes->items[i];

		if (!file_change_differs(change))
			continue;
		fprintf(out, "%s%s\n", change->path,
			change->before ? (change->after ? "" : " (removed)") : " (new)");
		text_diff_print(out, change->before, change->after);
	}
}

/* The folder of @path, open, and its last word. */
static int open_folder(const char *path, const char **ret_name)
{
	char dir[256] = "";
	const char *slash = strrchr(path, '/');

	if (!slash || (size_t)(slash - path) >= sizeof(dir))
		return -1;
	memcpy(dir, path, (size_t)(slash - path));
	*ret_name = slash + 1;
	return open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* A new file belongs to the group that makes it: so it never stands there with another one. */
static enum cosmo_err replace(
	int dir_fd, const char *name, const char *text, const struct file_change *like)
{
	gid_t group = getegid();
	enum cosmo_err err = COSMO_E_IO;

	if (group != like->gid && setegid(like->gid) < 0)
		return COSMO_E_IO;
	err = fdio_replace_file(dir_fd, name, text, strlen(text), like->mode);
	if (group != like->gid && setegid(group) < 0)
		return COSMO_E_IO;
	return err;
}

static enum cosmo_err put(const char *path, const char *text, const struct file_change *like)
{
	const char *name = NULL;
	COSMO_AUTO_FD int dir_fd = open_folder(path, &name);
	enum cosmo_err err = COSMO_OK;

	if (dir_fd >= 0 && text)
		err = replace(dir_fd, name, text, like);
	else if (dir_fd < 0 || (unlinkat(dir_fd, name, 0) < 0 && errno != ENOENT) ||
		 fsync(dir_fd) < 0)
		err = COSMO_E_IO;
	if (err)
		output_error("cannot write %s: %s", path, strerrordesc_np(errno));
	return err;
}

/* A folder that is not there yet: what two runs in one second save must not meet. */
static enum cosmo_err make_backup_dir(const char *root, char *ret_dir, size_t size)
{
	char when[32] = "";
	time_t now = (time_t)fdio_now_s();
	struct tm tm = {0};
	int made = -1;

	if (!gmtime_r(&now, &tm) || strftime(when, sizeof(when), "%Y%m%dT%H%M%SZ", &tm) == 0)
		return COSMO_E_IO;
	if (mkdir(root, 0700) < 0 && errno != EEXIST)
		return COSMO_E_IO;
	for (unsigned int i = 1; made < 0 && i <= MAX_SAME_SECOND; i++) {
		if (i == 1)
			snprintf(ret_dir, size, "%s/%s", root, when);
		else
			snprintf(ret_dir, size, "%s/%s-%u", root, when, i);
		made = mkdir(ret_dir, 0700);
		if (made < 0 && errno != EEXIST)
			return COSMO_E_IO;
	}
	return made < 0 ? COSMO_E_BUSY : COSMO_OK;
}

static enum cosmo_err back_up(struct file_changes *changes, const char *root)
{
	char dir[sizeof(changes->backup)] = "";
	enum cosmo_err err = make_backup_dir(root, dir, sizeof(dir));

	if (err)
		output_error("no folder for the old files can be made below %s: %s", root,
			strerrordesc_np(errno));
	for (size_t i = 0; i < changes->count && !err; i++) {
		char path[512] = "";

		if (!changes->items[i].before || !file_change_differs(&changes->items[i]))
			continue;
		snprintf(path, sizeof(path), "%s/%s", dir, changes->items[i].path + 1);
		for (char *p = path + strlen(dir) + 1; *p; p++)
			if (*p == '/')
				*p = '_';
		err = put(path, changes->items[i].before, &changes->items[i]);
	}
	if (!err)
		snprintf(changes->backup, sizeof(changes->backup), "%s", dir);
	return err;
}

/* Somebody may have written the file while the question was on the screen. */
static enum cosmo_err check_unchanged(const struct file_changes *changes)
{
	for (size_t i = 0; i < changes->count; i++) {
		const struct file_change *change = &changes->items[i];
		COSMO_AUTO(free) char *now = NULL;
		enum cosmo_err err = read_text(change->path, &now);

		if (err && err != COSMO_E_NOT_FOUND) {
			say_unusable(change->path, err);
			return err;
		}
		if (change->before ? streq(change->before, now) : !now)
			continue;
		output_error("%s was changed by somebody else meanwhile; look at it and try again",
			change->path);
		return COSMO_E_BUSY;
	}
	return COSMO_OK;
}

enum cosmo_err file_changes_write(struct file_changes *changes, const char *backup_root)
{
	enum cosmo_err err = check_unchanged(changes);

	if (err || !file_changes_any(changes))
		return err;
	err = back_up(changes, backup_root);
	for (size_t i = 0; i < changes->count && !err; i++) {
		struct file_change *change = &changes->items[i];

		if (!file_change_differs(change))
			continue;
		change->written = true; /* also when only the folder's fsync fails */
		err = put(change->path, change->after, change);
	}
	if (err && file_changes_undo(changes) != COSMO_OK)
		return COSMO_E_IO;
	return err;
}

enum cosmo_err file_changes_undo(struct file_changes *changes)
{
	enum cosmo_err first = COSMO_OK;

	for (size_t i = 0; i < changes->count; i++) {
		struct file_change *change = &changes->items[i];

		if (!change->written)
			continue;
		if (put(change->path, change->before, change) == COSMO_OK) {
			change->written = false;
			continue;
		}
		output_error("%s could not be put back; its old text is in %s", change->path,
			changes->backup);
		first = COSMO_E_IO;
	}
	return first;
}
