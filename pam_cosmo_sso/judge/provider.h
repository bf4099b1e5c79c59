/* SPDX-License-Identifier: MIT */
/* The IdP's discovery document and keys: handed in from the helper's cache, or fetched. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <openssl/evp.h>

#include "common/base/auto.h"
#include "common/base/err.h"
#include "common/dialogue.h"
#include "pam_cosmo_sso/judge/discovery.h"
#include "pam_cosmo_sso/judge/jwks.h"
#include "pam_cosmo_sso/judge/setup.h"

/* Longest time that each may be kept by the helper. */
#define PROVIDER_DISCOVERY_MAX_AGE_S (INT64_C(60) * 60)
#define PROVIDER_JWKS_MAX_AGE_S      (INT64_C(24) * 60 * 60)

struct provider;

/*
 * Have the discovery document: the cached one if it is good, else one request. @setup is borrowed
 * until provider_free(). The caller owns *ret. Errors: those of discovery_parse() and idp_get(),
 * COSMO_E_IDP_GONE (404, 410), COSMO_E_IDP_RATE (429), COSMO_E_IDP_STATUS.
 */
COSMO_MUST_USE enum cosmo_err provider_open(
	const struct setup *setup, struct reason *why, struct provider **ret);

void provider_free(struct provider *provider);
COSMO_AUTO_DEFINE(struct provider *, provider_free);

/* Borrowed. */
const struct discovery *provider_discovery(const struct provider *provider);

/* Have the keys: the cached ones if they are good, else one request; nothing if they are there.
 * Errors: those of jwks_parse() and idp_get(), COSMO_E_IDP_RATE, COSMO_E_IDP_STATUS. */
COSMO_MUST_USE enum cosmo_err provider_load_keys(struct provider *provider, struct reason *why);

/*
 * For idp.meanwhile, of a struct provider: a step towards the key that will be needed, as far as
 * the cached ones allow. false: nothing is left to be done without a request.
 */
bool provider_prepare(void *provider);

/* 0 before provider_load_keys(). */
size_t provider_key_count(const struct provider *provider);

/*
 * The key for a token, see jwks_find(); keys in which there is none are fetched again where
 * provider_may_refetch(). The caller frees *ret. Errors: those of jwks_find() and
 * provider_load_keys().
 */
COSMO_MUST_USE enum cosmo_err provider_find_key(struct provider *provider, const char *kid,
	const struct jws_alg *alg, struct reason *why, EVP_PKEY **ret);

/* May the keys be fetched again? Once in an exchange, unless the question forbade it. */
bool provider_may_refetch(const struct provider *provider);

/*
 * The same from keys fetched again, for a signature that did not verify: an IdP without a "kid", or
 * one that uses it again, may have new keys. Errors: those of jwks_find() and provider_load_keys().
 */
COSMO_MUST_USE enum cosmo_err provider_refetch_key(struct provider *provider, const char *kid,
	const struct jws_alg *alg, struct reason *why, EVP_PKEY **ret);

/*
 * Tell the helper, as a JUDGE_CACHE for each document, what was fetched since the last call.
 * Errors: those of dialogue_send().
 */
COSMO_MUST_USE enum cosmo_err provider_report(
	struct provider *provider, struct dialogue *peer, int64_t deadline_ms);

/* The IdP's clock as the last of these requests told it; 0: not told. */
int64_t provider_date_s(const struct provider *provider);
