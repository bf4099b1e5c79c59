/* SPDX-License-Identifier: MIT */
/* Becoming a process that nothing of its caller reaches: not his user, not his limits, not his end.
 */
#pragma once

#include "common/base/auto.h"
#include "common/base/err.h"

/*
 * Called once, first of all, by a process that was started with effective uid 0, one thread and
 * @last_fd as its only socket. Forks: the caller's direct child ends at once and is his to reap;
 * this returns in its child alone, which has
 *
 * - real, effective and saved uid and gid 0 and no other group: the person who runs a setuid
 *   program can no longer stop, limit or end it;
 * - a session of its own, default signal dispositions and an empty mask;
 * - the limits of a system service, no core dumps, not dumpable;
 * - any processor, the usual scheduling and priorities, timers as exact as the kernel's;
 * - umask 077, cwd "/", an empty environment;
 * - /dev/null as 0 to 2, @last_fd kept above, nothing else open.
 *
 * Errors: COSMO_E_NOT_ROOT, COSMO_E_SPAWN (fork failed), COSMO_E_IO. The process must then end.
 */
COSMO_MUST_USE enum cosmo_err root_process_enter(int last_fd);

/*
 * The same for a process that was started by nobody but root, with no user's process behind it: it
 * does not fork, and its session is its own already or made here.
 */
COSMO_MUST_USE enum cosmo_err root_process_stay(int last_fd);

/*
 * The same, but it stays in the caller's session and process group, to which a terminal sends
 * SIGINT. Of what else a key sends there it takes no notice: SIGQUIT, SIGTSTP.
 */
COSMO_MUST_USE enum cosmo_err root_process_attend(int last_fd);
