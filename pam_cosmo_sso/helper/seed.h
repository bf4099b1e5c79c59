/* SPDX-License-Identifier: MIT */
/* The host's secret of 128 bits, from which uids and the names of subject links follow. */
#pragma once

#include "common/base/auto.h"
#include "common/base/err.h"
#include "common/base/siphash.h"
#include "pam_cosmo_sso/helper/store.h"

/* Errors: COSMO_E_STORE_MISSING (never connected), COSMO_E_STORE_DAMAGED, COSMO_E_UNSAFE_FILE,
 * COSMO_E_IO, COSMO_E_NOMEM. */
COSMO_MUST_USE enum cosmo_err seed_read(
	struct store *store, unsigned char ret_seed[SIPHASH_KEY_BYTES]);
