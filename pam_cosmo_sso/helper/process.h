/* SPDX-License-Identifier: MIT */
/* The processes of this host as /proc shows them. A number alone names nobody: with its start time
 * it names one process for good. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/base/auto.h"
#include "common/base/err.h"

struct process {
	pid_t pid;
	pid_t ppid;
	pid_t sid;         /* whose session, as setsid(2) has them */
	uint32_t terminal; /* number of its controlling terminal, as the kernel packs it; 0: none */
	uint64_t start;    /* clock ticks since boot */
	uint32_t uids[3];  /* real, effective, saved */
	bool ended;        /* dead but not reaped, with all its threads */
	/* for whoever looks through a list */
	bool chosen;
	bool awaited;
	uint32_t whose; /* one of ours; 0: of none */
};

/* Errors: COSMO_E_NOT_FOUND (no such process), COSMO_E_FORMAT, COSMO_E_IO. */
COSMO_MUST_USE enum cosmo_err process_read(pid_t pid, struct process *ret);

/* Does the process that was seen as @process still run? */
bool process_runs(pid_t pid, uint64_t start);

/* Has it ended for certain? Where it cannot be seen neither this nor process_runs() holds. */
bool process_is_gone(pid_t pid, uint64_t start);

/*
 * Is @parent still whom @child came from? A list is not taken in one instant: between the two
 * readings a number may have gone to another process.
 */
bool process_is_child(const struct process *child, const struct process *parent);

/*
 * A pidfd of the process that was seen as @process, with the uids it had then; the caller
 * closes *ret_fd. Errors: COSMO_E_NOT_FOUND (it is gone, ended or changed), COSMO_E_IO (no
 * descriptor, or a kernel without pidfds).
 */
COSMO_MUST_USE enum cosmo_err process_open(const struct process *process, int *ret_fd);

/* Sorted by pid, without those that have ended. */
struct process_list {
	struct process *items;
	size_t count;
	size_t missed; /* so many ended while the list was made */
	bool is_whole; /* all others are in it, this process too: /proc is the one of this host */
};

/* Errors: COSMO_E_IO, COSMO_E_NOMEM. */
COSMO_MUST_USE enum cosmo_err process_list_take(struct process_list *ret);

/* The same while somebody waits: there may be any number of processes. Errors: COSMO_E_DEADLINE
 * too.
 */
COSMO_MUST_USE enum cosmo_err process_list_take_until(
	int64_t deadline_boot_ms, struct process_list *ret);
void process_list_done(struct process_list *list);
COSMO_AUTO_DEFINE(struct process_list *, process_list_done);

/* NULL: not there. */
struct process *process_list_find(const struct process_list *list, pid_t pid);
