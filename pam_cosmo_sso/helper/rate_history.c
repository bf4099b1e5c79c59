/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/helper/rate_history.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "common/base/fdio.h"
#include "pam_cosmo_sso/helper/folder.h"

#define FOLDER        "rates"
#define LOCK_FILE     "lock"
#define LOCK_RETRY_NS 5000000L

/* The file is an array of these, on a file system that no boot outlives: boot times fit. */
struct entry {
	int64_t boot_ms;
	uint64_t key;
};

struct history {
	struct entry entries[RATE_HISTORY_MAX_EVENTS];
	size_t count;
};

/* The lock is given back with the descriptor. */
static enum cosmo_err lock_folder(int folder_fd, int *ret_fd)
{
	const struct timespec pause = {.tv_nsec = LOCK_RETRY_NS};
	int64_t deadline_ms = fdio_boot_ms() + RATE_HISTORY_LOCK_MS;
	COSMO_AUTO_FD int fd =
		openat(folder_fd, LOCK_FILE, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0)
		return COSMO_E_IO;
	while (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return COSMO_E_IO;
		if (fdio_boot_ms() >= deadline_ms)
			return COSMO_E_BUSY;
		nanosleep(&pause, NULL);
	}
	*ret_fd = cosmo_steal_fd(&fd);
	return COSMO_OK;
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
		if (entry.boot_ms < 0 || entry.boot_ms > now_boot_ms)
			return COSMO_E_FORMAT;
		if (now_boot_ms - entry.boot_ms < RATE_HISTORY_MS)
			history->entries[history->count++] = entry;
	}
	return COSMO_OK;
}

static enum cosmo_err history_read(
	int folder_fd, const char *name, int64_t now_boot_ms, struct history *history)
{
	const struct fdio_demands demands = {
		.owner = 0, .forbidden_mode = 077, .max_bytes = sizeof(history->entries)};
	COSMO_AUTO(free) char *data = NULL;
	size_t len = 0;
	enum cosmo_err err = fdio_read_file(folder_fd, name, &demands, &data, &len);

	if (err == COSMO_E_NOT_FOUND)
		return COSMO_OK;
	if (err == COSMO_E_TOO_BIG)
		return COSMO_E_FORMAT;
	return err ? err : history_parse(history, data, len, now_boot_ms);
}

static enum cosmo_err history_write(int folder_fd, const char *name, const struct history *history)
{
	return fdio_replace_file(folder_fd, name, history->entries,
		history->count * sizeof(history->entries[0]), 0600);
}

static bool has_room(const struct history *history, const struct rate_history_event *event)
{
	uint32_t same = 0;

	for (size_t i = 0; i < history->count; i++)
		same += history->entries[i].key == event->key;
	return same < event->per_key && history->count < event->in_all &&
	       history->count < RATE_HISTORY_MAX_EVENTS;
}

static void history_fill(struct history *history, int64_t now_boot_ms)
{
	for (history->count = 0; history->count < RATE_HISTORY_MAX_EVENTS; history->count++)
		history->entries[history->count] = (struct entry){.boot_ms = now_boot_ms};
}

static enum cosmo_err add_locked(
	int folder_fd, const char *name, const struct rate_history_event *event)
{
	COSMO_AUTO(free) struct history *history = calloc(1, sizeof(*history));
	enum cosmo_err err = COSMO_OK;

	if (!history)
		return COSMO_E_NOMEM;
	err = history_read(folder_fd, name, event->now_boot_ms, history);
	if (err == COSMO_E_FORMAT) {
		history_fill(history, event->now_boot_ms);
		err = history_write(folder_fd, name, history);
		return err ? err : COSMO_E_BUDGET;
	}
	if (err)
		return err;
	if (!has_room(history, event))
		return COSMO_E_BUDGET;
	history->entries[history->count++] =
		(struct entry){.boot_ms = event->now_boot_ms, .key = event->key};
	return history_write(folder_fd, name, history);
}

enum cosmo_err rate_history_add(
	int run_fd, const char *name, const struct rate_history_event *event)
{
	COSMO_AUTO_FD int folder_fd = -1;
	COSMO_AUTO_FD int lock_fd = -1;
	enum cosmo_err err = folder_ensure(run_fd, FOLDER, &folder_fd);

	if (err)
		return err;
	err = lock_folder(folder_fd, &lock_fd);
	return err ? err : add_locked(folder_fd, name, event);
}

enum cosmo_err rate_history_add_shard(
	int run_fd, const char *name, const struct rate_history_event *event)
{
	char shard[64] = "";
	int written =
		snprintf(shard, sizeof(shard), "%s.%02x", name, (unsigned int)(event->key & 0xff));

	if (written < 0 || (size_t)written >= sizeof(shard))
		return COSMO_E_INVALID;
	return rate_history_add(run_fd, shard, event);
}
