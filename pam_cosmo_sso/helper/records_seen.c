/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/helper/records_seen.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "pam_cosmo_sso/helper/folder.h"

#define FIRST_ROOM ((size_t)1024)

void records_seen_done(struct records_seen *seen)
{
	if (!seen)
		return;
	free(seen->items);
	seen->items = NULL;
	seen->count = seen->sorted = seen->size = 0;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(((const struct record_seen *)a)->name, ((const struct record_seen *)b)->name);
}

static enum cosmo_err find_or_add(
	struct records_seen *seen, const char *name, struct record_seen **ret, bool *ret_new)
{
	struct record_seen key = {.inode = 0};
	struct record_seen *found = NULL;

	(void)snprintf(key.name, sizeof(key.name), "%s", name);
	if (seen->sorted > 0)
		found = bsearch(&key, seen->items, seen->sorted, sizeof(key), compare_names);
	*ret_new = !found;
	if (!found && seen->count == seen->size) {
		size_t size = seen->size ? 2 * seen->size : FIRST_ROOM;
		struct record_seen *items = reallocarray(seen->items, size, sizeof(*items));

		if (!items)
			return COSMO_E_NOMEM;
		seen->items = items;
		seen->size = size;
	}
	if (!found) {
		found = &seen->items[seen->count++];
		*found = key;
	}
	*ret = found;
	return COSMO_OK;
}

static bool is_same(const struct record_seen *record, const struct stat *st)
{
	return record->inode == st->st_ino && record->changed.tv_sec == st->st_ctim.tv_sec &&
	       record->changed.tv_nsec == st->st_ctim.tv_nsec;
}

/* Seen first and read then: whoever replaces it in between is noticed the next time. */
static enum cosmo_err look_at(struct records_seen *seen, const struct store *store,
	const char *name, struct record_seen **ret_visit)
{
	struct record_seen *record = NULL;
	struct stat st = {0};
	bool is_new = false;
	enum cosmo_err err = COSMO_OK;

	*ret_visit = NULL;
	if (!login_name_is_valid(name, true))
		return COSMO_OK;
	if (fstatat(store_folder_fd(store, STORE_USERS), name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? COSMO_OK : COSMO_E_IO;
	seen->present++;
	err = find_or_add(seen, name, &record, &is_new);
	if (err)
		return err;
	if (is_new || !is_same(record, &st) || (seen->damaged_again && record->is_damaged))
		*ret_visit = record;
	record->inode = st.st_ino;
	record->changed = st.st_ctim;
	return COSMO_OK;
}

static enum cosmo_err visit_all(struct records_seen *seen, const struct store *store, size_t limit,
	records_seen_visitor visit, void *context)
{
	COSMO_AUTO(folder_close) DIR *dir = NULL;
	const char *name = NULL;
	size_t visited = 0;
	enum cosmo_err err = folder_open(store_folder_fd(store, STORE_USERS), &dir);

	if (!err)
		err = folder_next(dir, &name);
	while (!err && name) {
		struct record_seen *record = NULL;

		err = look_at(seen, store, name, &record);
		if (!err && record)
			err = visit(context, record);
		if (!err && record && visited++ >= limit)
			err = COSMO_E_BUSY;
		if (!err)
			err = folder_next(dir, &name);
	}
	return err;
}

enum cosmo_err records_seen_visit(struct records_seen *seen, const struct store *store,
	size_t limit, records_seen_visitor visit, void *context)
{
	enum cosmo_err err = COSMO_OK;

	seen->present = 0;
	err = visit_all(seen, store, limit, visit, context);

	if (seen->count > seen->sorted) {
		qsort(seen->items, seen->count, sizeof(*seen->items), compare_names);
		seen->sorted = seen->count;
	}
	return err;
}
