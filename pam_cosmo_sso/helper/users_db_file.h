/* SPDX-License-Identifier: MIT */
/* The inside of a users.1.db that is open for writing; for the users_db_*.c of this folder. */
#pragma once

#include "common/base/users_db_pair.h"
#include "pam_cosmo_sso/helper/users_db_write.h"

struct users_db_file {
	int fd;
	const struct users_db_map *map;
	uint64_t *image; /* of a file that is being made; NULL: in place */
	size_t image_bytes;
	bool is_unnamed; /* only this descriptor leads to it */
	struct users_db_state state;
};

/* All stores to the file go through this one. Errors: COSMO_E_IO. */
COSMO_MUST_USE enum cosmo_err users_db_file_store(
	struct users_db_file *file, size_t at, const uint64_t *words, size_t count);

/* Read the state at opening. Errors: COSMO_E_STORE_DAMAGED. */
COSMO_MUST_USE enum cosmo_err users_db_state_load(struct users_db_file *file);

/*
 * Overwrite the copy of a pair that is not @newest (-1: neither is whole). It counts at once, but
 * until users_db_file_raise() the other one does too if it is damaged. Errors: COSMO_E_IO,
 * COSMO_E_TOO_BIG (a new file counts from the start).
 */
COSMO_MUST_USE enum cosmo_err users_db_file_overwrite(struct users_db_file *file,
	const struct users_db_pair *pair, uint64_t *words, size_t count, int newest);

/* The copy written last is durable: never believe an older one again. Errors: COSMO_E_IO. */
COSMO_MUST_USE enum cosmo_err users_db_file_raise(
	struct users_db_file *file, const struct users_db_pair *pair);
