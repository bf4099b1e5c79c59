/* SPDX-License-Identifier: MIT */
/*
 * Whose the process is that opened a session. As a rule it is the session's alone: it waits for the
 * one whom it let in, and ends with him. A service of root's may open the sessions of all its
 * users, whom it serves on: that one does not end with any of them, and what it starts for one is
 * told from what it starts for another by the uid.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "common/base/auto.h"
#include "common/base/err.h"
#include "pam_cosmo_sso/helper/our_uids.h"
#include "pam_cosmo_sso/helper/process.h"
#include "pam_cosmo_sso/helper/session.h"

/*
 * Set .shared of each of @sessions whose leader runs as root and has a child that runs as somebody
 * else altogether: neither as root nor as the session's user, and without anything by which it
 * would be known as this user's. Others stay as they are. Errors: those of process_whose_find().
 */
COSMO_MUST_USE enum cosmo_err session_leader_find_shared(const struct process_list *list,
	struct our_uids *ours, struct session *sessions, size_t count);

/* Is @process of @list the leader, or does it descend from it? */
bool session_leader_leads(const struct process_list *list, const struct session *session,
	const struct process *process);

/* Set @member[i] for each of @list that descends from the leader and runs as the session's user. */
void session_leader_mark_users(
	const struct process_list *list, const struct session *session, bool *member);

/* Is there none of these? */
bool session_leader_is_idle(const struct process_list *list, const struct session *session);
