/* SPDX-License-Identifier: MIT */
/* One sign-in: from the module's question, over the code in the browser, to the decision. */
#pragma once

#include "common/base/auto.h"
#include "common/base/err.h"
#include "pam_cosmo_sso/helper/exchange.h"

/*
 * Answer a SIGN_IN: sends SHOW in between, unless the person has signed in recently (recent.h) and
 * the service goes by that; the caller sends the RESULT. COSMO_OK only after the decision is
 * durable. Logged once, but for COSMO_E_NOT_OURS, which decides nothing. The end of the module's
 * socket ends everything (COSMO_E_CANCELLED), with nothing written. Errors: those of
 * admission_check(), judge_start(), judge_put_setup(), judge_ask(), judge_next() and
 * decision_make().
 */
COSMO_MUST_USE enum cosmo_err sign_in_answer(struct exchange *exchange);
