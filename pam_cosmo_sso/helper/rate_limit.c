/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/helper/rate_limit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "pam_cosmo_sso/helper/rate_history.h"
#include "paths.h"

/*
 * A place is one locked byte of this file, which stays empty: the kernel gives it back when its
 * holder ends, so that no crash can use places up. Ranges: unknown names, the host, and 256 bytes
 * for each name, source, or pair of both.
 */
#define PLACES_FILE  "places"
#define UNKNOWN_BASE ((off_t)0)
#define HOST_BASE    ((off_t)1 << 40)
#define KEYED_BASE   ((off_t)1 << 62)
#define KEYED_PLACES 256
#define KEYED_MASK   (((uint64_t)1 << 54) - 1)

/* What an administrator who wants no unknown names leaves to users from elsewhere. */
#define LEAST_FLOWS    2
#define LEAST_PER_HOUR 6

/*
 * Refusals that depend on whether the name is enrolled are counted too, for so many times of what a
 * source is allowed: more questions of that kind are not answered.
 */
#define REFUSED_FACTOR 4

#define MAX_COUNTED 3

struct rate_limit {
	int run_fd;
	int places_fd;
	const struct config *config;
	enum rate_limit_class class;
	uint64_t user_key;
	uint64_t source_key;
	uint64_t pair_key;
	int64_t now_boot_ms;
	struct rate_history_event counted[MAX_COUNTED];
	size_t counted_count;
};

void rate_limit_free(struct rate_limit *limit)
{
	if (!limit)
		return;
	if (limit->places_fd >= 0)
		close(limit->places_fd);
	free(limit);
}

static struct rate_limit *limit_new(int run_fd, const struct rate_limit_request *request)
{
	struct rate_limit *limit = calloc(1, sizeof(*limit));
	char pair[SALT_MAX_TEXT_BYTES] = "";

	if (!limit)
		return NULL;
	/* No name of ours holds a blank. */
	(void)snprintf(pair, sizeof(pair), "%s %s", request->user, request->place);
	*limit = (struct rate_limit){
		.run_fd = run_fd,
		.places_fd = -1,
		.config = request->config,
		.class = request->class,
		.user_key = salt_hash(request->salt, SALT_USER, request->user),
		.source_key = salt_hash(request->salt, SALT_SOURCE, request->place),
		.pair_key = salt_hash(request->salt, SALT_PAIR, pair),
		.now_boot_ms = request->now_boot_ms,
	};
	return limit;
}

static uint32_t stranger_flows(const struct config *config)
{
	return config->unknown_flows ? config->unknown_flows : LEAST_FLOWS;
}

static uint32_t stranger_per_hour(const struct config *config)
{
	return config->unknown_per_source_hour ? config->unknown_per_source_hour : LEAST_PER_HOUR;
}

/* Why an event was not counted, and what to do about it where something is to be done. */
static void describe(enum cosmo_err err, const struct rate_history_event *event, const char *option,
	const struct rate_history_full *full, struct rate_limit_refusal *ret)
{
	char name[RATE_HISTORY_NAME_BYTES] = "";

	rate_history_name(event, name);
	*ret = (struct rate_limit_refusal){.retry_s = (full->retry_ms + 999) / 1000};
	if (err == COSMO_E_BUDGET && !full->is_file)
		(void)snprintf(
			ret->detail, sizeof(ret->detail), "%s in [limits] is used up", option);
	else if (err == COSMO_E_BUDGET)
		(void)snprintf(ret->detail, sizeof(ret->detail),
			"%s/private/%s/%s is full, or was damaged; it empties within an hour, or remove it",
			COSMO_RUN_DIR, RATE_HISTORY_FOLDER, name);
	else
		(void)snprintf(ret->detail, sizeof(ret->detail),
			"%s/private/%s/%s cannot be used: remove it; is %s full?", COSMO_RUN_DIR,
			RATE_HISTORY_FOLDER, name, COSMO_RUN_DIR);
}

static struct rate_history_event event_of(
	const struct rate_limit *limit, const char *kind, uint64_t key, uint32_t per_hour)
{
	return (struct rate_history_event){
		.kind = kind, .key = key, .per_hour = per_hour, .now_boot_ms = limit->now_boot_ms};
}

