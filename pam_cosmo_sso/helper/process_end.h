/* SPDX-License-Identifier: MIT */
/* Ending processes: they are asked, given time, and killed; by pidfd, so that a number which has
 * gone to somebody else meanwhile is never hit. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/auto.h"
#include "common/base/err.h"
#include "pam_cosmo_sso/helper/process.h"

struct process_ending {
	/* Set .chosen of those of @list that are to end, .awaited of those that are to end unless
	 * they change by themselves; asked again for each look at the host. @last: time is over,
	 * the chosen ones are killed now. Errors end the whole. */
	enum cosmo_err (*choose)(void *context, struct process_list *list, bool last);
	/* May all processes of this uid be killed in one step? Asked of .whose, which choose() has
	 * set. NULL: of none. */
	bool (*whole_uid)(void *context, const struct process_list *list, uint32_t uid);
	/* Called after each look. NULL: nobody asks. */
	void (*looked)(void *context, const struct process_list *list);
	void *context;
	int64_t grace_ms;
	uint32_t shield_uid; /* a uid that nobody has, see uid_kill.h; 0: there is none */
};

/*
 * Ask the chosen ones to end (SIGTERM and SIGCONT, in the next look SIGHUP), look again until a
 * look finds none or the grace period is over, then kill them and look on for a shorter while.
 * *ret_ended: how many were signalled and are gone; *ret_left: how many are still there. Errors:
 * those of choose(), COSMO_E_IO (/proc does not show all processes, or none), COSMO_E_NOMEM.
 */
COSMO_MUST_USE enum cosmo_err process_end(
	const struct process_ending *ending, uint64_t *ret_ended, uint64_t *ret_left);
