/* SPDX-License-Identifier: MIT */
/* What root runs in systemd's slices of our users: started by sudo in a session, it is known by
 * nothing else once the session is closed and its parents are gone. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/base/auto.h"
#include "common/base/err.h"
#include "pam_cosmo_sso/helper/our_uids.h"
#include "pam_cosmo_sso/helper/process.h"

struct slice_session {
	uint32_t uid;
	const char *id; /* what logind calls it; "": there is none */
};

/*
 * Set @ret_member[i] for each process of root's among @list that is in a slice of one of @ours, and
 * @ret_spared[i] too if it is in @spared; others stay as they are. Never pid 1, nor one that is
 * @serving[i] others too, nor an sshd that listens: whoever started it by hand, everybody comes in
 * by it. Errors: those of our_uids_have().
 */
COSMO_MUST_USE enum cosmo_err slice_members_mark(const struct process_list *list,
	struct our_uids *ours, const struct slice_session *spared, const bool *serving,
	bool *ret_member, bool *ret_spared);
