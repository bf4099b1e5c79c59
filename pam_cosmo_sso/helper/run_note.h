/* SPDX-License-Identifier: MIT */
/* A file of run/private that holds which integration it is about, and some numbers. Forgotten at
 * boot; nothing hangs on it that would be lost. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/auto.h"
#include "common/base/err.h"
#include "common/base/gate.h"
#include "pam_cosmo_sso/helper/store.h"

#define RUN_NOTE_MAX_NUMBERS ((size_t)24)

struct run_note {
	const char *name; /* of the file, and of its section */
	struct run_note_number {
		const char *key;
		int64_t most; /* none is negative */
	} numbers[RUN_NOTE_MAX_NUMBERS];
	size_t count; /* of the numbers */
};

/* Read as many numbers as @note has, in their order. False where it is missing or damaged, or any
 * key too many or too few: what @ret_integration and @ret_numbers hold is nothing then. */
COSMO_MUST_USE bool run_note_load(const struct store *store, const struct run_note *note,
	unsigned char ret_integration[INTEGRATION_BYTES], int64_t *ret_numbers);

/* Errors: COSMO_E_IO, COSMO_E_NOMEM, COSMO_E_TOO_BIG. */
COSMO_MUST_USE enum cosmo_err run_note_save(const struct store *store, const struct run_note *note,
	const unsigned char integration[INTEGRATION_BYTES], const int64_t *numbers);
