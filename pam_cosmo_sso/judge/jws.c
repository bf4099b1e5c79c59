/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/judge/jws.h"

#include <openssl/rsa.h>

#include "pam_cosmo_sso/judge/b64url.h"
#include "pam_cosmo_sso/judge/ecdsa_signature.h"
#include "pam_cosmo_sso/judge/json.h"
#include "pam_cosmo_sso/judge/openssl_memory.h"

COSMO_AUTO_DEFINE(EVP_MD_CTX *, EVP_MD_CTX_free);

struct jws {
	const char *signed_text; /* header and payload as they stand in the token; borrowed */
	size_t signed_len;
	struct json_object *header;
	const struct jws_alg *alg;
	const char *kid;        /* borrowed from header */
	unsigned char *payload; /* holds claims of a person */
	size_t payload_len;
	unsigned char *signature;
	size_t signature_len;
};

void jws_free(struct jws *jws)
{
	if (!jws)
		return;
	json_free(jws->header);
	if (jws->payload)
		explicit_bzero(jws->payload, jws->payload_len);
	free(jws->payload);
	free(jws->signature);
	free(jws);
}

const struct jws_alg *jws_alg(const struct jws *jws)
{
	return jws->alg;
}

const char *jws_kid(const struct jws *jws)
{
	return jws->kid;
}

static enum cosmo_err decode_part(const char *text, size_t len, struct reason *why,
	unsigned char **ret_bytes, size_t *ret_len)
{
	enum cosmo_err err = b64url_decode(text, len, ret_bytes, ret_len);

	if (err != COSMO_E_FORMAT)
		return err;
	return reason_give(why, COSMO_E_JWS_FORM, "token: a part is not strict base64url");
}

static enum cosmo_err read_header(struct jws *jws, const char *text, size_t len,
	const struct jws_allowed *allowed, struct reason *why)
{
	const char *alg = NULL;
	enum cosmo_err err = json_parse(text, len, &jws->header);

	if (err == COSMO_E_NOMEM)
		return err;
	if (err != COSMO_OK)
		return reason_give(
			why, COSMO_E_JWS_FORM, "token: header is no well-formed JSON object");
	if (json_str(jws->header, "alg", 32, &alg) != COSMO_OK)
		return reason_give(why, COSMO_E_JWS_ALG, "token: header without algorithm");
	jws->alg = jws_alg_find(alg, allowed);
	if (!jws->alg)
		return reason_give(
			why, COSMO_E_JWS_ALG, "token: algorithm \"%s\" is not allowed", alg);
	if (json_has(jws->header, "crit"))
		return reason_give(
			why, COSMO_E_JWS_CRIT, "token: header demands extensions (crit)");
	if (json_str_opt(jws->header, "kid", JWS_MAX_KID_BYTES, &jws->kid) != COSMO_OK)
		return reason_give(why, COSMO_E_JWS_FORM, "token: malformed kid");
	return COSMO_OK;
}

static enum cosmo_err split(struct jws *jws, const char *token, size_t len,
	const struct jws_allowed *allowed, struct reason *why)
{
	COSMO_AUTO(free) unsigned char *header = NULL;
	const char *end = token + len;
	const char *first = memchr(token, '.', len);
	const char *second = first ? memchr(first + 1, '.', (size_t)(end - first - 1)) : NULL;
	size_t header_len = 0;
	enum cosmo_err err = COSMO_OK;

	if (!second || memchr(second + 1, '.', (size_t)(end - second - 1)))
		return reason_give(why, COSMO_E_JWS_FORM, "token: not three parts");
	jws->signed_text = token;
	jws->signed_len = (size_t)(second - token);
	err = decode_part(token, (size_t)(first - token), why, &header, &header_len);
	if (err == COSMO_OK)
		err = read_header(jws, (const char *)header, header_len, allowed, why);
	if (err == COSMO_OK)
		err = decode_part(first + 1, (size_t)(second - first - 1), why, &jws->payload,
			&jws->payload_len);
	if (err == COSMO_OK)
		err = decode_part(second + 1, (size_t)(end - second - 1), why, &jws->signature,
			&jws->signature_len);
	return err;
}

