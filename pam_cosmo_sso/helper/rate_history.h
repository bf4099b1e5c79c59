/* SPDX-License-Identifier: MIT */
/* The last hour's events by key: a small file each, under one lock. */
#pragma once

#include <stdint.h>

#include "common/base/auto.h"
#include "common/base/err.h"

#define RATE_HISTORY_MAX_EVENTS 4096
#define RATE_HISTORY_MS         ((int64_t)60 * 60 * 1000)
#define RATE_HISTORY_LOCK_MS    1000

struct rate_history_event {
	uint64_t key;
	uint32_t per_key; /* how many of this key the hour may hold, this one included */
	uint32_t in_all;  /* how many of any key */
	int64_t now_boot_ms;
};

/*
 * Add @event to the history @name in @run_fd, if the hour has room. A damaged history is taken as
 * full and written so; it empties within an hour. Errors: COSMO_E_BUDGET, COSMO_E_BUSY,
 * COSMO_E_UNSAFE_FILE, COSMO_E_IO, COSMO_E_NOMEM.
 */
COSMO_MUST_USE enum cosmo_err rate_history_add(
	int run_fd, const char *name, const struct rate_history_event *event);

/* The same in one of 256 histories "NAME.xx", chosen by the key. */
COSMO_MUST_USE enum cosmo_err rate_history_add_shard(
	int run_fd, const char *name, const struct rate_history_event *event);
