/* SPDX-License-Identifier: MIT */
/* Where users may have left set-gid files of a role's group: their homes, and folders that
 * everybody may write to. Each has time of its own, so that nobody hides a file by filling another
 * place. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/base/auto.h"
#include "common/base/err.h"
#include "pam_cosmo_sso/helper/our_uids.h"
#include "pam_cosmo_sso/helper/store.h"

struct left_scope {
	const char *user;           /* NULL: everybody of ours */
	const char *const *folders; /* beside the homes; NULL ends them */
	bool strip;                 /* take the bit off; there is more time for it */
};

/* What everybody may write to on any host; for left_scope.folders. */
extern const char *const left_folders[];

#define LEFT_PLACES_BYTES 256

struct left_files {
	uint64_t found;
	uint64_t stripped;
	uint64_t unseen;                /* places that were not wholly looked through */
	enum cosmo_err why;             /* the first reason of that; COSMO_OK: there is none */
	char places[LEFT_PLACES_BYTES]; /* whose homes, and folders, as many as there is room for */
};

/*
 * Look for such files of these users, for a bounded time. What could not be looked through is told
 * in *ret and no error; *ret is filled in either way. No lock is held. Errors: COSMO_E_IO,
 * COSMO_E_NOMEM (not everybody's home is known), and those of users_db_numbers().
 */
COSMO_MUST_USE enum cosmo_err left_files_find(struct store *store, struct our_uids *ours,
	const struct left_scope *scope, struct left_files *ret);
