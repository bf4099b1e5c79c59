/* SPDX-License-Identifier: MIT */
/* The uid a name gets: the same answer in NSS (provisional entry) and in enrolment. */
#pragma once

#include <stdint.h>

#include "common/base/auto.h"
#include "common/base/err.h"
#include "common/base/siphash.h"

#define UID_CANDIDATE_MAX_PROBES 64

/* The @attempt-th candidate (from 0) of @name in [min, max]: SipHash-2-4(seed, name), then linear
 * probing with wrap. Pure. */
uint32_t uid_candidate(const unsigned char seed[SIPHASH_KEY_BYTES], const char *name, uint32_t min,
	uint32_t max, unsigned int attempt);

/*
 * What enrolling @name now would assign: the uid registered for the name (a tombstone of the same
 * name included: ids are for ever), else the first candidate whose uid is registered to nobody.
 * Reads COSMO_PRIVATE_DIR below @private_dir_fd, so root only. Errors: COSMO_E_UID (no free one
 * within the probes), COSMO_E_STORE_MISSING (no seed yet), COSMO_E_IO, COSMO_E_STORE_DAMAGED.
 */
COSMO_MUST_USE enum cosmo_err uid_candidate_pick(
	int private_dir_fd, const char *name, uint32_t min, uint32_t max, uint32_t *ret_uid);

/* Is @uid registered to @name? Errors: COSMO_E_NOT_FOUND (to nobody, or to another), COSMO_E_IO,
 * COSMO_E_STORE_DAMAGED. */
COSMO_MUST_USE enum cosmo_err uid_candidate_is_registered(
	int private_dir_fd, const char *name, uint32_t uid);

/* Is @uid one that uid_candidate_pick() gives for @name, whoever else is enrolled by then? Errors:
 * COSMO_E_NOT_FOUND (it is not), COSMO_E_STORE_MISSING (no seed), COSMO_E_INVALID, COSMO_E_IO,
 * COSMO_E_STORE_DAMAGED. */
COSMO_MUST_USE enum cosmo_err uid_candidate_is_tried(
	int private_dir_fd, const char *name, uint32_t min, uint32_t max, uint32_t uid);
