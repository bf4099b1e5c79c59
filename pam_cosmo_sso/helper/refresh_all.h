/* SPDX-License-Identifier: MIT */
/*
 * A run over many users: the IdP is asked about one after the other, no faster than
 * refresh_per_minute, and what it says is stored. A run that is broken off leaves nobody half done,
 * and the next one goes on with it.
 */
#pragma once

#include "common/base/auto.h"
#include "common/base/err.h"
#include "pam_cosmo_sso/helper/refresh_round.h"

/*
 * Errors: COSMO_E_MASS_REFUSAL (refresh_tally_is_alarming(): what is left is not asked about; also
 * for a run of those who are due, without asking anybody, until a run of all was begun since); why
 * the IdP does not answer; COSMO_E_DISCONNECTED; COSMO_E_BUSY (another run is under way); those of
 * refresh_list_make(). *ret is filled in either way.
 */
COSMO_MUST_USE enum cosmo_err refresh_all(
	const struct refresh_order *order, struct refresh_report *ret);

/* The same for @user alone, however lately he was confirmed, with no memory of it and no alarm.
 * Errors: as refresh_batch.h has them in .reason; those of policy_effective(),
 * COSMO_E_NO_REFRESH_TOKEN, record_load(). */
COSMO_MUST_USE enum cosmo_err refresh_one(
	const struct refresh_order *order, const char *user, struct refresh_report *ret);
