/* SPDX-License-Identifier: MIT */
/* Asking the IdP over the channel to fetch, the judge's only way to the network. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/base/auto.h"
#include "common/base/err.h"
#include "common/dialogue.h"
#include "pam_cosmo_sso/judge/form.h"
#include "pam_cosmo_sso/judge/reason.h"

#define IDP_CONNECT_TIMEOUT_MS 5000
#define IDP_TIMEOUT_MS         10000

/* Borrowed members. */
struct idp {
	struct dialogue *fetch;
	const void *ca_pem; /* NULL: the system's */
	size_t ca_pem_len;
	const char *proxy;   /* NULL: none */
	int64_t deadline_ms; /* of fdio_boot_ms(): no request goes on beyond it */
	bool is_patient;     /* nor is one given up before it, as else after IDP_TIMEOUT_MS */

	/* Called with @meanwhile_of while an answer is waited for, until there is one, or nothing
	 * is left to be done (false). A call delays the answer: milliseconds. NULL: nothing. */
	bool (*meanwhile)(void *meanwhile_of);
	void *meanwhile_of;
};

struct idp_response {
	struct message *message; /* what the others are borrowed from */
	unsigned int http_status;
	const char *body;
	size_t body_len;
	int64_t date_s;        /* 0: not told */
	int64_t max_age_s;     /* -1: not told */
	int64_t retry_after_s; /* 0: not told */
};

/* Wipes and empties it; fit for a zeroed one too. */
void idp_response_done(struct idp_response *response);
#define IDP_RESPONSE_AUTO __attribute__((cleanup(idp_response_done)))

/*
 * One request; @authorization may be NULL. The caller owns *ret, idp_response_done(). Any HTTP
 * status is a success here. Errors: what fetch reports (unreachable or misconfigured classes),
 * COSMO_E_DEADLINE, COSMO_E_PEER_GONE, COSMO_E_PROTOCOL, COSMO_E_TIMEOUT (fetch itself is silent),
 * COSMO_E_TOO_BIG, COSMO_E_NOMEM.
 */
COSMO_MUST_USE enum cosmo_err idp_get(const struct idp *idp, const char *url,
	const struct cosmo_secret *authorization, struct reason *why, struct idp_response *ret);
COSMO_MUST_USE enum cosmo_err idp_post(const struct idp *idp, const char *url,
	const struct form *form, const struct cosmo_secret *authorization, struct reason *why,
	struct idp_response *ret);
