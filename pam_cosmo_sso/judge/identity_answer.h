/* SPDX-License-Identifier: MIT */
/* JUDGE_IDENTITY: who the claims are about, and what the rules make of them. */
#pragma once

#include <stdint.h>

#include "common/base/auto.h"
#include "common/base/err.h"
#include "pam_cosmo_sso/judge/claims.h"
#include "pam_cosmo_sso/judge/request.h"
#include "pam_cosmo_sso/judge/setup.h"
#include "pam_cosmo_sso/judge/token_response.h"

/* Who signed in, with the refresh token. Errors: those of person_read_rules(), person_put(),
 * claims_uid(), COSMO_E_TOKEN_CLAIM (the uid claim is missing), request_send(). */
COSMO_MUST_USE enum cosmo_err identity_answer_sign_in(struct request *request,
	const struct setup *setup, const struct claim_sources *sources,
	const struct token_response *tokens);

/*
 * Whom a refresh is about. The IdP's clock is @id_token's, else @date_s; @id_token is NULL where
 * the claims are userinfo's, which nobody signed: what those say of times counts for nothing. No
 * uid, for ids never change, and no refresh token: JUDGE_TOKEN has told it. Errors: those of
 * person_read_rules(), person_put_again(), request_send().
 */
COSMO_MUST_USE enum cosmo_err identity_answer_refresh(struct request *request,
	const struct setup *setup, const struct claim_sources *sources,
	struct json_object *id_token, int64_t date_s);
