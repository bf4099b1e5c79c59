/* SPDX-License-Identifier: MIT */
/* The inside of a users.1.db that is open for writing; for users_db_write.c and users_db_make.c. */
#pragma once

#include "common/base/users_db_pair.h"
#include "pam_cosmo_sso/helper/users_db_write.h"

struct users_db_file {
	int fd;
	const struct users_db_map *map;
	uint64_t *image; /* of a file that is being made; NULL: in place */
	size_t image_bytes;
};

/* All stores to the file go through these two. Errors: COSMO_E_IO. */
COSMO_MUST_USE enum cosmo_err users_db_file_store(
	struct users_db_file *file, size_t at, const uint64_t *words, size_t count);
COSMO_MUST_USE enum cosmo_err users_db_file_sync(struct users_db_file *file);

/* Overwrite the older copy of a pair, then raise its current word. @valid: the newest whole copy,
 * or -1. Errors: COSMO_E_IO, COSMO_E_TOO_BIG. */
COSMO_MUST_USE enum cosmo_err users_db_file_put_pair(struct users_db_file *file,
	const struct users_db_pair *pair, uint64_t *words, size_t count, int valid);
