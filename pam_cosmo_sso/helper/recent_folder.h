/* SPDX-License-Identifier: MIT */
/* The folder of recent sign-ins, run/private/recent, where the end of the boot forgets them.
 * @run_fd is run/private in all of these. */
#pragma once

#include "common/base/auto.h"
#include "common/base/err.h"
#include "pam_cosmo_sso/helper/recent_marker.h"

/* Write it, in the place of an older one of the name. Errors: COSMO_E_TOO_BIG,
 * COSMO_E_IO, COSMO_E_NOMEM. */
COSMO_MUST_USE enum cosmo_err recent_folder_save(int run_fd, const struct recent_marker *marker);

/* The caller owns *ret. Errors: COSMO_E_NOT_FOUND, COSMO_E_STORE_DAMAGED, COSMO_E_UNSAFE_FILE,
 * COSMO_E_IO, COSMO_E_NOMEM. */
COSMO_MUST_USE enum cosmo_err recent_folder_load(
	int run_fd, const struct recent_name *name, struct recent_marker **ret);

/* Load and remove it; of several who try one gets it. Errors: as recent_folder_load(). */
COSMO_MUST_USE enum cosmo_err recent_folder_take(
	int run_fd, const struct recent_name *name, struct recent_marker **ret);

/* None there is no error. Errors: COSMO_E_IO. */
COSMO_MUST_USE enum cosmo_err recent_folder_remove(int run_fd, const struct recent_name *name);

/* Call @visit for each, in no order; stops at the first error and returns it. Errors: COSMO_E_IO.
 */
typedef enum cosmo_err (*recent_visitor)(void *context, const struct recent_name *name);
COSMO_MUST_USE enum cosmo_err recent_folder_each(int run_fd, recent_visitor visit, void *context);

/* Remove those of the users of @records that do not fit their records any more. Errors: COSMO_E_IO,
 * COSMO_E_NOMEM. */
COSMO_MUST_USE enum cosmo_err recent_folder_settle(
	int run_fd, const struct record *const *records, size_t count);

/* Remove all. Errors: COSMO_E_IO. */
COSMO_MUST_USE enum cosmo_err recent_folder_clear(int run_fd);
