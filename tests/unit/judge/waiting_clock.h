/* SPDX-License-Identifier: MIT */
/*
 * A clock that only waiting moves: poll() and fdio_boot_ms() of what is linked with --wrap for
 * them, see meson.build.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define CLOCK_START_MS 1000000

/* Set it to CLOCK_START_MS, with no waits so far. */
void clock_start(void);
int64_t clock_now_ms(void);

/* The waits in which nothing came, and how long each was. More than 64 end the test. */
size_t clock_waits(void);
int64_t clock_wait_ms(size_t index);
