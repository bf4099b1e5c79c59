/* SPDX-License-Identifier: MIT */
/* Replacing private files in two steps, so that a batch can share its syncs. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "common/base/auto.h"
#include "common/base/err.h"

/*
 * Write @data beside @name in @dir_fd, 0600; @sync: durably. Nothing is seen of it before
 * staged_file_settle(). Errors: COSMO_E_IO, COSMO_E_INVALID (the name is too long).
 */
COSMO_MUST_USE enum cosmo_err staged_file_write(
	int dir_fd, const char *name, const void *data, size_t len, bool sync);

/* Put it in the place of @name. The caller syncs @dir_fd. Errors: COSMO_E_IO, COSMO_E_INVALID. */
COSMO_MUST_USE enum cosmo_err staged_file_settle(int dir_fd, const char *name);

/* Remove what was staged, if anything was. The caller syncs @dir_fd. */
void staged_file_drop(int dir_fd, const char *name);

/* Is anything staged in the folder? Errors: COSMO_E_IO. */
COSMO_MUST_USE enum cosmo_err staged_file_any(int dir_fd, bool *ret);

/* Remove whatever is staged in the folder, of any name, durably. Errors: COSMO_E_IO. */
COSMO_MUST_USE enum cosmo_err staged_file_drop_all(int dir_fd);
