/* SPDX-License-Identifier: MIT */
/* A moment as people of this host read it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LOCAL_TIME_BYTES ((size_t)32)

/* "2026-01-31 09:05". False, and "" in @ret, for what is no time. */
bool local_time_write(int64_t time_s, char ret[LOCAL_TIME_BYTES]);
