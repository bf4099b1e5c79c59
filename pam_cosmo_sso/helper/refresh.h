/* SPDX-License-Identifier: MIT */
/*
 * A refresh of one user's roles: the refresh token is shown to the IdP, and what it says of the
 * person replaces what the record says (P6). The writer lock is never held while the IdP is asked;
 * whatever comes back counts only for the very sign-in that was asked about. An answer that comes
 * later than the caller can wait is still stored: the IdP may have replaced the token.
 */
#pragma once

#include <stdint.h>

#include "common/base/auto.h"
#include "common/base/err.h"
#include "pam_cosmo_sso/helper/exchange.h"

/* How long the IdP's answer is waited for beyond refresh_timeout, when the caller has got his. */
#define REFRESH_LATE_MS (INT64_C(20) * 1000)

struct refresh;

enum refresh_end {
	REFRESH_DONE,    /* the record is as the IdP says, or somebody else's try made it so */
	REFRESH_REFUSED, /* the IdP's definite no: no role is left */
	REFRESH_OUTAGE,  /* nothing was said about the person: the lease decides */
	REFRESH_DROPPED, /* the sign-in that was asked about is no more; what came was not stored */
	REFRESH_LATE,    /* an outage as far as the caller goes; refresh_finish() waits on */
};

/* As it stands in the log: "done", "refused", "outage", "dropped", "late". */
const char *refresh_word(enum refresh_end end);

/*
 * Refresh the exchange's user, for whom refresh_is_due(), within refresh_timeout in all.
 * *ret_reason is why it was refused or why nobody could be asked, COSMO_OK otherwise. *ret, NULL
 * without memory, is what need not be waited for before the answer is given; the caller owns it.
 * Puts the judge's detail on the exchange's line.
 */
enum refresh_end refresh_run(
	struct exchange *exchange, enum cosmo_err *ret_reason, struct refresh **ret);

/*
 * Wait for a late answer, for REFRESH_LATE_MS in all, and store what it says; logged. Have the IdP
 * revoke a token that came for a sign-in that is no more. Store a new token that could not be
 * stored so far, for REFRESH_NEWER_AGAIN_MS.
 */
void refresh_finish(struct refresh *refresh);

/* Waits for the end of judge and fetch. NULL is allowed. */
void refresh_free(struct refresh *refresh);
COSMO_AUTO_DEFINE(struct refresh *, refresh_free);
