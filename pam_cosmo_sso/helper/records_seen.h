/* SPDX-License-Identifier: MIT */
/*
 * Going through all records without the lock, and then, with it, through those alone that others
 * have written meanwhile. A record is one file that is replaced, never changed: inode and time of
 * change tell whether it is still the one that was seen.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <time.h>

#include "common/base/auto.h"
#include "common/base/err.h"
#include "common/base/parse.h"
#include "pam_cosmo_sso/helper/store.h"

/* A record's file as it was when it was visited. */
struct record_seen {
	char name[COSMO_MAX_NAME_BYTES + 1];
	ino_t inode;
	struct timespec changed;
	bool is_damaged; /* the visitor's word */
};

struct records_seen {
	struct record_seen *items; /* the first @sorted by name */
	size_t sorted;
	size_t count;
	size_t size;
	size_t present;     /* so many were there the last time */
	bool damaged_again; /* those are visited each time */
};

void records_seen_done(struct records_seen *seen);
COSMO_AUTO_DEFINE(struct records_seen *, records_seen_done);

/*
 * Call @visit for each record that is new, or another file than when it was visited last, in no
 * order; stops at the first error. Errors: COSMO_E_BUSY (more than @limit of them), COSMO_E_IO,
 * COSMO_E_NOMEM, those of @visit.
 */
typedef enum cosmo_err (*records_seen_visitor)(void *context, struct record_seen *record);
COSMO_MUST_USE enum cosmo_err records_seen_visit(struct records_seen *seen,
	const struct store *store, size_t limit, records_seen_visitor visit, void *context);
