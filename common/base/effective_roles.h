/* SPDX-License-Identifier: MIT */
/* P7: which roles a user has at this moment. The one function that NSS, module and helper ask. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/base/err.h"
#include "common/base/gate.h"
#include "common/base/users_db_read.h"

#define ROLE_VIEWER_BIT       1ULL /* roles[0] */
#define CONFIRMED_AHEAD_MAX_S 300  /* a `confirmed` further ahead of now is no confirmation */

struct effective_roles {
	uint64_t roles; /* bit mask; ROLE_VIEWER_BIT alone when demoted */
	bool demoted;   /* the stored roles do not count at this moment */
	enum cosmo_err
		reason; /* why: COSMO_E_DISCONNECTED, _INTEGRATION_CHANGED, _LOCKED, _REMOVED,
			   _LEASE_OVER, or the record's reason; COSMO_OK if not demoted */
};

/* Pure. @now_s: seconds since the Unix epoch; @lease_s: role_lease of the settings. */
struct effective_roles effective_roles(const struct users_db_user *user,
	const struct gate_view *gate, int64_t lease_s, int64_t now_s);

/* The same of whom no more is known than what decides. */
struct effective_roles effective_roles_of(const struct users_db_standing *standing,
	const struct gate_view *gate, int64_t lease_s, int64_t now_s);
