/* SPDX-License-Identifier: MIT */
/* The private truth of a store in one file, without what opens anything: no refresh token is in it,
 * and no client secret. */
#pragma once

#include <stdint.h>

#include "common/base/auto.h"
#include "common/base/err.h"
#include "pam_cosmo_sso/helper/store.h"

struct backup_report {
	uint64_t users;    /* records, tombstones included */
	uint64_t uids;     /* that were ever given */
	uint64_t left;     /* records and entries of the register that are damaged, and not in it */
	char problem[256]; /* what the system says of the file; "" if that is not it */
};

/*
 * Write it to @path, which is made (0600) and must not be there yet. All records are as they were
 * at one moment. They are read without the lock; what changed meanwhile is read again under it, at
 * most some hundreds at a time. What fails leaves no file, nor does who is killed: it gets its name
 * when it is whole and on the disk. But for file systems that have no file without a name
 * (O_TMPFILE): there it has its name from the beginning. Errors: COSMO_E_EXISTS,
 * COSMO_E_STORE_MISSING (never connected: there is no seed), COSMO_E_BUSY, COSMO_E_IO (also a full
 * disk), COSMO_E_NOMEM.
 */
COSMO_MUST_USE enum cosmo_err backup(
	struct store *store, const char *path, struct backup_report *ret);
