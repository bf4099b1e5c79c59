/* SPDX-License-Identifier: MIT */
/* Ending sessions that have lasted too long since they were opened, by the boot clock: the wall
 * clock may have been put ahead. */
#pragma once

#include <stdint.h>
#include <sys/types.h>

#include "common/base/auto.h"
#include "common/base/err.h"
#include "pam_cosmo_sso/helper/store.h"

struct session_age_limit {
	int64_t max_s;
	const char *by; /* for the log */
	pid_t caller;   /* whose own session is spared; see session_end.h */
};

/* End each session that is older; *ret counts those that ended. A failure ends no fewer others.
 * Errors: those of session_each() and session_end(). */
COSMO_MUST_USE enum cosmo_err session_age_enforce(
	struct store *store, const struct session_age_limit *limit, uint64_t *ret);

/* End the recorded sessions of @uid one by one, and nothing else that runs as it: somebody may just
 * be opening another one. Errors: as session_age_enforce(). */
COSMO_MUST_USE enum cosmo_err session_age_end_open(
	struct store *store, uint32_t uid, const char *by, uint64_t *ret);
