/* SPDX-License-Identifier: MIT */
/* Which processes end with a session_end(), and which are spared: one look at them after another.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/base/auto.h"
#include "common/base/err.h"
#include "pam_cosmo_sso/helper/our_uids.h"
#include "pam_cosmo_sso/helper/process.h"
#include "pam_cosmo_sso/helper/session.h"
#include "pam_cosmo_sso/helper/session_end.h"

#define SESSION_MAX_ANCESTORS 64

struct session_ancestor {
	pid_t pid;
	uint64_t start;
};

struct session_ending {
	struct store *store;
	const struct session_scope *scope;
	struct session_tally *tally;
	struct our_uids ours;
	struct session *sessions; /* of the scope */
	size_t count;
	size_t room;
	struct session_ancestor ancestors[SESSION_MAX_ANCESTORS]; /* the caller first */
	size_t ancestor_count;
	char own_logind[SESSION_LOGIND_BYTES]; /* the caller's; "": none */
	uint32_t own_uid;                      /* whose that is, or the first ancestor's of ours */
	session_progress progress;
	void *context;
	uint64_t shown;             /* last told by progress */
	bool *member;               /* of the present look: of a session that ends */
	bool *spared;               /* likewise */
	bool *serving;              /* likewise: a leader that serves others too, or below it */
	struct process_list before; /* the members of the look before */
	struct process_list acting; /* who acted for one of ours in each look so far */
	bool looked;
};

/* Frees what is in it. */
void session_ending_done(struct session_ending *ending);
COSMO_AUTO_DEFINE(struct session_ending *, session_ending_done);

/* The caller and whom he was started by. Errors: COSMO_E_NOMEM, COSMO_E_IO and those of
 * our_uids_have(), as with all that follow. */
COSMO_MUST_USE enum cosmo_err session_choice_find_caller(struct session_ending *ending);

/* Is it the session in which the caller waits for his answer? */
bool session_choice_is_own(const void *ending, const struct session *session);

/* Does it end now, with the caller's left for later? */
bool session_choice_ends(const void *ending, const struct session *session);

/* For logind_end_users(): the caller's own slice, and any in which a leader is that serves others.
 */
bool session_choice_spares_slice(const void *ending, uint32_t uid);

/* Set @member and @spared for @list, and whose each of its processes is. */
COSMO_MUST_USE enum cosmo_err session_choice_mark(
	struct session_ending *ending, struct process_list *list);

/* For process_end(): mark, then say of each process whether it is chosen or awaited. */
COSMO_MUST_USE enum cosmo_err session_choice_take(
	void *ending, struct process_list *list, bool last);

/* For process_end(): may everything that runs as @uid be hit? Nobody spared does. */
bool session_choice_whole_uid(void *ending, const struct process_list *list, uint32_t uid);

/* Is anything of one of ours left in a marked @list that is to end? */
bool session_choice_left(const struct session_ending *ending, const struct process_list *list);
