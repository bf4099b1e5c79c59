/* SPDX-License-Identifier: MIT */
/* Records of open sessions, one file each in run/private/sessions, by which they are found and
 * ended later. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/base/auto.h"
#include "common/base/err.h"
#include "common/base/gate.h"
#include "common/base/parse.h"

#define SESSION_ID_BYTES     96
#define SESSION_LOGIND_BYTES 64

/* Foreign texts are filtered when written. */
struct session {
	char id[SESSION_ID_BYTES]; /* "LEADER.START.UID"; filled in by session_each() */
	pid_t leader;   /* the process that called PAM: it lasts as long as the session */
	uint64_t start; /* its start time in clock ticks since boot (proc(5)): with the pid it
			   names the process for good */
	uint32_t uid;
	char user[COSMO_MAX_NAME_BYTES + 1];
	char service[65];
	char tty[129];                     /* "": none */
	char rhost[257];                   /* "": none */
	char logind[SESSION_LOGIND_BYTES]; /* what logind calls it; "": not known (yet) */
	int64_t opened_s;
	int64_t opened_boot_ms; /* the same by CLOCK_BOOTTIME; 0: not known */
	bool shared;            /* the leader was seen to serve others too, see session_leader.h */
	unsigned char integration[INTEGRATION_BYTES];
	enum cosmo_err err; /* COSMO_E_STORE_DAMAGED: only id, leader, start and uid are known */
	bool idle; /* for whoever ends it: the leader is shared, and runs nothing for the user */
};

/* Write the record. @run_fd is run/private. Errors: COSMO_E_INVALID, COSMO_E_IO. */
COSMO_MUST_USE enum cosmo_err session_add(int run_fd, const struct session *session);

/* Remove the record of this leader and user; none there is no error. Errors: COSMO_E_IO. */
COSMO_MUST_USE enum cosmo_err session_remove(
	int run_fd, pid_t leader, uint64_t start, uint32_t uid);

/*
 * Call @visit for each session whose leader runs, in no order, with logind's name of it as it is
 * now; stops at the first error and returns it. A record whose leader is gone is removed, also when
 * its pid is somebody else's by now. Errors: COSMO_E_IO.
 */
typedef enum cosmo_err (*session_visitor)(void *context, const struct session *session);
COSMO_MUST_USE enum cosmo_err session_each(int run_fd, session_visitor visit, void *context);
