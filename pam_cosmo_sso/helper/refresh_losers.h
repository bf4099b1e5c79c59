/* SPDX-License-Identifier: MIT */
/* Who has lost a role in a run, until it is plain that the IdP means it and their sessions end. */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/base/parse.h"
#include "pam_cosmo_sso/helper/store.h"

struct refresh_losers {
	char (*names)[COSMO_MAX_NAME_BYTES + 1];
	size_t count;
	size_t room;
};

void refresh_losers_done(struct refresh_losers *losers);

/* Without memory he is left out: every service refuses him all the same. */
void refresh_losers_add(struct refresh_losers *losers, const char *user);

/*
 * End everything that runs as one of them, as session_end() does with @caller spared, and forget
 * them. @by is for the log. Returns how many sessions that were; *ret_left counts the processes
 * that could not be ended.
 */
uint64_t refresh_losers_end_sessions(struct refresh_losers *losers, struct store *store,
	const char *by, pid_t caller, uint64_t *ret_left);
