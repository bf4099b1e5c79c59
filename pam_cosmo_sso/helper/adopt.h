/* SPDX-License-Identifier: MIT */
/* Making a store this machine's that is another one's (a clone) or nobody's (restored). */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/base/auto.h"
#include "common/base/err.h"
#include "common/config.h"
#include "pam_cosmo_sso/helper/store.h"

struct adopt_report {
	bool is_ours;    /* it was already: nothing was done */
	uint64_t users;  /* records, tombstones included */
	uint64_t tokens; /* refresh tokens dropped; where nothing is changed, those that would be */
	uint64_t left; /* records that could not be read: what is in them is of no use to anybody */
};

/*
 * Names, uids, persons and the seed stay; refresh tokens go, without a word to the IdP, for the
 * machine that the store comes from may still use them. The host is disconnected before and after;
 * `connect` opens it. users.db is made anew. Until the last step the store is not this machine's:
 * an adoption that broke off is done again. Takes the lock. @dry_run: count only.
 *
 * Errors: COSMO_E_MACHINE (this machine has no id), COSMO_E_BUSY, those of integration_end() and
 * commit_rebuild().
 */
COSMO_MUST_USE enum cosmo_err adopt(
	struct store *store, const struct config *config, bool dry_run, struct adopt_report *ret);
