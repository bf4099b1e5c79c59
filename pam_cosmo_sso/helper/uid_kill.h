/* SPDX-License-Identifier: MIT */
/* Killing all processes of a user in one step of the kernel, which none of them can fork out of. */
#pragma once

#include <stdint.h>

#include "common/base/auto.h"
#include "common/base/err.h"

/*
 * SIGKILL to every process whose real or saved uid is @uid, and to what such a process may signal
 * in user namespaces of its own. Nobody else is hit: the signal is sent with the effective uid @uid
 * and no privilege. @shield_uid is the sender's real and saved uid meanwhile, so that none of them
 * can stop the sender: no process on this host may have it. What was reached is seen from the
 * processes. Errors: COSMO_E_INVALID (either is 0 or both are the same), COSMO_E_SPAWN,
 * COSMO_E_TIMEOUT.
 */
enum cosmo_err uid_kill(uint32_t uid, uint32_t shield_uid);
