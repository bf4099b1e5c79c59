/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/helper/confirmations.h"

#include "common/base/effective_roles.h"
#include "pam_cosmo_sso/helper/refresh_store.h"

struct counting {
	struct confirmations found;
	struct gate_view gate;
	int64_t role_lease_s;
	int64_t refresh_after_s;
	int64_t now_s;
};

static void count(struct counting *counting, const struct users_db_user *user)
{
	struct confirmations *found = &counting->found;
	const struct effective_roles effective =
		effective_roles(user, &counting->gate, counting->role_lease_s, counting->now_s);

	if (effective.reason == COSMO_E_LEASE_OVER)
		found->lapsed++;
	if (refresh_is_refusal(effective.reason))
		found->refused++;
	if (effective.demoted)
		return;
	if (found->oldest_s == 0 || user->confirmed_s < found->oldest_s)
		found->oldest_s = user->confirmed_s;
	if (counting->now_s - user->confirmed_s >= counting->refresh_after_s)
		found->unconfirmed++;
}

static enum cosmo_err count_all(struct users_db *db, struct counting *counting)
{
	struct users_db_user user = {0};
	uint64_t cursor = 0;

	for (;;) {
		uint64_t before = cursor;
		enum cosmo_err err = users_db_next(db, &cursor, &user);

		if (err == COSMO_E_NOT_FOUND)
			return COSMO_OK;
		if (!err)
			count(counting, &user);
		else if (err != COSMO_E_STORE_DAMAGED || cursor == before)
			return err; /* else it is one user that is damaged */
	}
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
	err = count_all(store_users_db(store), &counting);
	if (!err)
		*ret = counting.found;
	return err;
}
