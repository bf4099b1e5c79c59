/* SPDX-License-Identifier: MIT */
/*
 * The device authorization grant (RFC 8628) as a pure state machine: answers and a clock go in, the
 * next action comes out. No I/O, no clock of its own.
 */
#pragma once

#include <stdint.h>

#include "common/base/auto.h"
#include "common/base/err.h"
#include "common/base/secret.h"
#include "pam_cosmo_sso/judge/oauth_reply.h"
#include "pam_cosmo_sso/judge/reason.h"

#define DEVICE_GRANT_INTERVAL_S     5 /* when the IdP tells none, section 3.2 */
#define DEVICE_GRANT_SLOW_DOWN_S    5 /* section 3.5 */
#define DEVICE_GRANT_MAX_EXPIRES_S  (INT64_C(24) * 60 * 60)
#define DEVICE_GRANT_MAX_CODE_BYTES ((size_t)16 * 1024)

struct device_grant;

enum device_action {
	DEVICE_POLL,   /* ask the token endpoint at at_ms */
	DEVICE_TOKENS, /* the reply just given holds tokens */
	DEVICE_END,    /* at at_ms (maybe now) it is over: err says why */
};

struct device_step {
	enum device_action action;
	int64_t at_ms;
	enum cosmo_err err;
};

/*
 * Read the answer to a device authorization request that came at @now_ms. Nothing lasts beyond
 * @deadline_ms, nor beyond the code's life. The caller owns *ret, device_grant_free(). Errors:
 * those of oauth_reply_error(), where COSMO_E_INVALID_GRANT (Keycloak's word for a client that may
 * not use this grant) becomes COSMO_E_IDP_GRANT_TYPE and COSMO_E_SLOW_DOWN (Authentik)
 * COSMO_E_IDP_RATE; COSMO_E_IDP_FIELD (a member missing, malformed, too long, an address that is
 * not https), COSMO_E_NOMEM.
 */
COSMO_MUST_USE enum cosmo_err device_grant_open(const struct oauth_reply *reply, int64_t now_ms,
	int64_t deadline_ms, struct reason *why, struct device_grant **ret);

void device_grant_free(struct device_grant *grant);
COSMO_AUTO_DEFINE(struct device_grant *, device_grant_free);

/* Borrowed until device_grant_free(); printable ASCII. */
const struct cosmo_secret *device_grant_device_code(const struct device_grant *grant);
const char *device_grant_user_code(const struct device_grant *grant);
const char *device_grant_verification_uri(const struct device_grant *grant);
/* NULL when there is none, or none that is usable. */
const char *device_grant_verification_uri_complete(const struct device_grant *grant);
int64_t device_grant_expires_in_s(const struct device_grant *grant);
/* As it is now: it grows with each slow_down. */
int64_t device_grant_interval_s(const struct device_grant *grant);

/* When the first question is due. */
struct device_step device_grant_begin(const struct device_grant *grant, int64_t now_ms);

/* What follows from a reply of the token endpoint; @why is filled for DEVICE_END. */
struct device_step device_grant_reply(struct device_grant *grant, const struct oauth_reply *reply,
	int64_t now_ms, struct reason *why);

/* What follows when no reply came, for the reason @fault; @why was filled by who met it. */
struct device_step device_grant_fault(
	struct device_grant *grant, enum cosmo_err fault, int64_t now_ms);
