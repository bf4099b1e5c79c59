/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/helper/rate_limit.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "pam_cosmo_sso/helper/rate_history.h"

/*
 * A place is one locked byte of this file, which stays empty: the kernel gives it back when its
 * holder ends, so that no crash can use places up. Ranges: never-enrolled names, the host, and one
 * of 256 bytes for each user.
 */
#define PLACES_FILE  "places"
#define UNKNOWN_BASE ((off_t)0)
#define HOST_BASE    ((off_t)1 << 40)
#define USER_BASE    ((off_t)1 << 62)
#define USER_PLACES  256
#define USER_MASK    (((uint64_t)1 << 54) - 1)

struct rate_limit {
	int places_fd;
};

void rate_limit_free(struct rate_limit *place)
{
	if (!place)
		return;
	if (place->places_fd >= 0)
		close(place->places_fd);
	free(place);
}

/* Lock the first free byte of @count from @base. */
static enum cosmo_err take_place(int fd, off_t base, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		struct flock lock = {.l_type = F_WRLCK,
			.l_whence = SEEK_SET,
			.l_start = base + (off_t)i,
			.l_len = 1};

		if (fcntl(fd, F_OFD_SETLK, &lock) == 0)
			return COSMO_OK;
	}
	return COSMO_E_BUDGET;
}

static enum cosmo_err take_user_places(int fd, const struct rate_limit_request *request)
{
	const struct config *config = request->config;
	uint64_t user = salt_hash(request->salt, SALT_USER, request->user) & USER_MASK;
	uint32_t count = config->user_flows < USER_PLACES ? config->user_flows : USER_PLACES;
	enum cosmo_err err = take_place(fd, USER_BASE + (off_t)(user * USER_PLACES), count);

	return err ? err : take_place(fd, HOST_BASE, config->host_flows);
}

static enum cosmo_err take_places(int fd, const struct rate_limit_request *request)
{
	switch (request->kind) {
	case RATE_LIMIT_UNKNOWN:
		return take_place(fd, UNKNOWN_BASE, request->config->unknown_flows);
	case RATE_LIMIT_USER:
		return take_user_places(fd, request);
	}
	return COSMO_E_BUDGET;
}

static enum cosmo_err take_hour(int run_fd, const struct rate_limit_request *request)
{
	const struct config *config = request->config;
	struct rate_history_event event = {.now_boot_ms = request->now_boot_ms};

	switch (request->kind) {
	case RATE_LIMIT_UNKNOWN:
		event.key = salt_hash(
			request->salt, SALT_SOURCE, request->source ? request->source : "");
		event.per_key = config->unknown_per_source_hour;
		event.in_all = config->unknown_per_host_hour;
		return rate_history_add(run_fd, "unknown", &event);
	case RATE_LIMIT_USER:
		event.key = salt_hash(request->salt, SALT_USER, request->user);
		event.per_key = config->user_per_hour;
		event.in_all = RATE_HISTORY_MAX_EVENTS;
		return rate_history_add_shard(run_fd, "user", &event);
	}
	return COSMO_E_BUDGET;
}

enum cosmo_err rate_limit_enter(
	int run_fd, const struct rate_limit_request *request, struct rate_limit **ret)
{
	COSMO_AUTO(rate_limit_free) struct rate_limit *place = calloc(1, sizeof(*place));
	enum cosmo_err err = COSMO_OK;

	if (!place)
		return COSMO_E_NOMEM;
	place->places_fd =
		openat(run_fd, PLACES_FILE, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (place->places_fd < 0)
		return COSMO_E_IO;
	err = take_places(place->places_fd, request);
	if (err)
		return err;
	err = take_hour(run_fd, request);
	if (err)
		return err;
	*ret = COSMO_STEAL(&place);
	return COSMO_OK;
}
