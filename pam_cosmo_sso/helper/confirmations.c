/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/helper/confirmations.h"

#include "common/base/effective_roles.h"
#include "pam_cosmo_sso/helper/refresh_store.h"
#include "pam_cosmo_sso/helper/users_db_walk.h"

struct counting {
	struct confirmations found;
	struct gate_view gate;
	int64_t role_lease_s;
	int64_t refresh_after_s;
	int64_t now_s;
};

static enum cosmo_err count(void *context, const struct users_db_user *user)
{
	struct counting *counting = context;
	struct confirmations *found = &counting->found;
	const struct effective_roles effective =
		effective_roles(user, &counting->gate, counting->role_lease_s, counting->now_s);

	if (effective.reason == COSMO_E_LEASE_OVER)
		found->lapsed++;
	if (refresh_is_refusal(effective.reason))
		found->refused++;
	if (effective.demoted)
		return COSMO_OK;
	if (found->oldest_s == 0 || user->confirmed_s < found->oldest_s)
		found->oldest_s = user->confirmed_s;
	if (counting->now_s - user->confirmed_s >= counting->refresh_after_s)
		found->unconfirmed++;
	return COSMO_OK;
}

enum cosmo_err confirmations_count(
	struct store *store, int64_t refresh_after_s, int64_t now_s, struct confirmations *ret)
{
	struct counting counting = {.refresh_after_s = refresh_after_s, .now_s = now_s};
	struct users_db_numbers numbers = {0};
	enum cosmo_err err = users_db_numbers(store_users_db(store), &numbers);

	if (err)
		return err;
	counting.role_lease_s = numbers.role_lease_s;
	gate_read(store_gate(store), &counting.gate);
	err = users_db_walk(store_users_db(store), count, &counting);
	if (!err)
		*ret = counting.found;
	return err;
}
