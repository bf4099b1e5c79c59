/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/helper/rate_history.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/fdio.h"
#include "pam_cosmo_sso/helper/folder.h"

/* Whoever waited for the lock finds events that are later than the time he came with. */
#define AHEAD_MS ((int64_t)60 * 1000)

/* The file is an array of these, oldest first, on a file system that no boot outlives: boot times
 * fit. */
struct entry {
	int64_t boot_ms;
	uint64_t key;
};

struct history {
	int folder_fd;
	int lock_fd;
	char name[RATE_HISTORY_NAME_BYTES];
	struct entry entries[RATE_HISTORY_MAX_EVENTS];
	size_t count;
};

static void history_free(struct history *history)
{
	if (!history)
		return;
	cosmo_auto_close(&history->lock_fd);
	cosmo_auto_close(&history->folder_fd);
	free(history);
}
COSMO_AUTO_DEFINE(struct history *, history_free);

void rate_history_name(
	const struct rate_history_event *event, char ret_name[RATE_HISTORY_NAME_BYTES])
{
	(void)snprintf(ret_name, RATE_HISTORY_NAME_BYTES, "%.16s.%02x", event->kind,
		(unsigned int)(event->key & 0xff));
}

/* What is left of the last hour. COSMO_E_FORMAT: damaged. */
static enum cosmo_err history_parse(
	struct history *history, const char *data, size_t len, int64_t now_boot_ms)
{
	history->count = 0;
	if (len % sizeof(struct entry) != 0)
		return COSMO_E_FORMAT;
	for (size_t at = 0; at < len; at += sizeof(struct entry)) {
		struct entry entry = {0};

		memcpy(&entry, data + at, sizeof(entry));
		if (entry.boot_ms < 0 || entry.boot_ms > now_boot_ms + AHEAD_MS)
			return COSMO_E_FORMAT;
		if (now_boot_ms - entry.boot_ms < RATE_HISTORY_MS)
			history->entries[history->count++] = entry;
	}
	return COSMO_OK;
}

static enum cosmo_err history_read(struct history *history, int64_t now_boot_ms)
{
	const struct fdio_demands demands = {
		.owner = 0, .forbidden_mode = 077, .max_bytes = sizeof(history->entries)};
	COSMO_AUTO(free) char *data = NULL;
	size_t len = 0;
	enum cosmo_err err =
		fdio_read_file(history->folder_fd, history->name, &demands, &data, &len);

	if (err == COSMO_E_NOT_FOUND)
		return COSMO_OK;
	if (err == COSMO_E_TOO_BIG)
		return COSMO_E_FORMAT;
	return err ? err : history_parse(history, data, len, now_boot_ms);
}

static enum cosmo_err history_write(const struct history *history)
{
	return fdio_replace_file(history->folder_fd, history->name, history->entries,
		history->count * sizeof(history->entries[0]), 0600);
}

static enum cosmo_err history_fill(struct history *history, int64_t now_boot_ms)
{
	for (history->count = 0; history->count < RATE_HISTORY_MAX_EVENTS; history->count++)
		history->entries[history->count] = (struct entry){.boot_ms = now_boot_ms};
	return history_write(history);
}

/* Each file has a lock of its own: who floods one is waited for by nobody else. */
static enum cosmo_err history_lock(struct history *history)
{
	char lock[RATE_HISTORY_NAME_BYTES + sizeof(".lock")] = "";

	(void)snprintf(lock, sizeof(lock), "%s.lock", history->name);
	return folder_lock(history->folder_fd, lock, RATE_HISTORY_LOCK_MS, &history->lock_fd);
}

/* The file of @event, locked and read; the caller frees it, which unlocks. */
static enum cosmo_err history_open(
	int run_fd, const struct rate_history_event *event, struct history **ret)
{
	COSMO_AUTO(history_free) struct history *history = calloc(1, sizeof(*history));
	enum cosmo_err err = COSMO_OK;

	if (!history)
		return COSMO_E_NOMEM;
	history->folder_fd = history->lock_fd = -1;
	rate_history_name(event, history->name);
	err = folder_ensure(run_fd, RATE_HISTORY_FOLDER, &history->folder_fd);
	if (!err)
		err = history_lock(history);
	if (!err)
		err = history_read(history, event->now_boot_ms);
	if (err == COSMO_E_FORMAT)
		err = history_fill(history, event->now_boot_ms);
	if (!err)
		*ret = COSMO_STEAL(&history);
	return err;
}

/* Until all but @room of the events of @key are older than an hour; @key NULL: of any. */
static int64_t until_room(const struct history *history, const uint64_t *key, size_t events,
	size_t room, int64_t now_boot_ms)
{
	size_t over = events - room;

	for (size_t i = 0; i < history->count; i++) {
		if (key && history->entries[i].key != *key)
			continue;
		if (over-- == 0)
			return history->entries[i].boot_ms + RATE_HISTORY_MS - now_boot_ms;
	}
	return 0;
}

static enum cosmo_err check_room(const struct history *history,
	const struct rate_history_event *event, struct rate_history_full *ret_full)
{
	size_t same = 0;

	*ret_full = (struct rate_history_full){0};
	for (size_t i = 0; i < history->count; i++)
		same += history->entries[i].key == event->key;
	if (history->count == RATE_HISTORY_MAX_EVENTS) {
		ret_full->is_file = true;
		ret_full->retry_ms = until_room(
			history, NULL, history->count, RATE_HISTORY_MAX_EVENTS, event->now_boot_ms);
		return COSMO_E_BUDGET;
	}
	if (same < event->per_hour)
		return COSMO_OK;
	if (event->per_hour > 0)
		ret_full->retry_ms =
			until_room(history, &event->key, same, event->per_hour, event->now_boot_ms);
	return COSMO_E_BUDGET;
}

enum cosmo_err rate_history_look(
	int run_fd, const struct rate_history_event *event, struct rate_history_full *ret_full)
{
	COSMO_AUTO(history_free) struct history *history = NULL;
	enum cosmo_err err = history_open(run_fd, event, &history);

	return err ? err : check_room(history, event, ret_full);
}

enum cosmo_err rate_history_add(
	int run_fd, const struct rate_history_event *event, struct rate_history_full *ret_full)
{
	COSMO_AUTO(history_free) struct history *history = NULL;
	enum cosmo_err err = history_open(run_fd, event, &history);

	if (!err)
		err = check_room(history, event, ret_full);
	if (err)
		return err;
	history->entries[history->count++] =
		(struct entry){.boot_ms = event->now_boot_ms, .key = event->key};
	return history_write(history);
}

enum cosmo_err rate_history_remove(int run_fd, const struct rate_history_event *event)
{
	COSMO_AUTO(history_free) struct history *history = NULL;
	size_t at = 0;
	enum cosmo_err err = history_open(run_fd, event, &history);

	if (err)
		return err;
	while (at < history->count && (history->entries[at].key != event->key ||
					      history->entries[at].boot_ms != event->now_boot_ms))
		at++;
	if (at == history->count)
		return COSMO_OK;
	history->count--;
	memmove(&history->entries[at], &history->entries[at + 1],
		(history->count - at) * sizeof(history->entries[0]));
	return history_write(history);
}
