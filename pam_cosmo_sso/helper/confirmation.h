/* SPDX-License-Identifier: MIT */
/* What a sign-in or a refresh makes of a record: who, which roles, confirmed when. */
#pragma once

#include <stdint.h>

#include "common/base/auto.h"
#include "common/base/err.h"
#include "common/config.h"
#include "pam_cosmo_sso/helper/identity.h"
#include "pam_cosmo_sso/helper/records.h"

struct confirmation {
	const struct config *config;
	const struct identity *identity;
	const unsigned char *integration; /* id under which it was made */
	uint64_t roles; /* bits over config->roles; they replace all others (P6) */
	int64_t now_s;
};

/* Write a sign-in into @record, in memory. On an error the record is in no usable state. Errors:
 * COSMO_E_NOMEM, COSMO_E_TOO_BIG. */
COSMO_MUST_USE enum cosmo_err confirmation_apply(
	const struct confirmation *confirmation, struct record *record);

/*
 * Write a refresh of the sign-in that @record is of, in memory. Roles are replaced whole and
 * confirmed anew; when and how the person signed in stays, and so does whose the name is. The
 * refresh token is JUDGE_TOKEN's business. Errors: as confirmation_apply().
 */
COSMO_MUST_USE enum cosmo_err confirmation_refresh(
	const struct confirmation *confirmation, struct record *record);

/* The IdP's no: no role is left in @record, and @reason says why. */
void confirmation_refuse(struct record *record, enum cosmo_err reason);

/* When the roles count as confirmed: never later than the IdP's own clock and some minutes. */
int64_t confirmation_time_s(int64_t now_s, int64_t idp_time_s);
