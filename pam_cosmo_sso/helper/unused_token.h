/* SPDX-License-Identifier: MIT */
/* A refresh token that came of a sign-in which is not stored. */
#pragma once

#include <stdint.h>

#include "common/base/err.h"
#include "common/config.h"
#include "common/message.h"

/*
 * Ask the IdP of @config to revoke the refresh token of @told, a JUDGE_IDENTITY: it stands in no
 * record, and will not. Waits for the answer, for @duration_ms and a little more. Errors:
 * COSMO_E_NOT_FOUND (there is none), the IdP's reason, those of judge_start() and judge_next().
 */
COSMO_MUST_USE enum cosmo_err unused_token_revoke(
	const struct config *config, const struct message *told, int64_t duration_ms);
