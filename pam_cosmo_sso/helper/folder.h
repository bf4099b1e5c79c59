/* SPDX-License-Identifier: MIT */
/* A private folder and what stands in it; names with a dot in front are not ours. */
#pragma once

#include <dirent.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/base/auto.h"
#include "common/base/err.h"

/* The folder @name below @dir_fd, made (0700) where there is none. The caller closes *ret_fd.
 * Errors: COSMO_E_IO. */
COSMO_MUST_USE enum cosmo_err folder_ensure(int dir_fd, const char *name, int *ret_fd);

/*
 * Hold the lock file @name in @folder_fd, made where there is none, until *ret_fd is closed or this
 * process ends; waits at most @timeout_ms. Errors: COSMO_E_BUSY, COSMO_E_IO.
 */
COSMO_MUST_USE enum cosmo_err folder_lock(
	int folder_fd, const char *name, int64_t timeout_ms, int *ret_fd);

/* The caller closes it: folder_close(). @dir_fd stays open. Errors: COSMO_E_IO. */
COSMO_MUST_USE enum cosmo_err folder_open(int dir_fd, DIR **ret);
void folder_close(DIR *dir);
COSMO_AUTO_DEFINE(DIR *, folder_close);

/* The next name, valid until the next call; NULL at the end. Errors: COSMO_E_IO. */
COSMO_MUST_USE enum cosmo_err folder_next(DIR *dir, const char **ret_name);

/* Remove the files in it, not the folders; *ret_count counts them, *ret_left those that stay.
 * Errors: COSMO_E_IO. */
COSMO_MUST_USE enum cosmo_err folder_clear(int dir_fd, uint64_t *ret_count, uint64_t *ret_left);

/* Errors: COSMO_E_IO. */
COSMO_MUST_USE enum cosmo_err folder_is_empty(int dir_fd, bool *ret);
