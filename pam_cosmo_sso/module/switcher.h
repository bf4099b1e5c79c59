/* SPDX-License-Identifier: MIT */
/* Who turns into somebody else: the user from whose session su or sudo is called. */
#pragma once

#include "common/base/auto.h"
#include "common/base/err.h"
#include "pam_cosmo_sso/module/caller.h"
#include "pam_cosmo_sso/module/ours.h"

/*
 * The one of ours who calls a service that makes one user into another, told by the real uid that
 * the kernel gives such a program. Users.db alone is asked about it, so that nothing is started for
 * anybody else. Errors: COSMO_E_NOT_OURS: another service, root, somebody else's user, or PAM_USER
 * himself, who is judged as that; otherwise as ours_find_uid().
 */
COSMO_MUST_USE enum cosmo_err switcher_find(const struct caller *caller, struct ours *ret);
