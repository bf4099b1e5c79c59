/* SPDX-License-Identifier: MIT */
/* The last places from which somebody signed in, kept in the record as hashes. */
#pragma once

#include <stdbool.h>

#include "common/base/auto.h"
#include "common/base/err.h"
#include "pam_cosmo_sso/helper/records.h"
#include "pam_cosmo_sso/helper/store.h"

/* Did @record's user sign in from @place (struct source) of late? False where it cannot be told. */
bool familiar_has(struct store *store, const struct record *record, const char *place);

/* Put @place first among them, in memory; the oldest of too many is forgotten. Errors: those of
 * seed_read(). */
COSMO_MUST_USE enum cosmo_err familiar_note(
	struct store *store, struct record *record, const char *place);
