/* SPDX-License-Identifier: MIT */
/* Giving up root and everything else that judge and fetch never need. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "common/base/auto.h"
#include "common/base/err.h"

/* What a process keeps. Zero in a limit means none, not unlimited. */
struct sandbox_profile {
	const char *user;     /* system user of /etc/passwd; never uid 0 or gid 0 */
	int last_fd;          /* 0 to last_fd must be open and stay so, all above are closed */
	bool isolate_network; /* an empty network namespace of its own, not even lo is up */
	unsigned int max_fds;
	unsigned int max_tasks; /* processes and threads of this *user*, all its processes
				   together; 0: this one can start no thread and no process */
	unsigned int max_cpu_s;
	size_t max_data_bytes; /* private memory; the address space is capped in any case */
};

/*
 * Called once by a process that was started as root, before it reads a byte from anybody and while
 * it has one thread. Afterwards:
 *
 * - it is @profile->user with that user's primary group and no other, for good (checked);
 * - no capability is left in any set, the bounding set included; no_new_privs; not dumpable;
 * - its own session, cwd "/", umask 077, an empty environment;
 * - no descriptor above last_fd; no file can be written, no core dumped; limits as told.
 *
 * The user is looked up in /etc/passwd itself, so that no NSS module (ours included) is loaded into
 * a process of root. The caps on memory are left out where the build is instrumented by ASan, which
 * cannot live with them.
 *
 * Errors: COSMO_E_SANDBOX when any of this could not be had. The process is then in no defined
 * state and must end without touching its input.
 */
COSMO_MUST_USE enum cosmo_err sandbox_enter(const struct sandbox_profile *profile);
