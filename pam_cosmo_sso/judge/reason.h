/* SPDX-License-Identifier: MIT */
/* Why something failed, in a few words for administrators. */
#pragma once

#include "common/base/auto.h"
#include "common/base/err.h"

struct reason {
	char text[512];
};

/*
 * Format a reason and hand @err back, so that "return reason_give(...)" says both. Foreign text is
 * filtered to printable ASCII. Never tokens, codes or secrets. @why may be NULL.
 */
enum cosmo_err reason_give(struct reason *why, enum cosmo_err err, const char *format, ...)
	COSMO_PRINTF(3, 4);
