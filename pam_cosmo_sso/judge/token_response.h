/* SPDX-License-Identifier: MIT */
/* The successful answer of a token endpoint (RFC 6749 section 5.1, OpenID Connect
 * Core 1.0, 3.1.3.3).
 */
#pragma once

#include <stdint.h>

#include "common/base/auto.h"
#include "common/base/err.h"
#include "common/base/secret.h"
#include "common/message.h"
#include "pam_cosmo_sso/judge/json.h"
#include "pam_cosmo_sso/judge/reason.h"

#define TOKEN_RESPONSE_MAX_REFRESH_BYTES ((size_t)16 * 1024)

struct token_response {
	struct cosmo_secret *id_token;
	struct cosmo_secret *access_token;  /* NULL: none, or not of type Bearer */
	struct cosmo_secret *refresh_token; /* NULL: none */
	int64_t refresh_expires_in_s;       /* 0: not told, or never */
	int64_t date_s;                     /* the IdP's clock then; 0: not told */
};

/*
 * Take the tokens out of @json; @date_s is of the response it came in. The caller owns *ret,
 * token_response_free(). Errors: COSMO_E_NO_ID_TOKEN, COSMO_E_IDP_FIELD (a token that is no text,
 * or too long), COSMO_E_NOMEM.
 */
COSMO_MUST_USE enum cosmo_err token_response_parse(
	struct json_object *json, int64_t date_s, struct reason *why, struct token_response **ret);

/*
 * The same of the answer to a refresh (RFC 6749 section 6, OpenID Connect Core 1.0, 12.2), which
 * need not have an ID token. An ID token or an access token that cannot be used is as if it were
 * not there: nothing may keep a new refresh token from being stored. Errors: COSMO_E_IDP_FIELD (the
 * refresh token itself), COSMO_E_NOMEM.
 */
COSMO_MUST_USE enum cosmo_err token_response_parse_refreshed(
	struct json_object *json, int64_t date_s, struct reason *why, struct token_response **ret);

/* Put the refresh token, if there is one, and how long it lives into a JUDGE_IDENTITY or a
 * JUDGE_TOKEN. */
void token_response_put_refresh(const struct token_response *response, struct message *message);

void token_response_free(struct token_response *response);
COSMO_AUTO_DEFINE(struct token_response *, token_response_free);
