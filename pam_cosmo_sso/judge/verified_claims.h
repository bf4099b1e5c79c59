/* SPDX-License-Identifier: MIT */
/* The claims of an ID token, once its signature and they themselves have been checked. */
#pragma once

#include "common/base/auto.h"
#include "common/base/err.h"
#include "common/base/secret.h"
#include "pam_cosmo_sso/judge/json.h"
#include "pam_cosmo_sso/judge/provider.h"
#include "pam_cosmo_sso/judge/reason.h"
#include "pam_cosmo_sso/judge/setup.h"

/*
 * What @setup demands of a sign-in (acr, max_age) is checked as well; a refresh demands neither.
 * The caller frees *ret. Errors: those of jws_parse(), provider_find_key(), jws_verify(),
 * id_token_check(), COSMO_E_JWS_FORM (no JSON object inside), COSMO_E_NOMEM.
 */
COSMO_MUST_USE enum cosmo_err verified_claims_read(const struct setup *setup,
	struct provider *provider, const struct cosmo_secret *id_token, struct reason *why,
	struct json_object **ret);
