/* SPDX-License-Identifier: MIT */
/* Signed tokens in compact form (RFC 7515 section 7.1); nothing of them is believed before the
 * signature. */
#pragma once

#include <stddef.h>

#include <openssl/evp.h>

#include "common/base/auto.h"
#include "common/base/err.h"
#include "pam_cosmo_sso/judge/jws_alg.h"
#include "pam_cosmo_sso/judge/reason.h"

struct jws;

#define JWS_MAX_TOKEN_BYTES ((size_t)64 * 1024)
#define JWS_MAX_KID_BYTES   512

/*
 * Take a token apart. The algorithm is the header's, but only if we know it and it is in @allowed;
 * "jwk", "jku", "x5u", "x5c" are never obeyed. @token is borrowed until jws_free(). The caller owns
 * *ret. Errors: COSMO_E_JWS_FORM (not three parts of strict base64url, header no JSON object or
 * malformed, too long), COSMO_E_JWS_ALG, COSMO_E_JWS_CRIT (any "crit" member), COSMO_E_NOMEM.
 */
COSMO_MUST_USE enum cosmo_err jws_parse(const char *token, size_t len,
	const struct jws_allowed *allowed, struct reason *why, struct jws **ret);

void jws_free(struct jws *jws);
COSMO_AUTO_DEFINE(struct jws *, jws_free);

const struct jws_alg *jws_alg(const struct jws *jws);

/* The "kid" header, NULL if there is none. Borrowed. */
const char *jws_kid(const struct jws *jws);

/*
 * Verify the signature; only then is the payload told (borrowed, a NUL behind it). @key must be one
 * that jwks_find() chose for jws_alg(). Errors: COSMO_E_JWS_SIGNATURE, COSMO_E_NOMEM.
 */
COSMO_MUST_USE enum cosmo_err jws_verify(const struct jws *jws, EVP_PKEY *key, struct reason *why,
	const char **ret_payload, size_t *ret_len);
