/* SPDX-License-Identifier: MIT */
/* The account phase: may somebody enrolled pass this service now? */
#pragma once

#include "common/base/auto.h"
#include "common/base/err.h"
#include "pam_cosmo_sso/helper/exchange.h"

/*
 * Answer an ACCOUNT and log it. Where the roles were confirmed too long ago (refresh_is_due()) the
 * IdP is asked first; what it definitely says counts, and where it says nothing, the lease.
 * With LOOKS_ONLY that, and whatever else takes a lock, is left open: nothing is logged or sent,
 * and exchange->is_left_open says so.
 *
 * account_finish() is to follow once the answer has been sent. Errors: those of policy_account(),
 * exchange_configure(), exchange_find_record(), and what refresh_is_refusal().
 */
COSMO_MUST_USE enum cosmo_err account_answer(struct exchange *exchange);

/* Wait for an IdP that was too slow for the caller, and store what it says; end the open sessions
 * of somebody who has lost a role, where on_downgrade says so. Nobody waits for this. */
void account_finish(struct exchange *exchange);

/* The same without a log line, and without asking the IdP. */
COSMO_MUST_USE enum cosmo_err account_decide(struct exchange *exchange);
