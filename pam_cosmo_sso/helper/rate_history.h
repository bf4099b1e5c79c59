/* SPDX-License-Identifier: MIT */
/* The last hour's events by key: small files below run/private/rates, a lock beside each. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/base/auto.h"
#include "common/base/err.h"

#define RATE_HISTORY_FOLDER     "rates"
#define RATE_HISTORY_MAX_EVENTS 4096 /* in one file */
#define RATE_HISTORY_MS         ((int64_t)60 * 60 * 1000)
#define RATE_HISTORY_LOCK_MS    1000
#define RATE_HISTORY_NAME_BYTES 32

/* Events of one @kind are spread over 256 files by their key. */
struct rate_history_event {
	const char *kind; /* "source" */
	uint64_t key;
	uint32_t per_hour; /* how many of this key the hour may hold, this one included */
	int64_t now_boot_ms;
};

/* Why there was no room. */
struct rate_history_full {
	int64_t retry_ms; /* until there is; 0: there never will be */
	bool is_file;     /* the whole file is full: many keys met in it, or it was damaged */
};

/*
 * Add @event, if the hour has room for it. A damaged file is taken as full and written so; it
 * empties within an hour. Errors: COSMO_E_BUDGET with *ret_full, COSMO_E_BUSY (its lock was not to
 * be had in time), COSMO_E_UNSAFE_FILE, COSMO_E_IO, COSMO_E_NOMEM.
 */
COSMO_MUST_USE enum cosmo_err rate_history_add(
	int run_fd, const struct rate_history_event *event, struct rate_history_full *ret_full);

/* Would there be room? Errors: the same. */
COSMO_MUST_USE enum cosmo_err rate_history_look(
	int run_fd, const struct rate_history_event *event, struct rate_history_full *ret_full);

/* Take back the event that was added with this key and time; nothing if it is not there. Errors:
 * as above, without COSMO_E_BUDGET. */
COSMO_MUST_USE enum cosmo_err rate_history_remove(
	int run_fd, const struct rate_history_event *event);

/* The name of the event's file in the folder. */
void rate_history_name(
	const struct rate_history_event *event, char ret_name[RATE_HISTORY_NAME_BYTES]);
