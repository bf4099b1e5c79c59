/* SPDX-License-Identifier: MIT */
/* The helper's unit: systemd starts one for each connection, out of reach of whoever may freeze or
 * limit the caller's control group. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/base/auto.h"
#include "common/base/err.h"

/* Does systemd listen there, as far as can be seen without asking? */
bool helper_socket_is_there(void);

/*
 * Connect, and wait @wait_ms at most for the byte by which the helper says that it has been
 * started. *ret_fd is a socket to it, above 2, close-on-exec and non-blocking; the caller owns it,
 * and closing it ends the helper. Nothing has been asked when this fails: COSMO_E_NOT_FOUND (nobody
 * listens there), COSMO_E_PEER_GONE (systemd has no room, or the helper has gone), COSMO_E_TIMEOUT
 * (no helper within that time), COSMO_E_PROTOCOL (of another version), COSMO_E_NOT_ROOT (it is not
 * root who listens), COSMO_E_IO.
 */
COSMO_MUST_USE enum cosmo_err helper_socket_connect(int64_t wait_ms, int *ret_fd);
