/* SPDX-License-Identifier: MIT */
/* Keys made at test time, in every form a test needs, and tokens signed with them. */
#pragma once

#include <openssl/evp.h>

/* All of these end the test when they fail; what they return is the caller's to free. */

/* @kind: "ED25519", "ED448" or "X25519"; @curve is OpenSSL's name. */
EVP_PKEY *signer_new_rsa(unsigned int bits);
EVP_PKEY *signer_new_ec(const char *curve);
EVP_PKEY *signer_new(const char *kind);

/* base64url without padding. */
char *signer_b64url(const void *bytes, size_t len);

/*
 * The public key as a JWK; @members, such as "\"kid\":\"1\"", stand behind the key's own, NULL:
 * none.
 */
char *signer_jwk(EVP_PKEY *key, const char *members);

/* {"keys":[...]} of JWKs, the last one NULL. */
char *signer_jwks(const char *first, ...);

/* header.payload.signature; @alg signs, whatever @header claims. */
char *signer_token(EVP_PKEY *key, const char *alg, const char *header, const char *payload);

/* The same by PS256 with a salt of @salt_len bytes. */
char *signer_token_salted(EVP_PKEY *key, const char *header, const char *payload, int salt_len);

/* "header.payload" with a signature of the test's own. */
char *signer_token_with(
	const char *header, const char *payload, const void *signature, size_t signature_len);

/* The signature of the RSA public key's PEM as a shared secret: the classical confusion. */
char *signer_token_hs256(EVP_PKEY *key, const char *header, const char *payload);

/* @text formatted, for tokens and documents. */
char *signer_format(const char *format, ...) __attribute__((format(printf, 1, 2)));
