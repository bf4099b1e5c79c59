/* SPDX-License-Identifier: MIT */
/* Everything of this process that a module in it has no business to change, as one text. */
#pragma once

#include <sys/resource.h>

#define PROCESS_STATE_SIZE 131072

/* The limits that are part of it, by the names that tests give them; the last has none. */
struct process_limit {
	const char *name;
	__rlimit_resource_t resource;
};

extern const struct process_limit process_limits[];

/* Write it to @state, of PROCESS_STATE_SIZE; what does not fit is left out. */
void process_state_read(char *state);
