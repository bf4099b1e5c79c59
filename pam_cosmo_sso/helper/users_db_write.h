/* SPDX-License-Identifier: MIT */
/* Writing users.1.db: in place, one slot at a time, or a new file in the old one's place. */
#pragma once

#include "common/base/auto.h"
#include "common/base/err.h"
#include "common/base/users_db_map.h"
#include "common/base/users_db_read.h"
#include "pam_cosmo_sso/helper/store.h"

struct users_db_file; /* an open file, or one that is being made; the writer lock is held */

/* Open the present file for writing. Errors: COSMO_E_STORE_MISSING, COSMO_E_STORE_DAMAGED,
 * COSMO_E_MACHINE, COSMO_E_UNSAFE_FILE, COSMO_E_IO, COSMO_E_NOMEM. */
COSMO_MUST_USE enum cosmo_err users_db_file_open(struct store *store, struct users_db_file **ret);

/*
 * Make a new file for at least @users users; nobody sees it before users_db_file_publish(). Fully
 * allocated. Errors: COSMO_E_IO (also a full disk), COSMO_E_MACHINE, COSMO_E_NOMEM,
 * COSMO_E_TOO_BIG.
 */
COSMO_MUST_USE enum cosmo_err users_db_file_make(struct store *store,
	const struct users_db_settings *settings, uint64_t users, struct users_db_file **ret);

void users_db_file_free(struct users_db_file *file);
COSMO_AUTO_DEFINE(struct users_db_file *, users_db_file_free);

const struct users_db_map *users_db_file_map(const struct users_db_file *file);

/* Write a user: the older copy of a known one, or a new slot. Errors: COSMO_E_IO,
 * COSMO_E_STORE_DAMAGED, COSMO_E_TOO_BIG (no room: grow). */
COSMO_MUST_USE enum cosmo_err users_db_file_put(
	struct users_db_file *file, const struct users_db_user *user);

/* Replace the settings. Errors: COSMO_E_IO. */
COSMO_MUST_USE enum cosmo_err users_db_file_put_settings(
	struct users_db_file *file, const struct users_db_settings *settings);

/* Put a made file in the place of the present one, which is marked superseded. Errors: COSMO_E_IO.
 */
COSMO_MUST_USE enum cosmo_err users_db_file_publish(
	struct store *store, struct users_db_file *file);

/* Users that are shown. */
uint64_t users_db_file_used(const struct users_db_file *file);
