/* SPDX-License-Identifier: MIT */
/* One public key: from its JSON members to OpenSSL's form (RFC 7518 section 6, RFC 8037 section 2).
 */
#pragma once

#include <openssl/evp.h>

#include "common/base/auto.h"
#include "common/base/err.h"
#include "pam_cosmo_sso/judge/json.h"
#include "pam_cosmo_sso/judge/jws_alg.h"
#include "pam_cosmo_sso/judge/reason.h"

/* Does @key fit any algorithm we know? */
bool jwk_is_for_signatures(struct json_object *key);

/* Do its "kty", "crv" and "alg" agree with @alg, and is it not kept for something else ("use",
 * "key_ops")? */
bool jwk_fits(struct json_object *key, const struct jws_alg *alg);

/*
 * The caller frees *ret. Errors: COSMO_E_JWS_KEY (member lacks or is malformed, size out of bounds,
 * a point off its curve), COSMO_E_NOMEM.
 */
COSMO_MUST_USE enum cosmo_err jwk_load(struct json_object *key, struct reason *why, EVP_PKEY **ret);
