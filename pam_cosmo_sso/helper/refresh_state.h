/* SPDX-License-Identifier: MIT */
/* How far the last run over many users came: what was broken off is gone on with, and an alarm
 * stands until an administrator looks at it. In run/private: forgotten at boot. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/base/auto.h"
#include "common/base/err.h"
#include "common/base/gate.h"
#include "pam_cosmo_sso/helper/refresh_tally.h"
#include "pam_cosmo_sso/helper/store.h"

struct refresh_state {
	unsigned char integration[INTEGRATION_BYTES]; /* whom all of this is about */
	int64_t began_s;                              /* Unix epoch; 0: there was no run */
	int64_t ended_s;                              /* 0: it was broken off, or goes on */
	bool is_of_all;         /* about everybody confirmed before .began_s */
	enum cosmo_err outcome; /* COSMO_E_MASS_REFUSAL, or why nobody could be asked any more */
	struct refresh_tally tally;
};

/* What is missing or damaged reads as no run. */
void refresh_state_load(const struct store *store, struct refresh_state *ret);

/* Errors: COSMO_E_IO, COSMO_E_NOMEM. */
COSMO_MUST_USE enum cosmo_err refresh_state_save(
	const struct store *store, const struct refresh_state *state);

/* One run at a time; the caller closes *ret_fd. Errors: COSMO_E_BUSY, COSMO_E_IO. */
COSMO_MUST_USE enum cosmo_err refresh_state_lock(const struct store *store, int *ret_fd);
