/* SPDX-License-Identifier: MIT */
/* The session phase: what is written when a user's session opens and closes. */
#pragma once

#include "common/base/auto.h"
#include "common/base/err.h"
#include "pam_cosmo_sso/helper/exchange.h"

/*
 * Answer an OPEN_SESSION or CLOSE_SESSION and log it. A session that cannot be recorded is refused,
 * for it could not be ended later, and so is one of somebody who was locked, removed or signed out
 * meanwhile: COSMO_E_LOCKED, COSMO_E_REMOVED, COSMO_E_SIGNED_OUT; or whose process began before the
 * host was disconnected: COSMO_E_DISCONNECTED, COSMO_E_INTEGRATION_CHANGED. Other errors:
 * COSMO_E_NOT_ENROLLED, those of caller_process_read(), session_add(), session_remove(),
 * integration_load() and exchange_find_record().
 */
COSMO_MUST_USE enum cosmo_err session_phase_open(struct exchange *exchange);
COSMO_MUST_USE enum cosmo_err session_phase_close(struct exchange *exchange);
