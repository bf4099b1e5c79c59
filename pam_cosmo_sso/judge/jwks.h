/* SPDX-License-Identifier: MIT */
/* The IdP's public keys (RFC 7517) as OpenSSL keys. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include <openssl/evp.h>

#include "common/base/auto.h"
#include "common/base/err.h"
#include "pam_cosmo_sso/judge/jws_alg.h"
#include "pam_cosmo_sso/judge/reason.h"

struct jwks;

#define JWKS_MAX_KEYS     128
#define JWKS_MIN_RSA_BITS 2048
#define JWKS_MAX_RSA_BITS 8192

/* How many keys are loaded before it is known which one is needed: some IdPs have many, and loading
 * one of RSA takes milliseconds. */
#define JWKS_MAX_PREPARED 2

COSMO_AUTO_DEFINE(EVP_PKEY *, EVP_PKEY_free);

/*
 * Parse a key set. Keys of types we do not know, and those not meant for signatures, stay in it
 * unused. The caller owns *ret, jwks_free(). Errors: COSMO_E_IDP_NOT_JSON, COSMO_E_IDP_NO_KEYS (no
 * "keys", none that could verify a signature, more than JWKS_MAX_KEYS), COSMO_E_NOMEM.
 */
COSMO_MUST_USE enum cosmo_err jwks_parse(
	const char *text, size_t len, struct reason *why, struct jwks **ret);

void jwks_free(struct jwks *jwks);
COSMO_AUTO_DEFINE(struct jwks *, jwks_free);

/* How many of its keys could verify a signature by some algorithm we know. */
size_t jwks_count(const struct jwks *jwks);

/*
 * Load one more key that could verify a signature, for jwks_find() to have it at hand: what it
 * finds and refuses stays the same. false: nothing is left to be done.
 */
bool jwks_prepare(struct jwks *jwks);

/*
 * The one key for a token signed by @alg: "kid" equal to @kid (of any key when NULL), "kty" and
 * "crv" as @alg demands, "use" absent or "sig", "alg" absent or @alg's, "key_ops" absent or with
 * "verify". Several that fit are none (OpenID Connect Core 1.0, 10.1). The caller frees *ret.
 * Errors: COSMO_E_JWS_KEY (unknown, unfit, not one, RSA below JWKS_MIN_RSA_BITS or above
 * JWKS_MAX_RSA_BITS, a point off its curve), COSMO_E_NOMEM.
 */
COSMO_MUST_USE enum cosmo_err jwks_find(const struct jwks *jwks, const char *kid,
	const struct jws_alg *alg, struct reason *why, EVP_PKEY **ret);