static enum cosmo_err count(struct rate_limit *limit, const struct rate_history_event *event,
	const char *option, struct rate_limit_refusal *ret_refusal)
{
	struct rate_history_full full = {0};
	enum cosmo_err err = rate_history_add(limit->run_fd, event, &full);

	if (err)
		describe(err, event, option, &full, ret_refusal);
	else
		limit->counted[limit->counted_count++] = *event;
	return err;
}

static struct rate_history_event refused_event(const struct rate_limit *limit)
{
	return event_of(limit, "refused", limit->source_key,
		stranger_per_hour(limit->config) * REFUSED_FACTOR);
}

static enum cosmo_err check_refused(
	const struct rate_limit *limit, struct rate_limit_refusal *ret_refusal)
{
	struct rate_history_event event = refused_event(limit);
	struct rate_history_full full = {0};
	enum cosmo_err err = rate_history_look(limit->run_fd, &event, &full);

	if (err)
		describe(err, &event, "unknown_per_source_hour", &full, ret_refusal);
	return err;
}

/* Full or not to be written, it refuses this source's next sign-in. */
static void note_refused(const struct rate_limit *limit)
{
	struct rate_history_event event = refused_event(limit);
	struct rate_history_full full = {0};

	(void)!rate_history_add(limit->run_fd, &event, &full);
}

void rate_limit_give_back(struct rate_limit *limit)
{
	/* What cannot be given back is a place less in this hour, no more. */
	while (limit->counted_count > 0)
		(void)!rate_history_remove(limit->run_fd, &limit->counted[--limit->counted_count]);
}

/* What is counted for the host as a whole is the one thing in which enrolled names differ. */
static enum cosmo_err count_host(struct rate_limit *limit, struct rate_limit_refusal *ret_refusal)
{
	const struct config *config = limit->config;
	struct rate_history_event event =
		event_of(limit, "unknown", 0, config->unknown_per_host_hour);
	const char *option = "unknown_per_host_hour";
	enum cosmo_err err = COSMO_OK;

	if (limit->class == RATE_LIMIT_ELSEWHERE) {
		event = event_of(limit, "elsewhere", 0, config->elsewhere_per_host_hour);
		option = "elsewhere_per_host_hour";
	}
	err = count(limit, &event, option, ret_refusal);
	if (err) {
		rate_limit_give_back(limit);
		note_refused(limit);
	}
	return err;
}

static enum cosmo_err count_stranger(
	struct rate_limit *limit, struct rate_limit_refusal *ret_refusal)
{
	uint32_t per_hour = stranger_per_hour(limit->config);
	struct rate_history_event source = event_of(limit, "source", limit->source_key, per_hour);
	struct rate_history_event name = event_of(limit, "name", limit->user_key, per_hour);
	enum cosmo_err err = check_refused(limit, ret_refusal);

	if (!err)
		err = count(limit, &source, "unknown_per_source_hour", ret_refusal);
	if (!err)
		err = count(limit, &name, "unknown_per_source_hour (of this name)", ret_refusal);
	if (err) {
		rate_limit_give_back(limit);
		return err;
	}
	return count_host(limit, ret_refusal);
}

/* Refused at once where enrolled names are shown a code: that tells, and so it is counted. */
static enum cosmo_err refuse_unknown(
	struct rate_limit *limit, struct rate_limit_refusal *ret_refusal)
{
	struct rate_history_event none = event_of(limit, "source", limit->source_key, 0);
	enum cosmo_err err = check_refused(limit, ret_refusal);

	if (err)
		return err;
	err = count(limit, &none, "unknown_per_source_hour", ret_refusal);
	note_refused(limit);
	return err;
}

static enum cosmo_err count_hours(struct rate_limit *limit, struct rate_limit_refusal *ret_refusal)
{
	struct rate_history_event event = {0};

	switch (limit->class) {
	case RATE_LIMIT_UNKNOWN:
		if (limit->config->unknown_per_source_hour == 0)
			return refuse_unknown(limit, ret_refusal);
		return count_stranger(limit, ret_refusal);
	case RATE_LIMIT_ELSEWHERE:
		return count_stranger(limit, ret_refusal);
	case RATE_LIMIT_LISTED:
		event = event_of(limit, "listed", limit->user_key, limit->config->user_per_hour);
		return count(limit, &event, "user_per_hour", ret_refusal);
	case RATE_LIMIT_FAMILIAR:
		event = event_of(limit, "user", limit->pair_key, limit->config->user_per_hour);
		return count(limit, &event, "user_per_hour", ret_refusal);
	}
	return COSMO_E_BUDGET;
}

