/* SPDX-License-Identifier: MIT */
/* Writing users.1.db: in place, slot by slot, or a new file in the old one's place. The writer lock
 * is held. */
#pragma once

#include "common/base/auto.h"
#include "common/base/err.h"
#include "common/base/users_db_map.h"
#include "common/base/users_db_read.h"
#include "pam_cosmo_sso/helper/store.h"

struct users_db_file; /* an open file, or one that is being made */

/* What the file says about its writers. */
struct users_db_state {
	uint64_t shown; /* users that are no tombstones */
	uint64_t used;  /* slots taken */
	uint64_t longs; /* pairs of long texts taken */
	enum users_db_pending pending;
	uint32_t was;                        /* enum users_db_was of a pending user */
	char name[COSMO_MAX_NAME_BYTES + 1]; /* his */
};

/* How large a file is made. */
struct users_db_size {
	uint64_t users; /* at least so many */
	uint64_t longs; /* pairs of long texts */
	uint64_t generation;
};

/* Where one user of a write goes. */
struct users_db_place {
	uint64_t hash;
	uint32_t slot;
	uint32_t long_pair; /* counted from 1; 0: none */
	bool is_new;
	bool was_shown;
};

/*
 * Open the present file for writing. Errors: COSMO_E_STORE_MISSING, COSMO_E_STORE_DAMAGED,
 * COSMO_E_MACHINE, COSMO_E_UNSAFE_FILE, COSMO_E_BUSY, COSMO_E_IO, COSMO_E_NOMEM.
 */
COSMO_MUST_USE enum cosmo_err users_db_file_open(struct store *store, struct users_db_file **ret);

/* Look at every user of it. Errors: COSMO_E_STORE_DAMAGED. */
COSMO_MUST_USE enum cosmo_err users_db_file_verify(const struct users_db_file *file);

/* The same with the present file, which is only read, also while others write: what they are just
 * changing may look damaged then. Errors: those of users_db_map_open(). */
COSMO_MUST_USE enum cosmo_err users_db_file_inspect(struct store *store);

/*
 * Make a new file; nobody sees it before users_db_file_publish(). Fully allocated. Errors:
 * COSMO_E_IO (also a full disk), COSMO_E_MACHINE, COSMO_E_NOMEM, COSMO_E_TOO_BIG.
 */
COSMO_MUST_USE enum cosmo_err users_db_file_make(struct store *store,
	const struct users_db_settings *settings, const struct users_db_size *size,
	struct users_db_file **ret);

/* The same without the lock: nobody else's new file is in its way. Not on each file system
 * (COSMO_E_IO). */
COSMO_MUST_USE enum cosmo_err users_db_file_make_ahead(struct store *store,
	const struct users_db_settings *settings, const struct users_db_size *size,
	struct users_db_file **ret);

/* Bring what is in a file that is being made to the disk: publishing it takes less time then.
 * Errors: COSMO_E_IO. */
COSMO_MUST_USE enum cosmo_err users_db_file_write_out(struct users_db_file *file);

/* A new file twice as large with everybody of @old in it. Errors: as users_db_file_make(),
 * COSMO_E_STORE_DAMAGED. */
COSMO_MUST_USE enum cosmo_err users_db_file_grow(
	struct store *store, const struct users_db_file *old, struct users_db_file **ret);

/* Put a made file in the place of the present one, which is marked superseded. Errors: COSMO_E_IO.
 */
COSMO_MUST_USE enum cosmo_err users_db_file_publish(
	struct store *store, struct users_db_file *file);

void users_db_file_free(struct users_db_file *file);
COSMO_AUTO_DEFINE(struct users_db_file *, users_db_file_free);

const struct users_db_map *users_db_file_map(const struct users_db_file *file);

/* Change it, then users_db_state_save(). */
struct users_db_state *users_db_file_state(struct users_db_file *file);

/* Errors: COSMO_E_IO. */
COSMO_MUST_USE enum cosmo_err users_db_state_save(struct users_db_file *file);
COSMO_MUST_USE enum cosmo_err users_db_file_sync(struct users_db_file *file);

/*
 * Find or choose places for @count users of different names. Errors: COSMO_E_TOO_BIG (no room:
 * grow), COSMO_E_STORE_DAMAGED (also: other ids than before), COSMO_E_INVALID.
 */
COSMO_MUST_USE enum cosmo_err users_db_file_plan(struct users_db_file *file,
	const struct users_db_user *users, struct users_db_place *ret_places, size_t count);

/* Everything of the user's new state but what makes it final. users_db_file_sync() follows.
 * Errors: COSMO_E_IO, COSMO_E_TOO_BIG. */
COSMO_MUST_USE enum cosmo_err users_db_file_fill(
	struct users_db_file *file, const struct users_db_user *user, struct users_db_place *place);

/* Make it final: a new user can be found, a known one's older state is never believed again. Counts
 * him in the state, which is saved later. Errors: COSMO_E_IO, COSMO_E_STORE_DAMAGED. */
COSMO_MUST_USE enum cosmo_err users_db_file_show(struct users_db_file *file,
	const struct users_db_user *user, const struct users_db_place *place);

/* All of this for one user of a file that is being made. */
COSMO_MUST_USE enum cosmo_err users_db_file_put(
	struct users_db_file *file, const struct users_db_user *user);

/* Replace the settings durably. Errors: COSMO_E_IO, COSMO_E_TOO_BIG. */
COSMO_MUST_USE enum cosmo_err users_db_file_put_settings(
	struct users_db_file *file, const struct users_db_settings *settings);
