/* SPDX-License-Identifier: MIT */
/*
 * `auth = recent`: a sign-in with the code that was made in this very session, and not long ago, is
 * enough (P1). What of it is kept and how it finds its way from sshd's processes to a terminal is
 * in docs/decisions/0017-recent.md. Whatever is missing, damaged or in doubt here means that the
 * person signs in anew, and is no error to anybody.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/base/auto.h"
#include "common/base/err.h"
#include "pam_cosmo_sso/helper/exchange.h"
#include "pam_cosmo_sso/helper/identity.h"
#include "pam_cosmo_sso/helper/recent_marker.h"

/* Longer than sshd's LoginGraceTime as shipped: a sign-in that has opened no session by then is
 * not going to. */
#define RECENT_PENDING_MS ((int64_t)120 * 1000)

/* What a marker is held against; all borrowed. */
struct recent_case {
	const struct config_service *service;
	int64_t skew_s; /* of the IdP's clock */
	const struct record *record;
	const unsigned char *integration; /* that is open now */
	const unsigned char *boot;        /* RECENT_BOOT_BYTES of this boot */
	int64_t now_s;
	int64_t now_boot_ms;
};

/*
 * Does the sign-in of @marker still count here, whoever asks? Pure. Errors: COSMO_E_LEASE_OVER (too
 * long ago, or in the future), COSMO_E_INTEGRATION_CHANGED (this one, or another boot),
 * COSMO_E_SIGNED_OUT (the record does not fit any more), COSMO_E_STEP_UP (the service demands what
 * it was not, or not any more).
 */
COSMO_MUST_USE enum cosmo_err recent_check(
	const struct recent_marker *marker, const struct recent_case *question);

/*
 * Has the person of @record signed in with the code in the session of @exchange's caller, so that
 * its service need not ask? @began: the integration that is open. The account must be in order:
 * that is not asked here.
 */
bool recent_is_signed_in(
	struct exchange *exchange, const struct record *record, const unsigned char *began);

/* Note a sign-in that has been committed just now, for later. @sign_outs, @began: what it was
 * admitted under. Nothing is noted where no service asks for it. */
void recent_note(struct exchange *exchange, const struct identity *identity, uint32_t sign_outs,
	const unsigned char *began);

/* A session is open: what was noted for it is its own from now on. */
void recent_open(struct exchange *exchange, uint32_t uid, pid_t opener, uint64_t opener_start);
