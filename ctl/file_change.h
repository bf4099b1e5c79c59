/* SPDX-License-Identifier: MIT */
/* Editing a system file so that it can be seen before, undone after, and is never half-written. */
#pragma once

#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

#include "common/base/auto.h"
#include "common/base/err.h"

struct file_change {
	char path[256];
	char *before; /* NULL: there was no file */
	char *after;  /* NULL: the file goes away */
	mode_t mode;
	bool written;
};

#define FILE_CHANGE_MAX 12

/* Several edits that stand or fall together. */
struct file_changes {
	struct file_change items[FILE_CHANGE_MAX];
	size_t count;
};

void file_changes_done(struct file_changes *changes);

/*
 * Take up @path with its present text; @ret_change is borrowed, its `after` starts as a copy of
 * `before`. Errors: COSMO_E_UNSAFE_FILE, COSMO_E_IO, COSMO_E_NOMEM, COSMO_E_TOO_BIG.
 */
COSMO_MUST_USE enum cosmo_err file_changes_add(
	struct file_changes *changes, const char *path, struct file_change **ret_change);

/* Is there anything to do? */
bool file_changes_any(const struct file_changes *changes);

/* Print the differences, file by file, as removed and added lines. */
void file_changes_print(const struct file_changes *changes, FILE *out);

/*
 * Save the old files below /var/lib/cosmo-sso/backup/TIME, then write the new ones, each
 * atomically. On failure those already written are put back. Errors: COSMO_E_IO.
 */
COSMO_MUST_USE enum cosmo_err file_changes_write(struct file_changes *changes);

/* Put everything back as it was. Errors: COSMO_E_IO, said on standard error with the backup's
 * place. */
COSMO_MUST_USE enum cosmo_err file_changes_undo(struct file_changes *changes);
