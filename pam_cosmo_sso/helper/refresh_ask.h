/* SPDX-License-Identifier: MIT */
/* One question to the IdP about one sign-in: the refresh token is shown, once, and what comes back
 * is handed on; a new token is stored on the way. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/base/auto.h"
#include "common/base/err.h"
#include "common/message.h"
#include "pam_cosmo_sso/helper/exchange.h"
#include "pam_cosmo_sso/helper/judge_client.h"
#include "pam_cosmo_sso/helper/key_doubt.h"
#include "pam_cosmo_sso/helper/refresh_sign_in.h"

struct refresh_ask {
	struct exchange *exchange;     /* borrowed */
	struct refresh_sign_in *asked; /* about whom; of refresh_store_asked(); borrowed */
	int64_t deadline_boot_ms;      /* how long the exchange may last in all */
	struct judge *judge;
	enum key_doubt doubt;
};

/* NULL is allowed. */
void refresh_ask_done(struct refresh_ask *ask);
COSMO_AUTO_DEFINE(struct refresh_ask *, refresh_ask_done);

/* Start judge and fetch, which take their time; they are told nothing. Errors: those of
 * judge_start(). */
COSMO_MUST_USE enum cosmo_err refresh_ask_start(struct refresh_ask *ask);

/* Put the question, to those that refresh_ask_start() started, if it did. Errors: those of
 * refresh_ask_start(), judge_put_setup() and judge_ask(): nobody was shown the token. */
COSMO_MUST_USE enum cosmo_err refresh_ask_begin(struct refresh_ask *ask);

/*
 * What the IdP says of the person, JUDGE_IDENTITY; the caller frees *ret. COSMO_E_DEADLINE: nothing
 * has begun by @until_boot_ms, and before the deadline it can be waited for again. With
 * *ret_is_over the sign-in is no more, and nothing was stored; a token that came for it is in
 * asked->newer. Errors: those of judge_next_until().
 */
COSMO_MUST_USE enum cosmo_err refresh_ask_next(
	struct refresh_ask *ask, int64_t until_boot_ms, struct message **ret, bool *ret_is_over);

/* Keep what this showed about discovery document and keys: it @ended well, or why it did not. */
void refresh_ask_learn(const struct refresh_ask *ask, enum cosmo_err ended);

/* Have the IdP revoke a token that came for a sign-in that is no more, if it can (RFC 7009): who
 * signed the person out meant this one as well. What is not revoked dies there of age. One that the
 * user's record holds is left alone: that is not this sign-in's to end. */
void refresh_ask_revoke(const struct exchange *exchange, const struct cosmo_secret *token);

/* The last thing that can be done for a token that could not be stored: try again for
 * REFRESH_NEWER_AGAIN_MS, or have the IdP revoke it where its sign-in is no more. */
void refresh_ask_keep(struct exchange *exchange, struct refresh_sign_in *asked);
