/* SPDX-License-Identifier: MIT */
/*
 * Since when refreshes get no answer from the IdP, as everybody on this host may know it: a file
 * beside the gate, which a boot forgets. It decides nothing.
 */
#pragma once

#include <stdint.h>

#include "common/base/auto.h"
#include "common/base/err.h"
#include "common/base/gate.h"

/* In COSMO_RUN_DIR; there only while it lasts. */
#define REFRESH_OUTAGE_NAME "refresh-outage"

/* What the file holds. On the boot clock: the other one may be what is wrong. */
struct refresh_outage {
	unsigned char integration[INTEGRATION_BYTES]; /* whom all of this is about */
	int64_t since_boot_ms;                        /* the first refresh without an answer */
	uint64_t err;                                 /* why the last one had none */
};

/* The note about @integration in the folder @run_fd. Errors: COSMO_E_NOT_FOUND (none is known, or
 * none of this boot and integration), COSMO_E_FORMAT, those of fdio_open(). */
COSMO_MUST_USE enum cosmo_err refresh_outage_read(
	int run_fd, const unsigned char integration[INTEGRATION_BYTES], struct refresh_outage *ret);

/* When it began, by the clock that says @now_s now. */
int64_t refresh_outage_since_s(const struct refresh_outage *note, int64_t now_s);
