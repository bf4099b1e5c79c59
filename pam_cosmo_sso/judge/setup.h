/* SPDX-License-Identifier: MIT */
/* What a request told about the IdP, the client and the time there is. */
#pragma once

#include <stdint.h>

#include "common/base/auto.h"
#include "common/base/err.h"
#include "common/dialogue.h"
#include "pam_cosmo_sso/judge/client.h"
#include "pam_cosmo_sso/judge/idp.h"
#include "pam_cosmo_sso/judge/jws_alg.h"

#define SETUP_MAX_SKEW_S 3600

/* Text and bytes are borrowed from the request. */
struct setup {
	const char *issuer;
	const char *scopes;
	const char *audience; /* NULL: none */
	const char *acr;      /* NULL: none demanded */
	int64_t max_age_s;    /* 0: none demanded */
	int64_t skew_s;
	bool is_once; /* nothing is to last beyond the sign-in */
	struct client client;
	struct cosmo_secret *secret; /* the client's; owned */
	struct jws_allowed allowed;
	struct idp idp;
	const char *discovery; /* NULL: not cached */
	size_t discovery_len;
	const char *jwks; /* NULL: not cached */
	size_t jwks_len;
	bool is_jwks_final; /* no second request for keys */
};

/*
 * Read @request (any that asks the IdP), borrowed as @fetch is until setup_free(). The
 * caller owns *ret. Errors: COSMO_E_INVALID (a value out of its bounds), COSMO_E_NOMEM.
 */
COSMO_MUST_USE enum cosmo_err setup_read(
	const struct message *request, struct dialogue *fetch, struct setup **ret);

void setup_free(struct setup *setup);
COSMO_AUTO_DEFINE(struct setup *, setup_free);

/* The ALG fields of @request. Errors: COSMO_E_INVALID (more than JWS_MAX_ALLOWED). */
COSMO_MUST_USE enum cosmo_err setup_read_allowed(
	const struct message *request, struct jws_allowed *ret);