enum cosmo_err rate_limit_count(int run_fd, const struct rate_limit_request *request,
	struct rate_limit_refusal *ret_refusal, struct rate_limit **ret)
{
	COSMO_AUTO(rate_limit_free) struct rate_limit *limit = limit_new(run_fd, request);
	enum cosmo_err err = COSMO_OK;

	*ret_refusal = (struct rate_limit_refusal){0};
	if (!limit)
		return COSMO_E_NOMEM;
	err = count_hours(limit, ret_refusal);
	if (!err)
		*ret = COSMO_STEAL(&limit);
	return err;
}

/* Lock the first free byte of @count from @base. */
static enum cosmo_err take_place(const struct rate_limit *limit, off_t base, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		struct flock lock = {.l_type = F_WRLCK,
			.l_whence = SEEK_SET,
			.l_start = base + (off_t)i,
			.l_len = 1};

		if (fcntl(limit->places_fd, F_OFD_SETLK, &lock) == 0)
			return COSMO_OK;
	}
	return COSMO_E_BUDGET;
}

static enum cosmo_err take_keyed(const struct rate_limit *limit, uint64_t key, uint32_t count)
{
	off_t base = KEYED_BASE + (off_t)((key & KEYED_MASK) * KEYED_PLACES);

	return take_place(limit, base, count < KEYED_PLACES ? count : KEYED_PLACES);
}

/*
 * The host's places in three parts: users from elsewhere may have the first, those who are listed
 * the first two, and to users from where they always come from all are open.
 */
static uint32_t host_part(const struct rate_limit *limit, uint32_t part)
{
	uint32_t places = limit->config->host_flows / part;

	return places ? places : 1;
}

/* From the last to the first, so that the places of all are taken last. */
static enum cosmo_err take_host(const struct rate_limit *limit, uint32_t count)
{
	for (uint32_t i = count; i > 0; i--)
		if (take_place(limit, HOST_BASE + (off_t)(i - 1), 1) == COSMO_OK)
			return COSMO_OK;
	return COSMO_E_BUDGET;
}

static enum cosmo_err take_stranger(const struct rate_limit *limit)
{
	uint32_t count = stranger_flows(limit->config);
	enum cosmo_err err = take_keyed(limit, limit->source_key, count);

	if (!err)
		err = take_keyed(limit, limit->user_key, count);
	if (err)
		return err;
	err = limit->class == RATE_LIMIT_UNKNOWN
		      ? take_place(limit, UNKNOWN_BASE, limit->config->unknown_flows)
		      : take_host(limit, host_part(limit, 4));
	if (err)
		note_refused(limit);
	return err;
}

static enum cosmo_err take_places(const struct rate_limit *limit)
{
	uint32_t flows = limit->config->user_flows;
	enum cosmo_err err = COSMO_E_BUDGET;

	switch (limit->class) {
	case RATE_LIMIT_UNKNOWN:
	case RATE_LIMIT_ELSEWHERE:
		return take_stranger(limit);
	case RATE_LIMIT_LISTED:
		err = take_keyed(limit, limit->user_key, flows);
		return err ? err : take_host(limit, host_part(limit, 2));
	case RATE_LIMIT_FAMILIAR:
		err = take_keyed(limit, limit->pair_key, flows);
		return err ? err : take_host(limit, host_part(limit, 1));
	}
	return err;
}

enum cosmo_err rate_limit_take(struct rate_limit *limit, struct rate_limit_refusal *ret_refusal)
{
	enum cosmo_err err = COSMO_E_IO;

	*ret_refusal = (struct rate_limit_refusal){0};
	limit->places_fd =
		openat(limit->run_fd, PLACES_FILE, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (limit->places_fd >= 0)
		err = take_places(limit);
	if (!err)
		return COSMO_OK;
	(void)snprintf(ret_refusal->detail, sizeof(ret_refusal->detail), "%s",
		err == COSMO_E_BUDGET ? "too many sign-ins at once; see the ..._flows in [limits]"
				      : COSMO_RUN_DIR "/private/" PLACES_FILE
						      " cannot be used: remove it");
	rate_limit_give_back(limit);
	return err;
}
