/* SPDX-License-Identifier: MIT */
#include "common/base/effective_roles.h"

#include <string.h>

static enum cosmo_err lease_problem(int64_t confirmed_s, int64_t lease_s, int64_t now_s)
{
	int64_t age_s = 0;

	if (confirmed_s <= 0 || now_s <= 0 || lease_s <= 0)
		return COSMO_E_LEASE_OVER;
	if (__builtin_sub_overflow(now_s, confirmed_s, &age_s))
		return COSMO_E_LEASE_OVER;
	/* A confirmation from the future is worth nothing: a clock was wrong when it was made, or
	 * is. */
	if (age_s < -CONFIRMED_AHEAD_MAX_S || age_s >= lease_s)
		return COSMO_E_LEASE_OVER;
	return COSMO_OK;
}

static enum cosmo_err demotion(const struct users_db_standing *standing,
	const struct gate_view *gate, int64_t lease_s, int64_t now_s)
{
	if (standing->flags & USERS_DB_REMOVED)
		return COSMO_E_REMOVED;
	if (standing->flags & USERS_DB_LOCKED)
		return COSMO_E_LOCKED;
	if (gate->state != GATE_OPEN)
		return COSMO_E_DISCONNECTED;
	if (memcmp(standing->integration, gate->integration, INTEGRATION_BYTES) != 0)
		return COSMO_E_INTEGRATION_CHANGED;
	if (standing->reason != COSMO_OK)
		return cosmo_err_from_wire(standing->reason);
	return lease_problem(standing->confirmed_s, lease_s, now_s);
}

struct effective_roles effective_roles_of(const struct users_db_standing *standing,
	const struct gate_view *gate, int64_t lease_s, int64_t now_s)
{
	struct effective_roles result = {.roles = ROLE_VIEWER_BIT, .demoted = true};

	result.reason = demotion(standing, gate, lease_s, now_s);
	if (result.reason == COSMO_OK) {
		result.demoted = false;
		result.roles = standing->roles ? standing->roles : ROLE_VIEWER_BIT;
	}
	return result;
}

struct effective_roles effective_roles(const struct users_db_user *user,
	const struct gate_view *gate, int64_t lease_s, int64_t now_s)
{
	struct users_db_standing standing = {
		.roles = user->roles,
		.confirmed_s = user->confirmed_s,
		.flags = user->flags,
		.reason = user->reason,
	};

	memcpy(standing.integration, user->integration, INTEGRATION_BYTES);
	return effective_roles_of(&standing, gate, lease_s, now_s);
}
