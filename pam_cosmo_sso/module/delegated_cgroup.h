/* SPDX-License-Identifier: MIT */
/* Does somebody else than root manage the control group that this process is in? Whoever does may
 * freeze what runs in it, processes of root's included. */
#pragma once

#include <stdbool.h>

#include "common/base/auto.h"

#define DELEGATED_CGROUP_ROOTS 2

struct delegated_cgroup_places {
	const char *self;                          /* as /proc/PID/cgroup */
	const char *roots[DELEGATED_CGROUP_ROOTS]; /* where the hierarchy may be mounted */
};

extern const struct delegated_cgroup_places delegated_cgroup_default;

/*
 * Is a folder on our path in the unified hierarchy, below its root, not root's? In doubt yes: if
 * the path cannot be read or leads out of what can be seen; and if its folders cannot be looked at,
 * by whether systemd gives groups of such names away.
 */
COSMO_MUST_USE bool delegated_cgroup_is_ours(const struct delegated_cgroup_places *places);
