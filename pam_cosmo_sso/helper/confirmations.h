/* SPDX-License-Identifier: MIT */
/* How fresh the roles of all users are, as look-ups see them. */
#pragma once

#include <stdint.h>

#include "common/base/auto.h"
#include "common/base/err.h"
#include "pam_cosmo_sso/helper/store.h"

struct confirmations {
	int64_t oldest_s;     /* of the roles that count; 0: none do */
	uint64_t unconfirmed; /* roles that count, confirmed longer ago than refresh_after */
	uint64_t lapsed;      /* users whose lease is over */
	uint64_t refused;     /* users whom the IdP has refused since they signed in */
};

/*
 * Count at @now_s by users.db and the gate, without a lock; damaged users are left out. Errors:
 * those of users_db_walk() and users_db_numbers().
 */
COSMO_MUST_USE enum cosmo_err confirmations_count(
	struct store *store, int64_t refresh_after_s, int64_t now_s, struct confirmations *ret);
