/* SPDX-License-Identifier: MIT */
/* What an OAuth endpoint answered, judged by its JSON "error" (RFC 6749 section 5.2, RFC 8628
 * section 3.5) and never by the HTTP status alone: IdPs differ too much there. */
#pragma once

#include <stdint.h>

#include "common/base/auto.h"
#include "common/base/err.h"
#include "common/base/secret.h"
#include "pam_cosmo_sso/judge/json.h"
#include "pam_cosmo_sso/judge/reason.h"

struct oauth_reply {
	unsigned int http_status;
	struct json_object *json; /* borrowed; NULL: the body was no JSON object */
	int64_t retry_after_s;    /* 0: not told */
	/* The code or token that the question was about, borrowed; NULL: it was about none. */
	const struct cosmo_secret *sent;
};

/*
 * COSMO_OK when @reply is a JSON object without "error". Else the code: COSMO_E_PENDING,
 * COSMO_E_SLOW_DOWN, COSMO_E_DENIED, COSMO_E_CODE_EXPIRED, COSMO_E_INVALID_GRANT,
 * COSMO_E_IDP_CLIENT, COSMO_E_IDP_GRANT_TYPE, COSMO_E_IDP_SCOPE, COSMO_E_IDP_RATE,
 * COSMO_E_IDP_ERROR (any other "error"), and for an answer that is no JSON: COSMO_E_IDP_RATE (429),
 * COSMO_E_IDP_NOT_JSON (2xx), COSMO_E_IDP_STATUS. @why gets error and error_description,
 * but for one that repeats what was sent.
 */
COSMO_MUST_USE enum cosmo_err oauth_reply_error(
	const struct oauth_reply *reply, struct reason *why);

/* May the same question be put again later? True for faults on the way (an "error" under a 5xx that
 * no RFC knows is one) and overload, false for a definite answer. */
bool oauth_reply_is_passing(const struct oauth_reply *reply, enum cosmo_err err);

/* The same for faults that fetch met. */
bool oauth_fault_is_passing(enum cosmo_err err);
