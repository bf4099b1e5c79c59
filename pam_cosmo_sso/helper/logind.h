/* SPDX-License-Identifier: MIT */
/* What systemd's logind keeps of sessions and users, and having it end them by loginctl(1). Nothing
 * here reports success: whether a process has ended is seen from the process. Once logind has kept
 * this process waiting for long enough in all, it is not asked any more. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/base/auto.h"
#include "common/base/err.h"
#include "pam_cosmo_sso/helper/our_uids.h"

/*
 * The logind session that @pid is in, by its control group, in @ret_id of SESSION_LOGIND_BYTES, and
 * whose it is. One in a container on this host is another logind's. Errors: COSMO_E_NOT_FOUND (in
 * none), COSMO_E_IO.
 */
COSMO_MUST_USE enum cosmo_err logind_session_of(pid_t pid, char *ret_id, uint32_t *ret_uid);

/* The same from the text of a /proc/PID/cgroup and @first, that of pid 1: where it is, the host's
 * slices are. Errors: COSMO_E_NOT_FOUND. */
COSMO_MUST_USE enum cosmo_err logind_session_in(
	const char *first, const char *groups, char *ret_id, uint32_t *ret_uid);

/*
 * Whose slice @pid is in: it was started in a session or by the user manager of that user, whoever
 * it runs as and whatever has become of its parents. What systemd runs there itself, to make the
 * user's folders, is not meant. Errors: COSMO_E_NOT_FOUND (in none), COSMO_E_IO.
 */
COSMO_MUST_USE enum cosmo_err logind_slice_of(pid_t pid, uint32_t *ret_uid);

/* Ask for the end of this session and all that is in it. */
void logind_end_session(const char *id);

/*
 * Nobody of @ours lingers any more: otherwise a user manager that is ended is started anew, at the
 * latest with the host. Everybody is tried. Errors: COSMO_E_IO (somebody lingers still), those of
 * our_uids_have().
 */
COSMO_MUST_USE enum cosmo_err logind_end_lingering(struct our_uids *ours);

/*
 * Ask for the end of all sessions and the user manager of each user of @ours who has any, and whose
 * slice @spares does not want left alone: logind ends all that is in it, whoever it runs as.
 * Errors: those of our_uids_have().
 */
COSMO_MUST_USE enum cosmo_err logind_end_users(struct our_uids *ours,
	bool (*spares)(const void *context, uint32_t uid), const void *context);

/* Move this process out of the session or user manager in which it was started, so that it does not
 * end with it. False: it is still in there. */
bool logind_leave(void);
