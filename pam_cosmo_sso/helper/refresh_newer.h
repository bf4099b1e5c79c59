/* SPDX-License-Identifier: MIT */
/* The refresh token that the IdP gives in the place of the one that it was shown, which is spent
 * then: it is stored before anything else, or tried for again. */
#pragma once

#include <stdint.h>

#include "common/base/auto.h"
#include "common/base/err.h"
#include "common/message.h"
#include "pam_cosmo_sso/helper/refresh_sign_in.h"

/* Store the token of a JUDGE_TOKEN in the place of the one that was shown. One that cannot be
 * stored is kept in @asked for refresh_store_identity() or refresh_newer_again(). Errors:
 * COSMO_E_SIGNED_OUT, COSMO_E_PROTOCOL (no token any record could hold), store_lock(),
 * record_load(), commit_unshown(). */
COSMO_MUST_USE enum cosmo_err refresh_newer_store(
	struct exchange *exchange, struct refresh_sign_in *asked, const struct message *message);

/* Try again to store the token that could not be stored, once and until @deadline_boot_ms, whatever
 * the IdP said of the person. Errors: as refresh_newer_store(), but for COSMO_E_PROTOCOL. */
#define REFRESH_NEWER_AGAIN_MS INT64_C(20000) /* how long it is worth trying */
COSMO_MUST_USE enum cosmo_err refresh_newer_again(
	struct exchange *exchange, struct refresh_sign_in *asked, int64_t deadline_boot_ms);

/* Put it into @record, if there is one that is not stored yet; the doubt about the one that was
 * shown is over with it. Errors: COSMO_E_NOMEM. */
COSMO_MUST_USE enum cosmo_err refresh_newer_take(
	const struct refresh_sign_in *asked, struct record *record);
