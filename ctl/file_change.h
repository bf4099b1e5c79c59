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
	gid_t gid; /* the owner is root */
	bool written;
};

#define FILE_CHANGE_MAX 16

/* Several edits that stand or fall together. */
struct file_changes {
	struct file_change items[FILE_CHANGE_MAX];
	size_t count;
	char backup[128]; /* folder with the old files, once written; "" before */
};

void file_changes_done(struct file_changes *changes);

/*
 * Take up @path with its present text; @ret_change is borrowed, its `after` starts as a copy of
 * `before`. Errors, said on standard error with what to do: COSMO_E_UNSAFE_FILE (a link, not
 * root's, others may write it), COSMO_E_IO, COSMO_E_NOMEM, COSMO_E_TOO_BIG, COSMO_E_FORMAT (a NUL
 * in it).
 */
COSMO_MUST_USE enum cosmo_err file_changes_add(
	struct file_changes *changes, const char *path, struct file_change **ret_change);

/* Make @text (stolen; NULL: remove the file) what @change comes to. */
void file_change_set(struct file_change *change, char *text);

/* Does the text change, or the file come or go? */
bool file_change_differs(const struct file_change *change);

/* Is there anything to do? */
bool file_changes_any(const struct file_changes *changes);

/* Print the differences, file by file, as removed and added lines. */
void file_changes_print(const struct file_changes *changes, FILE *out);

/*
 * Save the old files in a new folder below @backup_root, then write the new ones, each atomically
 * and with its mode and group. On failure those already written are put back. Nothing is done for
 * files that do not change. Errors, said on standard error: COSMO_E_BUSY (a file is not any more
 * what was shown), COSMO_E_IO.
 */
COSMO_MUST_USE enum cosmo_err file_changes_write(
	struct file_changes *changes, const char *backup_root);

/* Put everything back as it was. Errors: COSMO_E_IO, said on standard error with the backup's
 * place. */
COSMO_MUST_USE enum cosmo_err file_changes_undo(struct file_changes *changes);
