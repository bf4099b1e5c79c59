/* SPDX-License-Identifier: MIT */
/*
 * Work in a child process that is stopped before and after each system call that may change
 * something: all but those known to change nothing, so that none is missed when code changes.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What the child does; its result, 0 to 127, is the child's exit code. Nothing of cmocka in it. */
typedef int (*traced_work)(void *context);

enum traced_action {
	TRACED_KILL_BEFORE, /* SIGKILL, the call is not made */
	TRACED_KILL_AFTER,  /* SIGKILL before the child sees the result */
	TRACED_FAIL,        /* the call is not made, and fails with ENOSPC */
};

struct traced_end {
	bool was_met; /* there was such a call */
	int code;     /* the exit code; -1 if killed */
};

/* Run @work and do @action at the @nth call, from 0. */
struct traced_end traced_run(
	traced_work work, void *context, enum traced_action action, unsigned int nth);

/* Run @work to its end, one machine instruction at a time, with @look between. Returns how many. */
unsigned long traced_steps(
	traced_work work, void *context, void (*look)(void *look_context), void *look_context);

struct traced_call {
	long number;    /* SYS_... */
	char path[64];  /* the file's last name: of the descriptor, or of the argument */
	uint64_t bytes; /* that it was to write */
	bool is_changing;
};

/* Run @work to its end. Up to @size calls go to @ret_calls; returns how many there were. The exit
 * code must be 0. */
size_t traced_list(traced_work work, void *context, struct traced_call *ret_calls, size_t size);
