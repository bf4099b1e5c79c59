/* SPDX-License-Identifier: MIT */
/* No more than so many questions in a minute, evenly spread; pure. */
#pragma once

#include <stdint.h>

struct refresh_pace {
	uint32_t per_minute;  /* at least 1 */
	int64_t next_boot_ms; /* when the next one may go out; 0: at once */
};

/* How long is the next question to wait still? 0: not at all. */
int64_t refresh_pace_left_ms(const struct refresh_pace *pace, int64_t now_boot_ms);

/* One goes out. Who was slow for a while does not hurry afterwards. */
void refresh_pace_take(struct refresh_pace *pace, int64_t now_boot_ms);
