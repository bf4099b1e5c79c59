/* SPDX-License-Identifier: MIT */
/* Which processes belong to a session: the leader and what descends from it, whoever it runs as by
 * now, and what is in logind's scope of the session. Others that are known to belong to it count
 * as leaders; where the leader serves others too, those of its descendants that run as the
 * session's user do so in its place, and the scope, in which it may be itself, tells nothing. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "common/base/auto.h"
#include "common/base/err.h"
#include "pam_cosmo_sso/helper/process.h"
#include "pam_cosmo_sso/helper/session.h"

/*
 * Set @member[i] for each member among @list of one of @sessions for which @wanted says so, and for
 * each that descends from one for which it is set already; others stay as they are. Never for this
 * process itself. Errors: COSMO_E_NOMEM.
 */
COSMO_MUST_USE enum cosmo_err session_members_mark(const struct process_list *list,
	const struct session *sessions, size_t count,
	bool (*wanted)(const void *context, const struct session *session), const void *context,
	bool *member);
