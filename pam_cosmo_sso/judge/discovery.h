/* SPDX-License-Identifier: MIT */
/* What an issuer says about itself (OpenID Connect Discovery 1.0, RFC 8414, RFC 8628 section 4). */
#pragma once

#include <stddef.h>

#include "common/base/auto.h"
#include "common/base/err.h"
#include "pam_cosmo_sso/judge/reason.h"

struct discovery;

#define DISCOVERY_MAX_URL_BYTES 511

/*
 * The address of @issuer's document: one '/' at the end of the issuer goes, then
 * "/.well-known/openid-configuration" follows. Errors: COSMO_E_RANGE.
 */
COSMO_MUST_USE enum cosmo_err discovery_url(const char *issuer, char *ret, size_t ret_size);

/*
 * Parse a document and check it: "issuer" bytewise equal to @issuer, the endpoints https and
 * printable. The caller owns *ret, discovery_free(). Errors: COSMO_E_IDP_NOT_JSON,
 * COSMO_E_IDP_ISSUER, COSMO_E_IDP_FIELD (issuer, endpoint or key address missing or unusable),
 * COSMO_E_IDP_NO_DEVICE_GRANT, COSMO_E_NOMEM.
 */
COSMO_MUST_USE enum cosmo_err discovery_parse(const char *text, size_t len, const char *issuer,
	struct reason *why, struct discovery **ret);

void discovery_free(struct discovery *discovery);
COSMO_AUTO_DEFINE(struct discovery *, discovery_free);

/* Borrowed until discovery_free(). */
const char *discovery_device_endpoint(const struct discovery *discovery);
const char *discovery_token_endpoint(const struct discovery *discovery);
const char *discovery_jwks_uri(const struct discovery *discovery);
/* NULL when there is none. */
const char *discovery_userinfo_endpoint(const struct discovery *discovery);
const char *discovery_revocation_endpoint(const struct discovery *discovery);

/* Is @scope in scopes_supported? */
bool discovery_has_scope(const struct discovery *discovery, const char *scope);
