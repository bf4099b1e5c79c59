/* SPDX-License-Identifier: MIT */
/*
 * Who has made the user namespace that a process is in. In one of his own a user runs processes
 * with uids that are nobody's on this host (subuid(5)), and with the groups he had: they are his.
 */
#pragma once

#include <stdint.h>
#include <sys/types.h>

#include "common/base/auto.h"
#include "common/base/err.h"

/*
 * *ret_uid: the owner of the outermost namespace that @pid is in and this process is not; those in
 * it are inside what he made. Errors: COSMO_E_NOT_FOUND (it is in ours, or gone), COSMO_E_IO.
 */
COSMO_MUST_USE enum cosmo_err user_namespace_owner(pid_t pid, uint32_t *ret_uid);
