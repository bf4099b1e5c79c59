/* SPDX-License-Identifier: MIT */
/*
 * Whose groups a process carries. By a set-uid program of somebody else's, or of a uid of his own
 * by subuid(5), one of ours can become another uid altogether and keep the groups of his roles;
 * with them he keeps the group that is his alone.
 */
#pragma once

#include <stdint.h>
#include <sys/types.h>

#include "common/base/auto.h"
#include "common/base/err.h"
#include "pam_cosmo_sso/helper/our_uids.h"

/*
 * *ret_uid: the user of @ours whose own group is among the supplementary groups of @pid. A group
 * that stands in the file at @group_path as well tells nothing: an administrator gives it to whom
 * he likes. Errors: COSMO_E_NOT_FOUND (nobody's, or the process is gone), and those of
 * our_uids_have().
 */
COSMO_MUST_USE enum cosmo_err carried_groups_owner(
	pid_t pid, struct our_uids *ours, const char *group_path, uint32_t *ret_uid);
