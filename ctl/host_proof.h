/* SPDX-License-Identifier: MIT */
/* Proving that root gets in after an edit as far as before it, and that sshd would still start. */
#pragma once

#include <stdbool.h>

#include "ctl/host_edit.h"
#include "ctl/pam_check.h"

struct host_proof {
	enum pam_check_step before[HOST_TARGET_COUNT][HOST_MAX_SERVICES];
};

/* How it is now. False: sshd's configuration is at fault already, which has been said. */
bool host_proof_begin(struct host_proof *proof, const struct host_edit *edit);

/* Try the edit in a copy, before anything is written. What fails is said. */
bool host_proof_rehearse(const struct host_proof *proof, const struct host_edit *edit);

/* Try what was written. What fails is said. */
bool host_proof_check(const struct host_proof *proof, const struct host_edit *edit);
