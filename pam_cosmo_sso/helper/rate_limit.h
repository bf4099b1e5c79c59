/* SPDX-License-Identifier: MIT */
/*
 * How many sign-ins may ask the IdP, at once and per hour. Names never enrolled have a budget of
 * their own, so that guessing them never takes anything from those who are.
 */
#pragma once

#include <stdint.h>

#include "common/base/auto.h"
#include "common/base/err.h"
#include "common/config.h"
#include "pam_cosmo_sso/helper/salt.h"

enum rate_limit_kind {
	RATE_LIMIT_UNKNOWN, /* neither enrolled nor listed */
	RATE_LIMIT_USER,
};

struct rate_limit_request {
	const struct config *config;
	const struct salt *salt;
	enum rate_limit_kind kind;
	const char *user;
	const char *source;  /* PAM_RHOST, or NULL for this host */
	int64_t now_boot_ms; /* fdio_boot_ms() */
};

struct rate_limit;

/*
 * Take this sign-in's place among those at once, and one of the hour's. The place is kept until
 * rate_limit_free() or the end of the process, however it ends. @run_fd is run/private.
 * Bookkeeping that is damaged counts as used up, and is whole again an hour later.
 * Errors: COSMO_E_BUDGET, COSMO_E_BUSY (its lock was not to be had in time), COSMO_E_IO,
 * COSMO_E_UNSAFE_FILE, COSMO_E_NOMEM.
 */
COSMO_MUST_USE enum cosmo_err rate_limit_enter(
	int run_fd, const struct rate_limit_request *request, struct rate_limit **ret);

void rate_limit_free(struct rate_limit *place);
COSMO_AUTO_DEFINE(struct rate_limit *, rate_limit_free);
