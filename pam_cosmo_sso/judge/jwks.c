/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/judge/jwks.h"

#include "pam_cosmo_sso/judge/json.h"
#include "pam_cosmo_sso/judge/jwk.h"

struct prepared {
	struct json_object *jwk; /* borrowed from keys */
	EVP_PKEY *key;
};

struct jwks {
	struct json_object *document;
	struct json_object *keys; /* borrowed from document */
	size_t usable;
	struct prepared prepared[JWKS_MAX_PREPARED];
	size_t prepared_count;
	size_t next_to_prepare; /* in keys */
};

void jwks_free(struct jwks *jwks)
{
	if (!jwks)
		return;
	for (size_t i = 0; i < jwks->prepared_count; i++)
		EVP_PKEY_free(jwks->prepared[i].key);
	json_free(jwks->document);
	free(jwks);
}

size_t jwks_count(const struct jwks *jwks)
{
	return jwks->usable;
}

static size_t count_usable(struct json_object *keys)
{
	size_t usable = 0;

	for (size_t i = 0; i < json_array_count(keys); i++)
		if (jwk_is_for_signatures(json_array_at(keys, i)))
			usable++;
	return usable;
}

enum cosmo_err jwks_parse(const char *text, size_t len, struct reason *why, struct jwks **ret)
{
	COSMO_AUTO(jwks_free) struct jwks *jwks = calloc(1, sizeof(*jwks));
	enum cosmo_err err = COSMO_OK;

	if (!jwks)
		return COSMO_E_NOMEM;
	err = json_parse(text, len, &jwks->document);
	if (err == COSMO_E_FORMAT)
		return reason_give(
			why, COSMO_E_IDP_NOT_JSON, "key set: not a well-formed JSON object");
	if (err != COSMO_OK)
		return err;
	jwks->keys = json_member(jwks->document, "keys");
	jwks->usable = count_usable(jwks->keys);
	if (json_array_count(jwks->keys) > JWKS_MAX_KEYS)
		return reason_give(
			why, COSMO_E_IDP_NO_KEYS, "key set: more than %d keys", JWKS_MAX_KEYS);
	if (jwks->usable == 0)
		return reason_give(
			why, COSMO_E_IDP_NO_KEYS, "key set: no key of a known type for signatures");
	*ret = COSMO_STEAL(&jwks);
	return COSMO_OK;
}

/* One that cannot be loaded is passed over: jwks_find() says so where it is the one. */
bool jwks_prepare(struct jwks *jwks)
{
	while (jwks->prepared_count < JWKS_MAX_PREPARED &&
		jwks->next_to_prepare < json_array_count(jwks->keys)) {
		struct prepared *prepared = &jwks->prepared[jwks->prepared_count];

		prepared->jwk = json_array_at(jwks->keys, jwks->next_to_prepare++);
		if (!jwk_is_for_signatures(prepared->jwk) ||
			jwk_load(prepared->jwk, NULL, &prepared->key))
			continue;
		jwks->prepared_count++;
		return true;
	}
	return false;
}

static enum cosmo_err load(
	const struct jwks *jwks, struct json_object *jwk, struct reason *why, EVP_PKEY **ret)
{
	for (size_t i = 0; i < jwks->prepared_count; i++) {
		const struct prepared *prepared = &jwks->prepared[i];

		if (prepared->jwk != jwk)
			continue;
		if (EVP_PKEY_up_ref(prepared->key) != 1)
			return COSMO_E_INTERNAL;
		*ret = prepared->key;
		return COSMO_OK;
	}
	return jwk_load(jwk, why, ret);
}

static bool has_kid(struct json_object *key, const char *kid)
{
	return !kid || streq(json_text(json_member(key, "kid")), kid);
}

enum cosmo_err jwks_find(const struct jwks *jwks, const char *kid, const struct jws_alg *alg,
	struct reason *why, EVP_PKEY **ret)
{
	struct json_object *found = NULL;
	size_t named = 0;
	size_t fitting = 0;

	for (size_t i = 0; i < json_array_count(jwks->keys); i++) {
		struct json_object *key = json_array_at(jwks->keys, i);

		if (!has_kid(key, kid))
			continue;
		named++;
		if (!jwk_fits(key, alg))
			continue;
		fitting++;
		found = key;
	}
	if (named == 0)
		return reason_give(why, COSMO_E_JWS_KEY, "no key with kid \"%s\"", kid ? kid : "");
	if (fitting == 0)
		return reason_give(why, COSMO_E_JWS_KEY,
			"no key of the kid is meant for algorithm %s", alg->name);
	if (fitting > 1)
		return reason_give(why, COSMO_E_JWS_KEY,
			"%zu keys fit, the token does not say which", fitting);
	return load(jwks, found, why, ret);
}
