/* SPDX-License-Identifier: MIT */
/* Starting one of our own programs with a socket to it and nothing else inherited. */
#pragma once

#include <stdint.h>
#include <sys/types.h>

#include "common/base/auto.h"
#include "common/base/err.h"

/* Descriptors of every started program: 0-2 are /dev/null. */
#define SPAWN_PEER_FD   3 /* socket to who started it */
#define SPAWN_SECOND_FD 4 /* the judge's socket to fetch; else closed */

struct spawn_child {
	pid_t pid;  /* -1: none, or ended and reaped already */
	int pid_fd; /* -1 likewise, and on kernels without pidfds */
};

/*
 * A connected pair of close-on-exec stream sockets. The caller owns both.
 * Errors: COSMO_E_IO.
 */
COSMO_MUST_USE enum cosmo_err spawn_socketpair(int *ret_ours, int *ret_theirs);

/*
 * posix_spawn @path with no arguments but its name (and @argument, if not NULL), an empty
 * environment, default signal dispositions, an empty signal mask, its own session and process
 * group, @peer_fd as 3, @second_fd (or -1) as 4, /dev/null as 0 to 2, every other descriptor
 * closed. Safe in a threaded host process. The caller keeps @peer_fd and @second_fd and closes
 * them. Errors: COSMO_E_SPAWN.
 */
COSMO_MUST_USE enum cosmo_err spawn_program(const char *path, const char *argument, int peer_fd,
	int second_fd, struct spawn_child *ret_child);

/*
 * The same without a second socket, but in the caller's session and process group: what a terminal
 * sends to that group reaches the child as well.
 */
COSMO_MUST_USE enum cosmo_err spawn_in_group(
	const char *path, const char *argument, int peer_fd, struct spawn_child *ret_child);

/* The same with a program of the host: @argv (argv[0] is its full path) and no socket. */
COSMO_MUST_USE enum cosmo_err spawn_command(char *const argv[], struct spawn_child *ret_child);

/* Wait until @deadline_boot_ms for the child's end, then SIGKILL it; reaps it, closes pid_fd.
 * Harmless when the host ignores SIGCHLD. */
void spawn_finish(struct spawn_child *child, int64_t deadline_boot_ms);

/* SIGKILL at once, reap, close. */
void spawn_kill(struct spawn_child *child);
