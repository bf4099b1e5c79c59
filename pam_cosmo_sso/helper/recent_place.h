/* SPDX-License-Identifier: MIT */
/* Where a process is at work: the session and the terminal, by what the kernel and systemd's
 * control groups say of it. Nothing that it says itself, or has in its environment, is looked at.
 */
#pragma once

#include <stdint.h>
#include <sys/types.h>

#include "common/base/auto.h"
#include "common/base/err.h"
#include "pam_cosmo_sso/helper/recent_marker.h"

/*
 * The place of @pid, which was started by the user @uid at a terminal of his own session. Errors:
 * COSMO_E_NOT_FOUND: it has no controlling terminal; the leader of its session is gone, has another
 * terminal or is not wholly @uid's, or its parent is not, or is in another session; its real uid is
 * neither @uid nor root's; it is in another pid or user namespace; neither the kernel's audit nor
 * logind knows its session, or they know another one for the leader. COSMO_E_IO, COSMO_E_FORMAT.
 * Whoever asks looks afterwards whether it still runs.
 */
COSMO_MUST_USE enum cosmo_err recent_place_of(pid_t pid, uint32_t uid, struct recent_place *ret);

/* Is it the very same place? */
bool recent_place_is(const struct recent_place *one, const struct recent_place *other);

/*
 * The session that @pid is in, in @ret of RECENT_SESSION_BYTES: the audit session id where one was
 * set, else the logind session of its control group if that is @uid's. Errors: COSMO_E_NOT_FOUND,
 * COSMO_E_IO.
 */
COSMO_MUST_USE enum cosmo_err recent_session_of(pid_t pid, uint32_t uid, char *ret);

/*
 * Which process will open the session that @pid authenticates for: in sshd its parent, the same
 * program as root, else itself. In *ret_pid, with its start. Errors: those of process_read().
 */
COSMO_MUST_USE enum cosmo_err recent_opener_of(pid_t pid, pid_t *ret_pid, uint64_t *ret_start);

/*
 * Did @opener, which has opened a session of @uid's in this moment of CLOCK_BOOTTIME, start the
 * leader of @place for it, soon, and before any other process that still runs? The leader is its
 * child, or in sshd the child of its child. Errors: COSMO_E_NOT_FOUND (it did not, or that cannot
 * be told), COSMO_E_IO, COSMO_E_NOMEM.
 */
struct recent_opener {
	pid_t pid;
	uint64_t start;
	uint32_t uid;
	int64_t opened_boot_ms;
};
COSMO_MUST_USE enum cosmo_err recent_place_is_of(
	const struct recent_place *place, const struct recent_opener *opener);

/* Who may have started the leader of @place: its parent and that one's, up to
 * RECENT_MAX_OPENERS. */
#define RECENT_MAX_OPENERS 2
COSMO_MUST_USE enum cosmo_err recent_place_openers(
	const struct recent_place *place, struct recent_opener ret[RECENT_MAX_OPENERS]);
