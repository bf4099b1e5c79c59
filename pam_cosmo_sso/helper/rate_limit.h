/* SPDX-License-Identifier: MIT */
/*
 * How many sign-ins may ask the IdP, in an hour and at once. What somebody elsewhere can use up is
 * never what a user needs who comes from where he always comes from; and whoever has used up their
 * own is refused for every name alike. See docs/decisions/0010.
 */
#pragma once

#include <stdint.h>

#include "common/base/auto.h"
#include "common/base/err.h"
#include "common/config.h"
#include "pam_cosmo_sso/helper/salt.h"

enum rate_limit_class {
	RATE_LIMIT_UNKNOWN,   /* neither enrolled nor listed */
	RATE_LIMIT_ELSEWHERE, /* enrolled, but from a place he has not signed in from of late */
	RATE_LIMIT_LISTED,    /* listed and not yet enrolled */
	RATE_LIMIT_FAMILIAR,  /* enrolled, from a place he has signed in from */
};

struct rate_limit_request {
	const struct config *config; /* borrowed until rate_limit_free() */
	const struct salt *salt;
	enum rate_limit_class class;
	const char *user;
	const char *place;   /* of struct source */
	int64_t now_boot_ms; /* fdio_boot_ms() */
};

/* For the person and for the log. */
struct rate_limit_refusal {
	int64_t retry_s; /* when it is worth trying again; 0: not known */
	char detail[192];
};

struct rate_limit;

/*
 * Count this sign-in in its hours. @run_fd is run/private, borrowed until rate_limit_free().
 * Bookkeeping that is damaged counts as used up, and is whole again an hour later. Errors, all with
 * *ret_refusal: COSMO_E_BUDGET, COSMO_E_BUSY (a lock was not to be had in time), COSMO_E_IO,
 * COSMO_E_UNSAFE_FILE, COSMO_E_NOMEM.
 */
COSMO_MUST_USE enum cosmo_err rate_limit_count(int run_fd, const struct rate_limit_request *request,
	struct rate_limit_refusal *ret_refusal, struct rate_limit **ret);

/*
 * Take its place among those at once, kept until rate_limit_free() or the end of the process,
 * however it ends. A refusal gives the hours back. Errors: COSMO_E_BUDGET, COSMO_E_IO, with
 * *ret_refusal.
 */
COSMO_MUST_USE enum cosmo_err rate_limit_take(
	struct rate_limit *limit, struct rate_limit_refusal *ret_refusal);

/* Give back what rate_limit_count() counted: the sign-in succeeded, or never reached the IdP. */
void rate_limit_give_back(struct rate_limit *limit);

void rate_limit_free(struct rate_limit *limit);
COSMO_AUTO_DEFINE(struct rate_limit *, rate_limit_free);
