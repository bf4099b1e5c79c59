/* SPDX-License-Identifier: MIT */
/* Whose a process is: by one of its uids, by the namespace that it is shut up in, or by the groups
 * that it kept. */
#pragma once

#include <stdbool.h>

#include "common/base/auto.h"
#include "common/base/err.h"
#include "pam_cosmo_sso/helper/our_uids.h"
#include "pam_cosmo_sso/helper/process.h"

/* Set .whose if it is of one of @ours. Errors: those of our_uids_have(), COSMO_E_NOMEM. */
COSMO_MUST_USE enum cosmo_err process_whose_find(struct process *process, struct our_uids *ours);

/* Does it run as @uid in each of the three ways? */
bool process_whose_is_wholly(const struct process *process, uint32_t uid);
