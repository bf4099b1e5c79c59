/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/helper/refresh_pace.h"

#define MINUTE_MS INT64_C(60000)

int64_t refresh_pace_left_ms(const struct refresh_pace *pace, int64_t now_boot_ms)
{
	return now_boot_ms < pace->next_boot_ms ? pace->next_boot_ms - now_boot_ms : 0;
}

void refresh_pace_take(struct refresh_pace *pace, int64_t now_boot_ms)
{
	pace->next_boot_ms = now_boot_ms + MINUTE_MS / pace->per_minute;
}
