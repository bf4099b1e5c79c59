/* SPDX-License-Identifier: MIT */
/* How long something lasts, for people. */
#pragma once

#include <stdint.h>

#define DURATION_TEXT_BYTES 48

/* "1 d 2 h", "22 h 5 min", "7 min"; what is less than a minute is "0 min". */
void duration_text(int64_t duration_s, char ret[DURATION_TEXT_BYTES]);