enum cosmo_err jws_parse(const char *token, size_t len, const struct jws_allowed *allowed,
	struct reason *why, struct jws **ret)
{
	COSMO_AUTO(jws_free) struct jws *jws = NULL;
	enum cosmo_err err = COSMO_OK;

	if (len > JWS_MAX_TOKEN_BYTES)
		return reason_give(
			why, COSMO_E_JWS_FORM, "token: longer than %zu bytes", JWS_MAX_TOKEN_BYTES);
	jws = calloc(1, sizeof(*jws));
	if (!jws)
		return COSMO_E_NOMEM;
	err = split(jws, token, len, allowed, why);
	if (err != COSMO_OK)
		return err;
	*ret = COSMO_STEAL(&jws);
	return COSMO_OK;
}

/* RFC 7518 section 3.5: the salt is as long as the digest, MGF1 uses the same digest. */
static bool demand_pss(EVP_PKEY_CTX *context)
{
	return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) == 1 &&
	       EVP_PKEY_CTX_set_rsa_pss_saltlen(context, RSA_PSS_SALTLEN_DIGEST) == 1;
}

/* OpenSSL wants the two numbers of an ECDSA signature in DER; the others stay as they are. */
static enum cosmo_err openssl_signature(
	const struct jws *jws, unsigned char **ret_bytes, size_t *ret_len)
{
	unsigned char *copy = NULL;

	if (jws->alg->type == JWK_EC)
		return ecdsa_signature_to_der(jws->signature, jws->signature_len,
			jws->alg->coordinate_bytes, ret_bytes, ret_len);
	copy = malloc(jws->signature_len + 1);
	if (!copy)
		return COSMO_E_NOMEM;
	memcpy(copy, jws->signature, jws->signature_len);
	*ret_bytes = copy;
	*ret_len = jws->signature_len;
	return COSMO_OK;
}

/* RFC 8017 sections 8.1.2 and 8.2.2; OpenSSL takes a PSS signature without its leading zeros. */
static bool is_as_long_as_modulus(const struct jws *jws, EVP_PKEY *key)
{
	return jws->signature_len == (size_t)EVP_PKEY_get_size(key);
}

static bool is_signed(
	const struct jws *jws, EVP_PKEY *key, const unsigned char *signature, size_t signature_len)
{
	COSMO_AUTO(EVP_MD_CTX_free) EVP_MD_CTX *context = EVP_MD_CTX_new();
	EVP_PKEY_CTX *key_context = NULL; /* owned by context */

	return context &&
	       EVP_DigestVerifyInit_ex(
		       context, &key_context, jws->alg->digest, NULL, NULL, key, NULL) == 1 &&
	       (!jws->alg->is_pss || demand_pss(key_context)) &&
	       EVP_DigestVerify(context, signature, signature_len,
		       (const unsigned char *)jws->signed_text, jws->signed_len) == 1;
}

enum cosmo_err jws_verify(const struct jws *jws, EVP_PKEY *key, struct reason *why,
	const char **ret_payload, size_t *ret_len)
{
	COSMO_AUTO(free) unsigned char *signature = NULL;
	size_t signature_len = 0;
	enum cosmo_err err = openssl_signature(jws, &signature, &signature_len);

	if (err == COSMO_E_NOMEM)
		return err;
	if (err != COSMO_OK || (jws->alg->type == JWK_RSA && !is_as_long_as_modulus(jws, key)))
		return reason_give(
			why, COSMO_E_JWS_SIGNATURE, "token: signature of the wrong length");
	if (!is_signed(jws, key, signature, signature_len))
		return openssl_memory_ran_out() ? COSMO_E_NOMEM
						: reason_give(why, COSMO_E_JWS_SIGNATURE,
							  "token: signature does not verify");
	*ret_payload = (const char *)jws->payload;
	*ret_len = jws->payload_len;
	return COSMO_OK;
}
