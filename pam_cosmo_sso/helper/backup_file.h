/* SPDX-License-Identifier: MIT */
/*
 * The file of a backup, as docs/backup.md describes it: a first line, entries one behind the other,
 * each with a check of its own, and a last one that counts them. The checks are against damage, not
 * against root, whose file it is.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "common/base/auto.h"
#include "common/base/err.h"
#include "common/base/parse.h"

#define BACKUP_MAX_DATA_BYTES ((size_t)256 * 1024)

struct backup_entry {
	char kind[16];
	char name[COSMO_MAX_NAME_BYTES + 1]; /* "-": none */
	const char *data;                    /* with a NUL behind it that does not count */
	size_t len;
	uint64_t at; /* where in the file it begins */
};

struct backup_writer;

/* Write to @fd, which stays the caller's, from where it stands. The caller owns *ret:
 * backup_writer_free(). Errors: COSMO_E_NOMEM, COSMO_E_IO. */
COSMO_MUST_USE enum cosmo_err backup_writer_new(int fd, struct backup_writer **ret);
void backup_writer_free(struct backup_writer *writer);
COSMO_AUTO_DEFINE(struct backup_writer *, backup_writer_free);

/* Errors: COSMO_E_IO (also a full disk), COSMO_E_TOO_BIG. */
COSMO_MUST_USE enum cosmo_err backup_writer_put(struct backup_writer *writer, const char *kind,
	const char *name, const void *data, size_t len);

/* The last entry; nothing follows it. Not synced. Errors: COSMO_E_IO. */
COSMO_MUST_USE enum cosmo_err backup_writer_end(struct backup_writer *writer);

/* What is wrong with a file, and where. */
struct backup_problem {
	uint64_t at;
	const char *text; /* NULL: nothing is */
};

typedef enum cosmo_err (*backup_visitor)(void *context, const struct backup_entry *entry);

/*
 * Read the file behind @fd from its beginning to its end, and give @visit each entry but the last.
 * Its first error ends the reading and is returned. Errors: COSMO_E_FORMAT (not a backup, another
 * version, cut off, damaged, or with something behind the end; *ret_problem says it), COSMO_E_IO,
 * COSMO_E_NOMEM.
 */
COSMO_MUST_USE enum cosmo_err backup_read(
	int fd, backup_visitor visit, void *context, struct backup_problem *ret_problem);
