/* SPDX-License-Identifier: MIT */
/* What a person is told of a refusal where more is known than its one sentence says. */
#pragma once

#include "pam_cosmo_sso/helper/exchange.h"

/* Room for the longest text with the longest name of a host. */
#define REFUSAL_TEXT_BYTES 256

/*
 * After COSMO_E_BUDGET when to try again; after COSMO_E_DISCONNECTED which host that is, and since
 * when if that is known: by what is stored, in this host's time. "": cosmo_err_text() is all that
 * there is to say. For people, and for no decision: what is stored may have changed since.
 */
void refusal_text(
	const struct exchange *exchange, enum cosmo_err outcome, char ret[REFUSAL_TEXT_BYTES]);
