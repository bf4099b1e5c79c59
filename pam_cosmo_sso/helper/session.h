/* SPDX-License-Identifier: MIT */
/* Records of open sessions, one file each in run/private/sessions, by which they are found and
 * ended later. */
#pragma once

#include <stdint.h>
#include <sys/types.h>

#include "common/base/auto.h"
#include "common/base/err.h"
#include "common/base/gate.h"

/* Foreign texts are filtered when written. */
struct session {
	pid_t leader;   /* the process that called PAM: it lasts as long as the session */
	uint64_t start; /* its start time in clock ticks since boot (proc(5)): with the pid it
			   names the process for good */
	uint32_t uid;
	const char *user;
	const char *service;
	const char *tty;   /* NULL: none */
	const char *rhost; /* NULL: none */
	int64_t opened_s;
	unsigned char integration[INTEGRATION_BYTES];
};

/* The start time of a process that runs. Errors: COSMO_E_NOT_FOUND, COSMO_E_FORMAT, COSMO_E_IO. */
COSMO_MUST_USE enum cosmo_err session_start_time(pid_t pid, uint64_t *ret_start);

/* Write the record. @run_fd is run/private. Errors: COSMO_E_INVALID, COSMO_E_IO. */
COSMO_MUST_USE enum cosmo_err session_add(int run_fd, const struct session *session);

/* Remove the record of this leader and user; none there is no error. Errors: COSMO_E_IO. */
COSMO_MUST_USE enum cosmo_err session_remove(
	int run_fd, pid_t leader, uint64_t start, uint32_t uid);
