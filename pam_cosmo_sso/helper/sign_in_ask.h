/* SPDX-License-Identifier: MIT */
/* A sign-in as far as it is between the judge and whoever looks at the code: no decision. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/base/auto.h"
#include "common/base/err.h"
#include "pam_cosmo_sso/helper/exchange.h"
#include "pam_cosmo_sso/helper/judge_client.h"
#include "pam_cosmo_sso/helper/key_doubt.h"

/* How the judge is to go about it. */
struct sign_in_manner {
	enum key_doubt doubt;
	bool explains; /* tell of the values that the rules look at, before the identity */
	bool is_once;  /* nobody is going to keep a refresh token */
};

/* Put the question, as exchange->service has it: its demands, its deadline. Errors: those of
 * judge_put_setup(), judge_ask(). */
COSMO_MUST_USE enum cosmo_err sign_in_ask(
	struct exchange *exchange, struct judge *judge, struct sign_in_manner manner);

/*
 * Wait for the code and pass it on to who asked. *ret_asked: the IdP has answered. Errors: those of
 * judge_next(), show_make(), dialogue_send(); COSMO_E_CANCELLED: there is nobody to pass it to.
 */
COSMO_MUST_USE enum cosmo_err sign_in_show(
	struct exchange *exchange, struct judge *judge, int64_t deadline_boot_ms, bool *ret_asked);

/* What the exchange, which ended with @err, showed about discovery document and keys. */
void sign_in_learn(const struct exchange *exchange, const struct judge *judge, enum key_doubt began,
	enum cosmo_err err);
