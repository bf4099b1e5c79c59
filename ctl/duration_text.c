/* SPDX-License-Identifier: MIT */
#include "ctl/duration_text.h"

#include <inttypes.h>
#include <stdio.h>

#define MINUTE_S 60
#define HOUR_S   3600
#define DAY_S    86400

void duration_text(int64_t duration_s, char ret[DURATION_TEXT_BYTES])
{
	if (duration_s >= DAY_S)
		(void)snprintf(ret, DURATION_TEXT_BYTES, "%" PRId64 " d %" PRId64 " h",
			duration_s / DAY_S, duration_s % DAY_S / HOUR_S);
	else if (duration_s >= HOUR_S)
		(void)snprintf(ret, DURATION_TEXT_BYTES, "%" PRId64 " h %" PRId64 " min",
			duration_s / HOUR_S, duration_s % HOUR_S / MINUTE_S);
	else
		(void)snprintf(ret, DURATION_TEXT_BYTES, "%" PRId64 " min", duration_s / MINUTE_S);
}
