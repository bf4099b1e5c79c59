/* SPDX-License-Identifier: MIT */
/* May somebody else than root stop or limit what runs in the control group that this process is in,
 * processes of root's included? Whoever manages a group may freeze it, and whoever owns a session
 * may have logind signal all that is in it. */
#pragma once

#include <stdbool.h>

#include "common/base/auto.h"

#define DELEGATED_CGROUP_ROOTS 2

struct delegated_cgroup_places {
	const char *self;                          /* as /proc/PID/cgroup */
	const char *roots[DELEGATED_CGROUP_ROOTS]; /* where the unified one may be mounted */
	const char *old;                           /* where those of v1 are, by controllers */
	bool sessions_are_root_s;                  /* user.slice is looked at as all others are */
};

extern const struct delegated_cgroup_places delegated_cgroup_default;

/* For a door that opens or closes a session, which pam_systemd has moved into it before. */
extern const struct delegated_cgroup_places delegated_cgroup_at_door;

/*
 * Is our path, in any hierarchy, in the slice of the sessions (user.slice), or is a folder on it,
 * below its root, not root's? In doubt yes: if a path cannot be read or leads out of what can be
 * seen; and if its folders cannot be looked at, by whether systemd gives groups of such names away.
 */
COSMO_MUST_USE bool delegated_cgroup_is_ours(const struct delegated_cgroup_places *places);
