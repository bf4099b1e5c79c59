/* SPDX-License-Identifier: MIT */
/* Whom a run asks the IdP about, those first whose roles were confirmed longest ago. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/auto.h"
#include "common/base/err.h"
#include "common/base/gate.h"
#include "common/config.h"
#include "pam_cosmo_sso/helper/store.h"

struct refresh_candidate {
	char user[COSMO_MAX_NAME_BYTES + 1];
	uint32_t uid;
	int64_t confirmed_s;
	int64_t interval_s; /* he is to be asked about if confirmed this long ago; 0: before
			       .before_s */
};

struct refresh_list {
	struct refresh_candidate *items;
	size_t count;
	size_t room;
};

void refresh_list_done(struct refresh_list *list);
COSMO_AUTO_DEFINE(struct refresh_list *, refresh_list_done);

/* Which users are looked for, at .now_s; all of the integration that the gate is open for, and none
 * who is locked, removed or refused. */
struct refresh_wish {
	const struct config *config;
	const unsigned char *integration;
	int64_t now_s;
	/* Not 0: everybody who was confirmed before this moment. 0: whoever is due: with an open
	 * session after refresh_after, else after half of the lease. */
	int64_t before_s;
	/* Refresh tokens may live shorter than half of the lease: look into each record. */
	bool reads_records;
};

/* Errors: COSMO_E_NOMEM, those of users_db_walk() and session_each(). */
COSMO_MUST_USE enum cosmo_err refresh_list_make(
	struct store *store, const struct refresh_wish *wish, struct refresh_list *ret);

/* Look again, with the first @done of @list dealt with: they stay where they are and are not taken
 * once more, and behind them stands who is looked for now. Errors: as refresh_list_make(); @list is
 * as it was. */
COSMO_MUST_USE enum cosmo_err refresh_list_renew(struct store *store,
	const struct refresh_wish *wish, size_t done, struct refresh_list *list);
