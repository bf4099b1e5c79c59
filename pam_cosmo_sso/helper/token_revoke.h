/* SPDX-License-Identifier: MIT */
/* Ending refresh tokens: asked of the IdP as far as there is time, taken out of the records in any
 * case. */
#pragma once

#include <stdint.h>

#include "common/base/auto.h"
#include "common/base/err.h"
#include "common/config.h"
#include "pam_cosmo_sso/helper/store.h"

/* How long the judge itself may take beyond the time it was given. */
#define TOKEN_REVOKE_GRACE_MS 5000

struct token_tally {
	uint64_t revoked;     /* the IdP said so */
	uint64_t not_revoked; /* it was not asked, or did not; they die there of age */
	uint64_t wiped;
	uint64_t left;      /* records that could not be wiped, or be read at all */
	uint64_t damaged;   /* of these: unreadable, so that doing it again helps nobody */
	enum cosmo_err why; /* the first reason of not_revoked; COSMO_OK if there is none */
	char detail[512];   /* of it, for the log and administrators; "" if there is none */
};

/* How far: @done of @total records with a token. */
typedef void (*token_progress)(void *context, uint64_t done, uint64_t total);

/*
 * Revoke at the IdP (RFC 7009) and wipe the refresh token of @user, or with NULL of everybody.
 * @config NULL: only wipe. Tokens go to the issuer they are from alone, and for at most
 * @duration_ms; when the IdP cannot be reached, or says that it revokes nothing, it is not asked
 * any more. A record that got another token meanwhile keeps it: a later sign-in wins. Takes the
 * writer lock for each batch of records, never while the IdP is asked: a caller that holds it may
 * only wipe.
 * @progress may be NULL. Nobody there, or no token, is a success. *ret is filled whatever happens.
 *
 * Errors, of what could not be wiped alone: COSMO_E_BUSY, COSMO_E_STORE_DAMAGED, COSMO_E_IO,
 * COSMO_E_NOMEM and others of commit_users(). A call that has failed can be repeated.
 */
COSMO_MUST_USE enum cosmo_err token_revoke(struct store *store, const struct config *config,
	const char *user, int64_t duration_ms, token_progress progress, void *context,
	struct token_tally *ret);
