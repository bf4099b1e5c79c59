/* SPDX-License-Identifier: MIT */
#include "ctl/file_change.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "common/base/fdio.h"
#include "ctl/output.h"
#include "paths.h"

#define MAX_FILE_BYTES ((size_t)256 * 1024)
#define BACKUP_DIR     COSMO_STATE_DIR "/backup"

void file_changes_done(struct file_changes *changes)
{
	for (size_t i = 0; i < changes->count; i++) {
		free(changes->items[i].before);
		free(changes->items[i].after);
	}
	changes->count = 0;
}

static enum cosmo_err load(struct file_change *change)
{
	const struct fdio_demands demands = {
		.owner = 0, .forbidden_mode = 022, .max_bytes = MAX_FILE_BYTES};
	struct stat st = {0};
	size_t len = 0;
	enum cosmo_err err =
		fdio_read_file(AT_FDCWD, change->path, &demands, &change->before, &len);

	change->mode = 0644;
	if (err == COSMO_E_NOT_FOUND)
		return COSMO_OK;
	if (err)
		return err;
	if (strlen(change->before) != len)
		return COSMO_E_FORMAT;
	if (stat(change->path, &st) == 0)
		change->mode = st.st_mode & 07777;
	change->after = strdup(change->before);
	return change->after ? COSMO_OK : COSMO_E_NOMEM;
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
		output_error("cannot use %s: %s", path, cosmo_err_text(err));
		return err;
	}
	*ret_change = change;
	return COSMO_OK;
}

static bool differs(const struct file_change *change)
{
	if (!change->before || !change->after)
		return change->before != change->after;
	return !streq(change->before, change->after);
}

bool file_changes_any(const struct file_changes *changes)
{
	for (size_t i = 0; i < changes->count; i++)
		if (differs(&changes->items[i]))
			return true;
	return false;
}

static size_t line_len(const char *text)
{
	size_t len = strcspn(text, "\n");

	return len + (text[len] == '\n');
}

/* Does the line at @line stand anywhere in @text? Good enough for showing edits that add and remove
 * whole lines. */
static bool has_line(const char *text, const char *line, size_t len)
{
	while (text && *text) {
		size_t other = line_len(text);

		if (other == len && strncmp(text, line, len) == 0)
			return true;
		text += other;
	}
	return false;
}

static void print_missing(FILE *out, char sign, const char *text, const char *other)
{
	while (text && *text) {
		size_t len = line_len(text);

		if (!has_line(other, text, len))
			fprintf(out, "  %c%.*s%s", sign, (int)len, text,
				text[len - 1] == '\n' ? "" : "\n");
		text += len;
	}
}

void file_changes_print(const struct file_changes *changes, FILE *out)
{
	for (size_t i = 0; i < changes->count; i++) {
		const struct file_change *change = &changes->items[i];

		if (!differs(change))
			continue;
		fprintf(out, "%s%s\n", change->path,
			change->before ? (change->after ? "" : " (removed)") : " (new)");
		print_missing(out, '-', change->before, change->after);
		print_missing(out, '+', change->after, change->before);
	}
}

static enum cosmo_err put(const char *path, const char *text, mode_t mode)
{
	COSMO_AUTO_FD int dir_fd = -1;
	char dir[256] = "";
	char *slash = NULL;

	snprintf(dir, sizeof(dir), "%s", path);
	slash = strrchr(dir, '/');
	if (!slash)
		return COSMO_E_IO;
	*slash = '\0';
	dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir_fd < 0)
		return COSMO_E_IO;
	if (!text)
		return unlinkat(dir_fd, slash + 1, 0) < 0 && errno != ENOENT ? COSMO_E_IO
									     : COSMO_OK;
	return fdio_replace_file(dir_fd, slash + 1, text, strlen(text), mode);
}

static enum cosmo_err make_backup_dir(char *ret_dir, size_t size)
{
	char when[32] = "";
	time_t now = (time_t)fdio_now_s();
	struct tm tm = {0};

	if (!gmtime_r(&now, &tm) || strftime(when, sizeof(when), "%Y%m%dT%H%M%SZ", &tm) == 0)
		return COSMO_E_IO;
	snprintf(ret_dir, size, "%s/%s", BACKUP_DIR, when);
	if ((mkdir(BACKUP_DIR, 0700) < 0 && errno != EEXIST) ||
		(mkdir(ret_dir, 0700) < 0 && errno != EEXIST))
		return COSMO_E_IO;
	return COSMO_OK;
}

static enum cosmo_err back_up(const struct file_changes *changes)
{
	char dir[128] = "";
	enum cosmo_err err = make_backup_dir(dir, sizeof(dir));

	for (size_t i = 0; i < changes->count && !err; i++) {
		char path[512] = "";

		if (!changes->items[i].before || !differs(&changes->items[i]))
			continue;
		snprintf(path, sizeof(path), "%s%s", dir, changes->items[i].path);
		for (char *p = path + strlen(dir) + 1; *p; p++)
			if (*p == '/')
				*p = '_';
		err = put(path, changes->items[i].before, changes->items[i].mode);
	}
	if (err)
		output_error("the old files could not be saved in %s", dir);
	return err;
}

enum cosmo_err file_changes_write(struct file_changes *changes)
{
	enum cosmo_err err = back_up(changes);

	for (size_t i = 0; i < changes->count && !err; i++) {
		struct file_change *change = &changes->items[i];

		if (!differs(change))
			continue;
		err = put(change->path, change->after, change->mode);
		if (err)
			output_error("cannot write %s", change->path);
		else
			change->written = true;
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
		enum cosmo_err err = change->written
					     ? put(change->path, change->before, change->mode)
					     : COSMO_OK;

		if (err) {
			output_error("cannot put back %s; its old text is below %s", change->path,
				BACKUP_DIR);
			first = err;
		} else {
			change->written = false;
		}
	}
	return first;
}
