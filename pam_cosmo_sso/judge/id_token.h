/* SPDX-License-Identifier: MIT */
/* The claims of an ID token whose signature has been verified (OpenID Connect Core 1.0, 3.1.3.7).
 */
#pragma once

#include <stdint.h>

#include "common/base/auto.h"
#include "common/base/err.h"
#include "pam_cosmo_sso/judge/json.h"
#include "pam_cosmo_sso/judge/reason.h"

#define ID_TOKEN_MAX_SUB_BYTES 511

/* What is demanded of a token; strings borrowed. */
struct id_token_policy {
	const char *issuer;    /* NULL: not checked (only for looking at a token offline) */
	const char *client_id; /* NULL: aud and azp not checked (likewise) */
	int64_t skew_s;        /* how far the two clocks may differ */
	const char *acr;       /* NULL: none demanded */
	int64_t max_age_s;     /* 0: none demanded */
};

/* One check of a token. */
struct id_token_rule {
	const char *name; /* the claims it looks at */
	enum cosmo_err (*check)(struct json_object *claims, const struct id_token_policy *policy,
		int64_t now_s, struct reason *why);
};

#define ID_TOKEN_RULE_COUNT 5
/*
 * In this order, each with its own errors:
 * iss: COSMO_E_TOKEN_ISS (not bytewise the issuer).
 * aud, azp: COSMO_E_TOKEN_AUD (client not in "aud", a string or an array), COSMO_E_TOKEN_AZP
 * (somebody else, or none with several audiences).
 * exp, iat, nbf: COSMO_E_TOKEN_CLAIM ("exp" or "iat" missing, a time that is no number),
 * COSMO_E_TOKEN_EXPIRED, COSMO_E_TOKEN_EARLY ("iat" or "nbf" in the future).
 * sub: COSMO_E_TOKEN_SUB (missing, empty, no string, too long).
 * acr, auth_time: COSMO_E_STEP_UP (another "acr"; "auth_time" missing or too long ago).
 */
extern const struct id_token_rule id_token_rules[ID_TOKEN_RULE_COUNT];

/* All of them, at @now_s, until one fails. */
COSMO_MUST_USE enum cosmo_err id_token_check(struct json_object *claims,
	const struct id_token_policy *policy, int64_t now_s, struct reason *why);
