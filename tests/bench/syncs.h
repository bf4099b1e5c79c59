/* SPDX-License-Identifier: MIT */
/* What a program does to have things on the disk: its fsync(), fdatasync(), syncfs() and msync()
 * are these here. */
#pragma once

#include <stdbool.h>

/* They do nothing from now on: for filling a store that need not outlive the machine. */
void syncs_skip(bool skip);

struct syncs_cost {
	double wall_ns;
	double cpu_ns; /* of processor time */
};

/* What was spent in them so far. */
struct syncs_cost syncs_cost(void);
