/* SPDX-License-Identifier: MIT */
/* The folders of the store and its writer lock. */
#pragma once

#include <stdint.h>

#include "common/base/auto.h"
#include "common/base/err.h"
#include "common/base/gate.h"
#include "common/base/users_db_read.h"

/* Where the store stands; tests use their own. */
struct store_paths {
	const char *state_dir;       /* COSMO_STATE_DIR: users.1.db, private/ */
	const char *cache_dir;       /* COSMO_CACHE_DIR */
	const char *run_dir;         /* COSMO_RUN_DIR: gate, private/ */
	const char *machine_id_path; /* /etc/machine-id */
};

extern const struct store_paths store_default_paths;

struct store;

/*
 * Open the folders; creates missing ones (private ones 0700) and refuses such as belong to others
 * or are writable by others. The caller owns it: store_free(). Errors: COSMO_E_UNSAFE_FILE,
 * COSMO_E_IO, COSMO_E_NOMEM.
 */
COSMO_MUST_USE enum cosmo_err store_open(const struct store_paths *paths, struct store **ret);

/*
 * Open what a look at one user needs, and create nothing: the descriptors of cache_dir, and of all
 * folders but STORE_USERS, are -1. The caller owns it: store_free(). Errors: COSMO_E_NOT_FOUND (not
 * all of it is there, or can be opened), COSMO_E_UNSAFE_FILE, COSMO_E_IO, COSMO_E_NOMEM.
 */
COSMO_MUST_USE enum cosmo_err store_look(const struct store_paths *paths, struct store **ret);
void store_free(struct store *store);
COSMO_AUTO_DEFINE(struct store *, store_free);

/* Borrowed descriptors of state_dir/private, cache_dir, run_dir/private, state_dir. */
int store_private_fd(const struct store *store);
int store_cache_fd(const struct store *store);
int store_run_fd(const struct store *store);
int store_state_fd(const struct store *store);
int store_run_public_fd(const struct store *store); /* run_dir itself: the gate's folder */

/* Folders below private/, each 0700. */
enum store_folder {
	STORE_USERS,    /* one record per enrolled name, tombstones included */
	STORE_SUBJECTS, /* from persons to names */
	STORE_UIDS,     /* from uids to names, for ever */
	STORE_NAMES,    /* from names to uids, for ever */
	STORE_LISTED,   /* names listed for enrolment */
	STORE_FOLDERS,
};
int store_folder_fd(const struct store *store, enum store_folder folder);

/* Readers over this store's files (for one-shot processes). Borrowed. */
struct gate_reader *store_gate(struct store *store);
struct users_db *store_users_db(struct store *store);

/* The hash of /etc/machine-id that users.db and integration hold, see machine_hash_read(). Errors:
 * COSMO_E_MACHINE (missing, empty, "uninitialized"). */
COSMO_MUST_USE enum cosmo_err store_machine_hash(const struct store *store, uint64_t *ret_hash);

/* The one writer lock (flock); waits at most @timeout_ms. Never held across network or
 * conversation. Nests within one struct store. Errors: COSMO_E_BUSY (also: a restore has put
 * another private folder in the place of the one that is open here), COSMO_E_IO. */
#define STORE_LOCK_MS 2000
/* Who waits tries this often: whoever takes the lock again and again leaves it alone for longer. */
#define STORE_LOCK_POLL_MS 10
COSMO_MUST_USE enum cosmo_err store_lock(struct store *store, int64_t timeout_ms);
void store_unlock(struct store *store);
