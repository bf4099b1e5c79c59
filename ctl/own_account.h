/* SPDX-License-Identifier: MIT */
/* What every user may know of his own account: users.db and the gate, as look-ups read them. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/base/auto.h"
#include "common/base/effective_roles.h"
#include "common/base/err.h"
#include "common/base/gate.h"
#include "common/base/users_db_read.h"

/* Where it is looked up; tests use their own places. */
struct own_account_places {
	struct users_db *db;
	struct gate_reader *gate;
};

struct own_account {
	struct users_db_user user;
	struct users_db_settings settings;
	struct gate_view gate;
	struct effective_roles effective;
	int64_t now_s;
};

/*
 * The account of @uid at @now_s. Errors: COSMO_E_NOT_OURS (a local user, or nobody of ours; also
 * while there is no users.db and no integration), those of users_db_find_uid().
 */
COSMO_MUST_USE enum cosmo_err own_account_find(
	const struct own_account_places *places, uid_t uid, int64_t now_s, struct own_account *ret);

/*
 * Has the process with these supplementary groups just those of the roles that count? Whoever's
 * roles changed after he had signed in has others: the kernel asks nobody again.
 */
bool own_account_has_groups(const struct own_account *account, const gid_t *groups, size_t count);
