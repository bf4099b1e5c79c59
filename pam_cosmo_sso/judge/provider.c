/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/judge/provider.h"

struct provider {
	const struct setup *setup;
	struct discovery *discovery;
	struct jwks *jwks;
	struct idp_response fresh_discovery; /* empty: not fetched, or reported already */
	struct idp_response fresh_jwks;
	bool may_not_refetch; /* once in an exchange is enough */
	int64_t date_s;
};

void provider_free(struct provider *provider)
{
	if (!provider)
		return;
	discovery_free(provider->discovery);
	jwks_free(provider->jwks);
	idp_response_done(&provider->fresh_discovery);
	idp_response_done(&provider->fresh_jwks);
	free(provider);
}

const struct discovery *provider_discovery(const struct provider *provider)
{
	return provider->discovery;
}

size_t provider_key_count(const struct provider *provider)
{
	return provider->jwks ? jwks_count(provider->jwks) : 0;
}

int64_t provider_date_s(const struct provider *provider)
{
	return provider->date_s;
}

/* One GET that must answer 200. */
static enum cosmo_err get_document(struct provider *provider, const char *url, const char *what,
	struct reason *why, struct idp_response *ret)
{
	enum cosmo_err err = idp_get(&provider->setup->idp, url, NULL, why, ret);
	unsigned int status = ret->http_status;

	if (err != COSMO_OK)
		return err;
	if (ret->date_s > 0)
		provider->date_s = ret->date_s;
	if (status == 200)
		return COSMO_OK;
	err = status == 429 ? COSMO_E_IDP_RATE : COSMO_E_IDP_STATUS;
	return reason_give(why, err, "%s: HTTP status %u from %s", what, status, url);
}

static enum cosmo_err fetch_discovery(struct provider *provider, struct reason *why)
{
	const char *issuer = provider->setup->issuer;
	IDP_RESPONSE_AUTO struct idp_response response = {.message = NULL};
	char url[1024] = "";
	enum cosmo_err err = discovery_url(issuer, url, sizeof(url));

	if (err != COSMO_OK)
		return err;
	err = get_document(provider, url, "discovery document", why, &response);
	if (err == COSMO_E_IDP_STATUS &&
		(response.http_status == 404 || response.http_status == 410))
		return COSMO_E_IDP_GONE;
	if (err == COSMO_OK)
		err = discovery_parse(
			response.body, response.body_len, issuer, why, &provider->discovery);
	if (err != COSMO_OK)
		return err;
	provider->fresh_discovery = response;
	response = (struct idp_response){.message = NULL};
	return COSMO_OK;
}

enum cosmo_err provider_open(const struct setup *setup, struct reason *why, struct provider **ret)
{
	COSMO_AUTO(provider_free) struct provider *provider = calloc(1, sizeof(*provider));
	enum cosmo_err err = COSMO_E_NOT_FOUND;

	if (!provider)
		return COSMO_E_NOMEM;
	provider->setup = setup;
	provider->may_not_refetch = setup->is_jwks_final;
	if (setup->discovery)
		err = discovery_parse(setup->discovery, setup->discovery_len, setup->issuer, NULL,
			&provider->discovery);
	if (err != COSMO_OK)
		err = fetch_discovery(provider, why);
	if (err != COSMO_OK)
		return err;
	*ret = COSMO_STEAL(&provider);
	return COSMO_OK;
}

static enum cosmo_err fetch_keys(struct provider *provider, struct reason *why)
{
	IDP_RESPONSE_AUTO struct idp_response response = {.message = NULL};
	struct jwks *jwks = NULL;
	enum cosmo_err err = get_document(
		provider, discovery_jwks_uri(provider->discovery), "key set", why, &response);

	if (err == COSMO_OK)
		err = jwks_parse(response.body, response.body_len, why, &jwks);
	if (err != COSMO_OK)
		return err;
	jwks_free(provider->jwks);
	provider->jwks = jwks;
	idp_response_done(&provider->fresh_jwks);
	provider->fresh_jwks = response;
	response = (struct idp_response){.message = NULL};
	return COSMO_OK;
}

static bool has_keys(struct provider *provider)
{
	const struct setup *setup = provider->setup;

	return provider->jwks || (setup->jwks && jwks_parse(setup->jwks, setup->jwks_len, NULL,
							 &provider->jwks) == COSMO_OK);
}

enum cosmo_err provider_load_keys(struct provider *provider, struct reason *why)
{
	return has_keys(provider) ? COSMO_OK : fetch_keys(provider, why);
}

bool provider_prepare(void *provider)
{
	struct provider *of = provider;

	return has_keys(of) && jwks_prepare(of->jwks);
}

bool provider_may_refetch(const struct provider *provider)
{
	return !provider->may_not_refetch;
}

enum cosmo_err provider_refetch_key(struct provider *provider, const char *kid,
	const struct jws_alg *alg, struct reason *why, EVP_PKEY **ret)
{
	enum cosmo_err err = fetch_keys(provider, why);

	provider->may_not_refetch = true;
	return err == COSMO_OK ? jwks_find(provider->jwks, kid, alg, why, ret) : err;
}

enum cosmo_err provider_find_key(struct provider *provider, const char *kid,
	const struct jws_alg *alg, struct reason *why, EVP_PKEY **ret)
{
	enum cosmo_err err = provider_load_keys(provider, why);

	if (err == COSMO_OK)
		err = jwks_find(provider->jwks, kid, alg, why, ret);
	if (err != COSMO_E_JWS_KEY || !provider_may_refetch(provider))
		return err;
	return provider_refetch_key(provider, kid, alg, why, ret);
}

/* One message for each: they may be kept for different times. */
static enum cosmo_err report_one(struct dialogue *peer, int64_t deadline_ms,
	enum message_field field, int64_t most_s, struct idp_response *fresh)
{
	COSMO_AUTO(message_free) struct message *message = NULL;
	int64_t max_age_s = most_s;
	enum cosmo_err err = COSMO_OK;

	if (!fresh->message)
		return COSMO_OK;
	err = message_new(MESSAGE_JUDGE_CACHE, &message);
	if (err != COSMO_OK)
		return err;
	if (fresh->max_age_s >= 0 && fresh->max_age_s < max_age_s)
		max_age_s = fresh->max_age_s;
	message_put_bytes(message, field, fresh->body, fresh->body_len);
	message_put_u64(message, FIELD_MAX_AGE_S, (uint64_t)max_age_s);
	idp_response_done(fresh);
	return dialogue_send(peer, message, deadline_ms);
}

enum cosmo_err provider_report(
	struct provider *provider, struct dialogue *peer, int64_t deadline_ms)
{
	enum cosmo_err err = report_one(peer, deadline_ms, FIELD_DISCOVERY,
		PROVIDER_DISCOVERY_MAX_AGE_S, &provider->fresh_discovery);

	return err ? err
		   : report_one(peer, deadline_ms, FIELD_JWKS, PROVIDER_JWKS_MAX_AGE_S,
			     &provider->fresh_jwks);
}
