/* SPDX-License-Identifier: MIT */
/* The sign-in that a refresh asks about, and a new token that came for it. Meanwhile anything may
 * happen to the user: an administrator signs him out, the host is disconnected, he signs in anew.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/base/auto.h"
#include "common/base/err.h"
#include "common/base/gate.h"
#include "common/base/secret.h"
#include "pam_cosmo_sso/helper/exchange.h"
#include "pam_cosmo_sso/helper/records.h"

struct refresh_sign_in {
	struct cosmo_secret *token; /* as it stands in the record */
	struct cosmo_secret *newer; /* one that could not be stored; NULL: none */
	int64_t newer_expires_s;
	unsigned char integration[INTEGRATION_BYTES];
	int64_t signed_in_s;
	uint32_t sign_outs;
	bool was_interrupted; /* an earlier refresh was asked for, and nobody knows what came of it
			       */
};

void refresh_sign_in_done(struct refresh_sign_in *asked);
COSMO_AUTO_DEFINE(struct refresh_sign_in *, refresh_sign_in_done);

/* That of @record, which has a refresh token. Errors: COSMO_E_NOMEM. */
COSMO_MUST_USE enum cosmo_err refresh_sign_in_read(
	const struct record *record, struct refresh_sign_in *ret);

/* The record as it is now, if it is still of that sign-in, and the gate is open for it; the caller
 * frees *ret. Lock held. Errors: COSMO_E_SIGNED_OUT (it is not), record_load(). */
COSMO_MUST_USE enum cosmo_err refresh_sign_in_find(
	struct exchange *exchange, const struct refresh_sign_in *asked, struct record **ret);
