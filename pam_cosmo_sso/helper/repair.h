/* SPDX-License-Identifier: MIT */
/* Looking through a store for what is damaged, and mending what can be mended without inventing
 * anything. */
#pragma once

#include <limits.h>
#include <stdint.h>

#include "common/base/auto.h"
#include "common/base/err.h"
#include "common/config.h"
#include "pam_cosmo_sso/helper/store.h"

#define REPAIR_MAX_NAMED 64

struct repair_report {
	/* What was the matter; COSMO_OK: nothing. */
	enum cosmo_err users_db;
	enum cosmo_err seed;
	enum cosmo_err integration; /* COSMO_E_NOT_FOUND: never connected */
	uint64_t records;           /* that are whole */
	uint64_t unregistered;      /* of these, with a uid that nobody had in the register */
	uint64_t damaged;           /* not whole, or with ids that are not theirs */
	struct {
		char name[NAME_MAX + 1]; /* of the file: foreign text */
		enum cosmo_err err;
	} named[REPAIR_MAX_NAMED]; /* the first of them */
	uint64_t names;            /* in the register */
	uint64_t recordless;       /* of these, without a record: their uids stay theirs */
};

/*
 * Look at everything, change nothing; needs no lock, and takes none. What is found is in *ret, and
 * no failure. Errors: COSMO_E_IO, COSMO_E_NOMEM.
 */
COSMO_MUST_USE enum cosmo_err repair_look(struct store *store, struct repair_report *ret);

/*
 * The same, then make users.db anew out of the records: damaged ones show as locked users without
 * roles, and stay as they are. Uids of whole records go back into the register where it has lost
 * them; what a writer that died left half-made is removed. Takes the lock once; done twice is done.
 * Errors: COSMO_E_BUSY, COSMO_E_STORE_MISSING (there are records, and no uid_seed), those of
 * commit_rebuild(); users.db is then the old one.
 */
COSMO_MUST_USE enum cosmo_err repair_run(
	struct store *store, const struct config *config, struct repair_report *ret);
