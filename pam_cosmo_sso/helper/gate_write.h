/* SPDX-License-Identifier: MIT */
/*
 * The writer's side of the gate. Closing needs no lock and always wins: opening names the state it
 * starts from, and fails if anybody closed the gate meanwhile.
 */
#pragma once

#include "common/base/auto.h"
#include "common/base/err.h"
#include "common/base/gate.h"

/* Make the gate, fresh, in @run_fd where there is none; an existing one is left alone. Errors:
 * COSMO_E_IO. */
COSMO_MUST_USE enum cosmo_err gate_write_ensure(int run_fd);

/* The state word as it is now, for gate_write_open(). Errors: COSMO_E_NOT_FOUND,
 * COSMO_E_UNSAFE_FILE, COSMO_E_STORE_DAMAGED, COSMO_E_IO. */
COSMO_MUST_USE enum cosmo_err gate_write_word(int run_fd, uint64_t *ret_word);

/* Close, but only from @word; *ret_word is the word then. Errors: COSMO_E_DISCONNECTED (it is
 * another one by now), those of gate_write_word(). */
COSMO_MUST_USE enum cosmo_err gate_write_close_from(int run_fd, uint64_t word, uint64_t *ret_word);

/*
 * From @word, which must not say open: write the id, then open. Errors: COSMO_E_DISCONNECTED (the
 * gate was closed meanwhile, or was open), those of gate_write_word().
 */
COSMO_MUST_USE enum cosmo_err gate_write_open(
	int run_fd, uint64_t word, const unsigned char integration[INTEGRATION_BYTES]);

/*
 * One atomic store; seen by every reader at its next look-up. The state word changes even if the
 * gate was closed already, so that an opening under way fails. *ret_word (may be NULL): the word it
 * has now. Errors: those of gate_write_word() but COSMO_E_STORE_DAMAGED: a damaged gate is closed
 * too. So is one of another owner, mode or size, which some process may have mapped before it came
 * to that, but COSMO_E_UNSAFE_FILE is returned.
 */
COSMO_MUST_USE enum cosmo_err gate_write_close(int run_fd, uint64_t *ret_word);
