/* SPDX-License-Identifier: MIT */
/* The refresh grant (RFC 6749 section 6), pure: what an answer of the token endpoint means. */
#pragma once

#include "common/base/auto.h"
#include "common/base/err.h"
#include "pam_cosmo_sso/judge/oauth_reply.h"
#include "pam_cosmo_sso/judge/reason.h"

/*
 * COSMO_OK: there are tokens in @reply. COSMO_E_INVALID_GRANT: the IdP's definite word about this
 * person's token, "invalid_grant" and nothing else, under whatever HTTP status. Everything else
 * says nothing about the person: COSMO_E_IDP_CLIENT, COSMO_E_IDP_GRANT_TYPE, COSMO_E_IDP_SCOPE,
 * COSMO_E_IDP_RATE, COSMO_E_IDP_ERROR (any other "error", words of other grants included),
 * COSMO_E_IDP_STATUS, COSMO_E_IDP_NOT_JSON, COSMO_E_IDP_FIELD (neither an error nor a token). @why
 * is filled.
 */
COSMO_MUST_USE enum cosmo_err refresh_grant_reply(
	const struct oauth_reply *reply, struct reason *why);
