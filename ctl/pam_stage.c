/* SPDX-License-Identifier: MIT */
#include "ctl/pam_stage.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/fdio.h"
#include "ctl/input.h"
#include "ctl/output.h"
#include "ctl/pam_edit.h"

#define MAX_SERVICE_BYTES ((size_t)256 * 1024)

/* On a file system that does not outlive a boot. */
static const char template[] = "/run/cosmo-ssoctl-pam.XXXXXX";

static enum cosmo_err put(int dir_fd, const char *name, const char *text)
{
	return fdio_replace_file(dir_fd, name, text, strlen(text), 0600);
}

/* NULL: not changed, or removed. */
static const char *changed_text(
	const struct file_changes *changes, const char *folder, const char *name)
{
	size_t len = strlen(folder);

	for (size_t i = 0; i < changes->count; i++)
		if (strncmp(changes->items[i].path, folder, len) == 0 &&
			changes->items[i].path[len] == '/' &&
			streq(changes->items[i].path + len + 1, name))
			return changes->items[i].after;
	return NULL;
}

static enum cosmo_err copy(
	int dir_fd, const char *folder, const char *name, const struct file_changes *changes)
{
	COSMO_AUTO(free) char *text = NULL;
	const char *changed = changed_text(changes, folder, name);
	struct stat st = {0};
	char path[512] = "";
	size_t len = 0;

	if (changed)
		return put(dir_fd, name, changed);
	snprintf(path, sizeof(path), "%s/%s", folder, name);
	if (stat(path, &st) < 0 || !S_ISREG(st.st_mode))
		return COSMO_OK; /* PAM could not use it either */
	if (!input_read(path, MAX_SERVICE_BYTES, &text, &len))
		return COSMO_E_IO;
	return put(dir_fd, name, text);
}

static enum cosmo_err copy_all(int dir_fd, const char *folder, const struct file_changes *changes)
{
	DIR *from = opendir(folder);
	enum cosmo_err err = from ? COSMO_OK : COSMO_E_IO;

	while (!err) {
		/* NOLINTNEXTLINE(concurrency-mt-unsafe): this program has one thread */
		const struct dirent *entry = readdir(from);

		if (!entry)
			break;
		if (entry->d_name[0] != '.')
			err = copy(dir_fd, folder, entry->d_name, changes);
	}
	if (from)
		closedir(from);
	return err;
}

/* Those that are not in the folder yet. */
static enum cosmo_err put_new(int dir_fd, const char *folder, const struct file_changes *changes)
{
	enum cosmo_err err = COSMO_OK;
	size_t len = strlen(folder);

	for (size_t i = 0; i < changes->count && !err; i++) {
		const struct file_change *change = &changes->items[i];

		if (!change->before && change->after && strncmp(change->path, folder, len) == 0 &&
			change->path[len] == '/')
			err = put(dir_fd, change->path + len + 1, change->after);
	}
	return err;
}

static enum cosmo_err put_auth_service(int dir_fd)
{
	char text[256] = "";

	snprintf(text, sizeof(text), "%sauth required pam_permit.so\n", pam_edit_auth_line);
	return put(dir_fd, PAM_STAGE_AUTH_SERVICE, text);
}

enum cosmo_err pam_stage_make(
	struct pam_stage *stage, const char *folder, const struct file_changes *changes)
{
	COSMO_AUTO_FD int dir_fd = -1;
	enum cosmo_err err = COSMO_E_IO;

	memcpy(stage->folder, template, sizeof(template));
	if (!mkdtemp(stage->folder))
		stage->folder[0] = '\0';
	else
		dir_fd = open(stage->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir_fd >= 0)
		err = copy_all(dir_fd, folder, changes);
	if (!err)
		err = put_new(dir_fd, folder, changes);
	if (!err)
		err = put_auth_service(dir_fd);
	if (err)
		output_error("the PAM services cannot be tried in a copy below /run: %s",
			strerrordesc_np(errno));
	return err;
}

void pam_stage_done(struct pam_stage *stage)
{
	DIR *folder = stage->folder[0] ? opendir(stage->folder) : NULL;

	while (folder) {
		/* NOLINTNEXTLINE(concurrency-mt-unsafe): this program has one thread */
		const struct dirent *entry = readdir(folder);

		if (!entry)
			break;
		if (!streq(entry->d_name, ".") && !streq(entry->d_name, ".."))
			unlinkat(dirfd(folder), entry->d_name, 0);
	}
	if (folder)
		closedir(folder);
	if (stage->folder[0])
		rmdir(stage->folder);
	stage->folder[0] = '\0';
}
