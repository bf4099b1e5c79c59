/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/helper/recent_folder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/base/fdio.h"
#include "pam_cosmo_sso/helper/folder.h"

#define FOLDER "recent"

/* Errors: COSMO_E_NOT_FOUND (nothing was ever noted), COSMO_E_IO. */
static enum cosmo_err open_folder(int run_fd, int *ret_fd)
{
	*ret_fd = openat(run_fd, FOLDER, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (*ret_fd >= 0)
		return COSMO_OK;
	return errno == ENOENT ? COSMO_E_NOT_FOUND : COSMO_E_IO;
}

static enum cosmo_err none_is_ok(enum cosmo_err err)
{
	return err == COSMO_E_NOT_FOUND ? COSMO_OK : err;
}

enum cosmo_err recent_folder_save(int run_fd, const struct recent_marker *marker)
{
	struct record_text text = {0};
	COSMO_AUTO(record_text_done) struct record_text *owned = &text;
	COSMO_AUTO_FD int fd = -1;
	char name[RECENT_NAME_BYTES] = "";
	enum cosmo_err err = folder_ensure(run_fd, FOLDER, &fd);

	if (!err)
		err = recent_marker_format(marker, owned);
	if (err)
		return err;
	recent_name_format(&marker->name, name);
	return fdio_replace_file(fd, name, text.data, text.len, 0600);
}

static enum cosmo_err load(int fd, const struct recent_name *name, struct recent_marker **ret)
{
	static const struct fdio_demands demands = {
		.owner = 0, .forbidden_mode = 077, .max_bytes = RECENT_MAX_BYTES};
	COSMO_AUTO(free) char *text = NULL;
	char path[RECENT_NAME_BYTES] = "";
	size_t len = 0;
	enum cosmo_err err = COSMO_OK;

	recent_name_format(name, path);
	err = fdio_read_file(fd, path, &demands, &text, &len);
	if (!err)
		err = recent_marker_parse(text, len, name, ret);
	return err == COSMO_E_TOO_BIG ? COSMO_E_STORE_DAMAGED : err;
}

static enum cosmo_err remove_file(int fd, const struct recent_name *name, bool *ret_was_there)
{
	char path[RECENT_NAME_BYTES] = "";

	recent_name_format(name, path);
	*ret_was_there = unlinkat(fd, path, 0) == 0;
	return *ret_was_there || errno == ENOENT ? COSMO_OK : COSMO_E_IO;
}

enum cosmo_err recent_folder_load(
	int run_fd, const struct recent_name *name, struct recent_marker **ret)
{
	COSMO_AUTO_FD int fd = -1;
	enum cosmo_err err = open_folder(run_fd, &fd);

	return err ? err : load(fd, name, ret);
}

enum cosmo_err recent_folder_take(
	int run_fd, const struct recent_name *name, struct recent_marker **ret)
{
	COSMO_AUTO(recent_marker_free) struct recent_marker *marker = NULL;
	COSMO_AUTO_FD int fd = -1;
	bool was_there = false;
	enum cosmo_err err = open_folder(run_fd, &fd);

	if (!err)
		err = load(fd, name, &marker);
	if (!err)
		err = remove_file(fd, name, &was_there);
	if (!err && !was_there)
		err = COSMO_E_NOT_FOUND; /* somebody else has it */
	if (!err)
		*ret = COSMO_STEAL(&marker);
	return err;
}

enum cosmo_err recent_folder_remove(int run_fd, const struct recent_name *name)
{
	COSMO_AUTO_FD int fd = -1;
	bool was_there = false;
	enum cosmo_err err = open_folder(run_fd, &fd);

	return err ? none_is_ok(err) : remove_file(fd, name, &was_there);
}

enum cosmo_err recent_folder_each(int run_fd, recent_visitor visit, void *context)
{
	COSMO_AUTO_FD int fd = -1;
	COSMO_AUTO(folder_close) DIR *dir = NULL;
	struct recent_name name = {0};
	const char *text = NULL;
	enum cosmo_err err = open_folder(run_fd, &fd);

	if (err)
		return none_is_ok(err);
	err = folder_open(fd, &dir);
	if (!err)
		err = folder_next(dir, &text);
	while (!err && text) {
		if (recent_name_parse(text, &name))
			err = visit(context, &name);
		if (!err)
			err = folder_next(dir, &text);
	}
	return err;
}

struct settling {
	int run_fd;
	const struct record *const *records;
	size_t count;
};

static const struct record *find_record(const struct settling *settling, uint32_t uid)
{
	for (size_t i = 0; i < settling->count; i++)
		if (settling->records[i]->uid == uid)
			return settling->records[i];
	return NULL;
}

/* One that cannot be read is of no use to anybody. */
static enum cosmo_err settle_one(void *context, const struct recent_name *name)
{
	const struct settling *settling = context;
	const struct record *record = find_record(settling, name->uid);
	COSMO_AUTO(recent_marker_free) struct recent_marker *marker = NULL;
	enum cosmo_err err = COSMO_OK;

	if (!record)
		return COSMO_OK;
	err = recent_folder_load(settling->run_fd, name, &marker);
	if (err == COSMO_E_NOMEM)
		return err;
	if (!err && recent_marker_fits(marker, record))
		return COSMO_OK;
	return recent_folder_remove(settling->run_fd, name);
}

enum cosmo_err recent_folder_settle(int run_fd, const struct record *const *records, size_t count)
{
	struct settling settling = {.run_fd = run_fd, .records = records, .count = count};

	return recent_folder_each(run_fd, settle_one, &settling);
}

enum cosmo_err recent_folder_clear(int run_fd)
{
	COSMO_AUTO_FD int fd = -1;
	uint64_t count = 0;
	uint64_t left = 0;
	enum cosmo_err err = open_folder(run_fd, &fd);

	return err ? none_is_ok(err) : folder_clear(fd, &count, &left);
}
