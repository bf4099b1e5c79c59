/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/judge/verified_claims.h"

#include "common/base/fdio.h"
#include "pam_cosmo_sso/judge/id_token.h"
#include "pam_cosmo_sso/judge/jws.h"

/* The payload, once its signature is good; borrowed from @jws. */
static enum cosmo_err verify_signature(struct provider *provider, const struct jws *jws,
	struct reason *why, const char **ret_payload, size_t *ret_len)
{
	COSMO_AUTO(EVP_PKEY_free) EVP_PKEY *key = NULL;
	COSMO_AUTO(EVP_PKEY_free) EVP_PKEY *newer = NULL;
	enum cosmo_err err = provider_find_key(provider, jws_kid(jws), jws_alg(jws), why, &key);

	if (!err)
		err = jws_verify(jws, key, why, ret_payload, ret_len);
	if (err != COSMO_E_JWS_SIGNATURE || !provider_may_refetch(provider))
		return err;
	err = provider_refetch_key(provider, jws_kid(jws), jws_alg(jws), why, &newer);
	return err ? err : jws_verify(jws, newer, why, ret_payload, ret_len);
}

enum cosmo_err verified_claims_read(const struct setup *setup, struct provider *provider,
	const struct cosmo_secret *id_token, struct reason *why, struct json_object **ret)
{
	const struct id_token_policy policy = {
		.issuer = setup->issuer,
		.client_id = setup->client.id,
		.skew_s = setup->skew_s,
		.acr = setup->acr,
		.max_age_s = setup->max_age_s,
	};
	COSMO_AUTO(jws_free) struct jws *jws = NULL;
	COSMO_AUTO(json_free) struct json_object *claims = NULL;
	const char *payload = NULL;
	size_t len = 0;
	enum cosmo_err err =
		jws_parse(secret_peek(id_token), secret_len(id_token), &setup->allowed, why, &jws);

	if (!err)
		err = verify_signature(provider, jws, why, &payload, &len);
	if (err)
		return err;
	err = json_parse(payload, len, &claims);
	if (err == COSMO_E_FORMAT)
		return reason_give(
			why, COSMO_E_JWS_FORM, "token: the payload is no well-formed JSON object");
	if (err)
		return err;
	err = id_token_check(claims, &policy, fdio_now_s(), why);
	if (!err)
		*ret = COSMO_STEAL(&claims);
	return err;
}
