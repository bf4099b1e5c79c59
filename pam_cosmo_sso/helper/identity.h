/* SPDX-License-Identifier: MIT */
/* Who signed in, as the judge says: read and bounded, not yet believed. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "common/base/auto.h"
#include "common/base/err.h"
#include "common/claim_state.h"
#include "common/message.h"

#define IDENTITY_MAX_ROLES 32
#define IDENTITY_MAX_AMR   32

/* Every pointer is borrowed from the message. */
struct identity {
	const char *issuer;
	const char *sub;
	const char *username;
	const char *display_name; /* NULL: not told */
	const char *detail;       /* for the log: why there is no role; NULL: not told */
	const char *roles[IDENTITY_MAX_ROLES];
	size_t role_count;
	enum claim_state claim;
	const char *acr; /* NULL: not told */
	const char *amr[IDENTITY_MAX_AMR];
	size_t amr_count;
	int64_t auth_time_s; /* 0: not told */
	int64_t idp_time_s;  /* 0: not told */
	uint32_t uid;        /* 0: not told */
	int64_t refresh_expires_in_s;
	const struct message *message; /* for the refresh token */
};

/* Read a JUDGE_IDENTITY. Errors: COSMO_E_PROTOCOL for another message, an empty name or subject,
 * too many values, numbers no clock or id can have, roles of a claim that is not there, a refresh
 * token with a NUL inside. */
COSMO_MUST_USE enum cosmo_err identity_read(const struct message *message, struct identity *ret);

/* The same after a refresh, whose claims need not have a name: then it is "". */
COSMO_MUST_USE enum cosmo_err identity_read_refreshed(
	const struct message *message, struct identity *ret);
