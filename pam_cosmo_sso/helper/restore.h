/* SPDX-License-Identifier: MIT */
/* Putting back what backup() wrote. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/base/auto.h"
#include "common/base/err.h"
#include "common/config.h"
#include "pam_cosmo_sso/helper/backup_file.h"
#include "pam_cosmo_sso/helper/store.h"

struct restore_order {
	const char *path;
	bool replace; /* the users that are there */
	bool dry_run; /* judge the file, and whether it could be put back here; change nothing */
};

struct restore_report {
	uint64_t users;
	uint64_t uids;
	bool is_connected; /* what COSMO_E_EXISTS means: the host is; else there are users */
	bool is_file;      /* the failure is that of opening the file */
	bool is_in_place;  /* the store is the restored one by now, whatever is returned */
	struct backup_problem problem;
};

/*
 * The whole file is judged first; then a private folder is made of it beside the one in force, and
 * takes its place in one step: before it the store is the old one, after it the restored one, and
 * that is nobody's yet: disconnected, with the reason "restored", until adopt(). Who had the old
 * one open writes no more (store_lock()). Then users.db is made anew. Takes the lock of @store,
 * which is of no use any more afterwards. @paths: where it stands.
 *
 * Errors: COSMO_E_EXISTS (see the report), COSMO_E_FORMAT (likewise), COSMO_E_INVALID (there
 * is no such file), COSMO_E_UNSAFE_FILE (with is_file: it must be root's, and nobody else's to
 * write; else of the store), COSMO_E_TOO_BIG, COSMO_E_BUSY, COSMO_E_IO (also a full disk, or a file
 * system that cannot exchange two folders), COSMO_E_NOMEM.
 */
COSMO_MUST_USE enum cosmo_err restore(struct store *store, const struct store_paths *paths,
	const struct config *config, const struct restore_order *order, struct restore_report *ret);

/* Remove what a restore that broke off has left beside. Lock held. Errors: COSMO_E_IO. */
COSMO_MUST_USE enum cosmo_err restore_drop_remains(struct store *store);
