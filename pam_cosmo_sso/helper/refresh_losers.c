/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/helper/refresh_losers.h"

#include <stdio.h>
#include <stdlib.h>

#include "pam_cosmo_sso/helper/session_end.h"

#define FIRST_ROOM ((size_t)16)

void refresh_losers_done(struct refresh_losers *losers)
{
	free(losers->names);
	*losers = (struct refresh_losers){.names = NULL};
}

void refresh_losers_add(struct refresh_losers *losers, const char *user)
{
	if (losers->count == losers->room) {
		size_t room = losers->room ? 2 * losers->room : FIRST_ROOM;
		void *more = reallocarray(losers->names, room, sizeof(*losers->names));

		if (!more)
			return;
		losers->names = more;
		losers->room = room;
	}
	(void)snprintf(losers->names[losers->count++], sizeof(*losers->names), "%s", user);
}

uint64_t refresh_losers_end_sessions(struct refresh_losers *losers, struct store *store,
	const char *by, pid_t caller, uint64_t *ret_left)
{
	uint64_t ended = 0;

	*ret_left = 0;
	for (size_t i = 0; i < losers->count; i++) {
		const struct session_scope scope = {
			.user = losers->names[i], .by = by, .caller = caller};
		struct session_tally tally = {0};

		/* What withstands is counted; the next run, or the door, has to do. */
		(void)!session_end(store, &scope, NULL, NULL, &tally);
		ended += tally.ended;
		*ret_left += tally.left;
	}
	losers->count = 0;
	return ended;
}
