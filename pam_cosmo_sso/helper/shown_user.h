/* SPDX-License-Identifier: MIT */
/* What users.db shows of a record. */
#pragma once

#include "common/base/auto.h"
#include "common/base/err.h"
#include "common/base/users_db_read.h"
#include "common/config.h"
#include "pam_cosmo_sso/helper/records.h"

/*
 * @settings, those of the file it is for, say which role is which bit; roles that they or @config
 * (may be NULL) do not know are left out. A display name that is too long is cut. Errors:
 * COSMO_E_INVALID (home or shell is missing, too long or not to be shown).
 */
COSMO_MUST_USE enum cosmo_err shown_user(const struct users_db_settings *settings,
	const struct config *config, const struct record *record, struct users_db_user *ret);

/*
 * What is shown in the place of a damaged record: name and ids, no role, locked. Errors:
 * COSMO_E_INVALID.
 */
COSMO_MUST_USE enum cosmo_err shown_user_damaged(const struct users_db_settings *settings,
	const char *name, uint32_t uid, struct users_db_user *ret);
