/* SPDX-License-Identifier: MIT */
/* The userinfo endpoint (OpenID Connect Core 1.0, section 5.3): for claims that the ID token lacks.
 */
#pragma once

#include "common/base/auto.h"
#include "common/base/err.h"
#include "pam_cosmo_sso/judge/json.h"
#include "pam_cosmo_sso/judge/provider.h"
#include "pam_cosmo_sso/judge/token_response.h"

/*
 * Ask with the access token; the answer's "sub" must be that of @id_token, or any where that is
 * NULL: who asked compares it. *ret is NULL where the IdP has no such endpoint or gave no access
 * token. The caller frees it. Errors: those of
 * idp_get(), COSMO_E_USERINFO (no 200, no JSON, a token that fits no header), COSMO_E_USERINFO_SUB,
 * COSMO_E_NOMEM.
 */
COSMO_MUST_USE enum cosmo_err userinfo_get(const struct setup *setup,
	const struct provider *provider, const struct token_response *tokens,
	struct json_object *id_token, struct reason *why, struct json_object **ret);
