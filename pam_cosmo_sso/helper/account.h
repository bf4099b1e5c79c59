/* SPDX-License-Identifier: MIT */
/* The account phase: may somebody enrolled pass this service now? */
#pragma once

#include "common/base/auto.h"
#include "common/base/err.h"
#include "pam_cosmo_sso/helper/exchange.h"

/* Answer an ACCOUNT and log it. Errors: those of policy_account(), exchange_configure(),
 * exchange_find_record(). */
COSMO_MUST_USE enum cosmo_err account_answer(struct exchange *exchange);

/* The same without a log line. */
COSMO_MUST_USE enum cosmo_err account_decide(struct exchange *exchange);
