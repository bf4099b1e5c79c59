/* SPDX-License-Identifier: MIT */
/* The device authorization grant carried out: requests, waits, and the person at the other end. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/base/auto.h"
#include "common/base/err.h"
#include "pam_cosmo_sso/judge/device_grant.h"
#include "pam_cosmo_sso/judge/discovery.h"
#include "pam_cosmo_sso/judge/setup.h"
#include "pam_cosmo_sso/judge/token_response.h"

struct device_start {
	struct device_grant *grant; /* the caller frees it; NULL after an error */
	int64_t date_s;             /* the IdP's clock; 0: not told */
	bool has_offline_access;    /* the IdP lists the scope, and did not refuse it to us */
};

/*
 * Ask for a code. The configured scopes are asked for, and offline_access where the IdP lists it,
 * but never for a sign-in that is only for once. A client that may not have offline_access
 * (invalid_scope, RFC 6749 5.2) asks again without it, unless it is configured. Errors: those of
 * idp_post(), client_authenticate(), device_grant_open().
 */
COSMO_MUST_USE enum cosmo_err device_flow_begin(const struct setup *setup,
	const struct discovery *discovery, struct reason *why, struct device_start *ret);

/*
 * Ask for the tokens as often as the grant says, until there are some or it is over. Between the
 * questions @peer_fd is watched: its end, or anything to be read there, ends the wait. The caller
 * frees *ret. Errors: those of device_grant_reply(), token_response_parse(), COSMO_E_PEER_GONE,
 * COSMO_E_PROTOCOL.
 */
COSMO_MUST_USE enum cosmo_err device_flow_finish(const struct setup *setup,
	const struct discovery *discovery, struct device_grant *grant, int peer_fd,
	struct reason *why, struct token_response **ret);
