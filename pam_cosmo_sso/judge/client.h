/* SPDX-License-Identifier: MIT */
/* Who this host is to the IdP, and how it proves that (RFC 6749 section 2.3). */
#pragma once

#include "common/base/auto.h"
#include "common/base/err.h"
#include "common/base/secret.h"
#include "common/client_auth.h"
#include "pam_cosmo_sso/judge/form.h"

/* Borrowed members. */
struct client {
	const char *id;
	enum client_auth auth;
	const struct cosmo_secret *secret; /* NULL with CLIENT_AUTH_NONE */
};

/*
 * Add to @form what the client's way of authentication wants in the body; *ret_authorization is the
 * header value it wants (id and secret form-encoded before base64, RFC 6749 section 2.3.1), or
 * NULL. The caller frees it. Errors: COSMO_E_IDP_CLIENT (a secret is needed and there is none),
 * COSMO_E_TOO_BIG, COSMO_E_NOMEM.
 */
COSMO_MUST_USE enum cosmo_err client_authenticate(
	const struct client *client, struct form *form, struct cosmo_secret **ret_authorization);

/* "Bearer TOKEN" (RFC 6750 section 2.1). The caller frees it. Errors: COSMO_E_FORMAT (not the
 * characters of a token), COSMO_E_TOO_BIG, COSMO_E_NOMEM. */
COSMO_MUST_USE enum cosmo_err client_bearer(
	const struct cosmo_secret *token, struct cosmo_secret **ret_authorization);
