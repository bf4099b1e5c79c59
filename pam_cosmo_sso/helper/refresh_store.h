/* SPDX-License-Identifier: MIT */
/*
 * What a refresh writes, step by step, each under the writer lock of its own; a new token is in
 * refresh_newer.h. Each step reads the record again, and writes only while it is of the sign-in
 * that was asked about; else it is COSMO_E_SIGNED_OUT, and nothing is stored.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/auto.h"
#include "common/base/err.h"
#include "pam_cosmo_sso/helper/exchange.h"
#include "pam_cosmo_sso/helper/identity.h"
#include "pam_cosmo_sso/helper/refresh_sign_in.h"

/*
 * Note durably that the user's refresh token is about to be shown to the IdP. *ret_is_due is false,
 * and nothing is written, where a refresh is not due any more. Errors: store_lock(), record_load(),
 * commit_unshown().
 */
COSMO_MUST_USE enum cosmo_err refresh_store_asked(
	struct exchange *exchange, struct refresh_sign_in *ret, bool *ret_is_due);

/*
 * The same for several users with one series of syncs. In each @questions is told whether it was
 * noted (.is_due), and an error of its own. Errors: store_lock(), and COSMO_E_INVALID for more than
 * REFRESH_STORE_MAX; nothing was noted then.
 */
#define REFRESH_STORE_MAX ((size_t)32)

struct refresh_question {
	struct exchange *exchange;
	struct refresh_sign_in *asked; /* empty */
	bool is_due;
	enum cosmo_err err;
};

COSMO_MUST_USE enum cosmo_err refresh_store_all_asked(
	struct store *store, struct refresh_question *questions, size_t count);

/* What refresh_store_identity() would say of it just now, as far as the person and his roles go.
 * Takes no lock and writes nothing. Errors: the IdP's no as there, COSMO_E_RULE_ROLE,
 * record_load().
 */
COSMO_MUST_USE enum cosmo_err refresh_store_judge(
	struct exchange *exchange, const struct identity *who);

/*
 * Store what the IdP says of the person. The IdP's no is stored as well, and returned whether it
 * could be or not: COSMO_E_OTHER_SUBJECT, COSMO_E_RENAMED, COSMO_E_CLAIM_MISSING, COSMO_E_NO_ROLE;
 * see refresh_is_refusal(). Other errors: COSMO_E_SIGNED_OUT, COSMO_E_RULE_ROLE, store_lock(),
 * record_load(), commit_settings(), commit_user().
 */
COSMO_MUST_USE enum cosmo_err refresh_store_identity(
	struct exchange *exchange, const struct refresh_sign_in *asked, const struct identity *who);

/* The same for several users with one series of syncs; how each ended is told in .err. Errors:
 * store_lock(), and COSMO_E_INVALID for more than REFRESH_STORE_MAX; nothing was stored then. */
struct refresh_answer {
	struct exchange *exchange;
	const struct refresh_sign_in *asked;
	const struct identity *identity;
	enum cosmo_err err;
};

COSMO_MUST_USE enum cosmo_err refresh_store_identities(struct store *store,
	const struct config *config, struct refresh_answer *answers, size_t count);

/* Store that the IdP refuses the token. Always an error: COSMO_E_INVALID_GRANT, or
 * COSMO_E_REFRESH_INTERRUPTED where it may have been spent before; COSMO_E_SIGNED_OUT. */
enum cosmo_err refresh_store_refusal(
	struct exchange *exchange, const struct refresh_sign_in *asked);

/* Forget that the token was shown: it was not, or the IdP cannot have taken it for spent. Where a
 * new one came that is not stored it was spent, and nothing is forgotten. */
void refresh_store_unspent(struct exchange *exchange, const struct refresh_sign_in *asked);

/* Does @err, of the judge, mean that the token was not spent? */
bool refresh_is_unspent(enum cosmo_err err);

/* Does @err, of one of these functions, mean that the person has no role any more? */
bool refresh_is_refusal(enum cosmo_err err);
