/* SPDX-License-Identifier: MIT */
/* The writer's side of the gate. */
#pragma once

#include "common/base/auto.h"
#include "common/base/err.h"
#include "common/base/gate.h"

/* Make the gate, fresh, in @run_fd where there is none; an existing one is left alone. Errors:
 * COSMO_E_IO. */
COSMO_MUST_USE enum cosmo_err gate_write_ensure(int run_fd);

/* Write the id, then open. Errors: COSMO_E_NOT_FOUND, COSMO_E_UNSAFE_FILE, COSMO_E_STORE_DAMAGED,
 * COSMO_E_IO. */
COSMO_MUST_USE enum cosmo_err gate_write_open(
	int run_fd, const unsigned char integration[INTEGRATION_BYTES]);

/* One atomic store; seen by every reader at its next look-up. Errors: as gate_write_open(). */
COSMO_MUST_USE enum cosmo_err gate_write_close(int run_fd);
