/* SPDX-License-Identifier: MIT */
#include "ctl/own_account.h"

#include <pwd.h>

/* Another source that is asked first, the local files before all, has this uid, or the name. */
static bool is_of_others(uid_t uid, const struct users_db_user *user)
{
	/* NOLINTNEXTLINE(concurrency-mt-unsafe): this program has one thread */
	const struct passwd *entry = getpwuid(uid);

	/* None at all: our plugin is not in nsswitch.conf, and the account is ours all the same. */
	return entry && (!streq(entry->pw_name, user->name) || !streq(entry->pw_passwd, "*"));
}

enum cosmo_err own_account_find(
	const struct own_account_places *places, uid_t uid, int64_t now_s, struct own_account *ret)
{
	enum cosmo_err err = users_db_find_uid(places->db, uid, &ret->user);

	gate_read(places->gate, &ret->gate);
	ret->now_s = now_s;
	if (err == COSMO_E_NOT_FOUND ||
		(err == COSMO_E_STORE_MISSING && ret->gate.state != GATE_OPEN))
		return COSMO_E_NOT_OURS;
	if (!err && is_of_others(uid, &ret->user))
		return COSMO_E_NOT_OURS;
	if (!err)
		err = users_db_settings(places->db, &ret->settings);
	if (err)
		return err;
	ret->effective = effective_roles(&ret->user, &ret->gate, ret->settings.role_lease_s, now_s);
	return COSMO_OK;
}

static bool has(const gid_t *groups, size_t count, gid_t gid)
{
	for (size_t i = 0; i < count; i++)
		if (groups[i] == gid)
			return true;
	return false;
}

bool own_account_has_groups(const struct own_account *account, const gid_t *groups, size_t count)
{
	for (uint32_t i = 0; i < account->settings.role_count; i++)
		if ((account->effective.roles >> i & 1) !=
			has(groups, count, account->settings.roles[i].gid))
			return false;
	return true;
}
