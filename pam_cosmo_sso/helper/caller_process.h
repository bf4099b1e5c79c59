/* SPDX-License-Identifier: MIT */
/* The process that asks: it made the socket that the helper was started with, or connected to the
 * helper's own. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "common/base/auto.h"
#include "common/base/err.h"
#include "pam_cosmo_sso/helper/process.h"

struct caller_process {
	int socket_fd; /* towards it; borrowed */
	pid_t pid;     /* 0: gone already, or not known here, as that of another pid namespace */
	int pid_fd;    /* of the process, whoever has its number by now; -1: the kernel has none */
};

/*
 * Who made or connected the socket, by the credentials the kernel kept of that moment. Nothing is
 * read from the socket. The caller owns *ret: caller_process_done(). Errors: COSMO_E_NOT_ROOT
 * (effective uid not 0, or nothing can be told).
 */
COSMO_MUST_USE enum cosmo_err caller_process_of(int socket_fd, struct caller_process *ret);

void caller_process_done(struct caller_process *caller);
COSMO_AUTO_DEFINE(struct caller_process *, caller_process_done);

/*
 * Does it still run? What was read of /proc/PID before this is true is the caller's, and nobody's
 * who got his number after him. Without pidfds (Linux before 5.3) its end of the socket tells.
 */
bool caller_process_runs(const struct caller_process *caller);

/* What /proc says of it, and of no other. Errors: COSMO_E_INVALID (no number), COSMO_E_NOT_FOUND
 * (it is gone), those of process_read(). */
COSMO_MUST_USE enum cosmo_err caller_process_read(
	const struct caller_process *caller, struct process *ret);
