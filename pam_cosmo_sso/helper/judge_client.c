/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/helper/judge_client.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/fdio.h"
#include "common/dialogue.h"
#include "common/spawn.h"
#include "pam_cosmo_sso/helper/judge_cache.h"
#include "pam_cosmo_sso/helper/key_doubt.h"
#include "paths.h"

/* Both sides are processes of this host: a message is sent or read at once or never. */
#define MESSAGE_MS 10000

/* More than discovery and keys, found stale and asked for again, come to. */
#define MAX_CACHED 8

/* A document that the judge fetched, until it is known whether it may be kept. */
struct fetched {
	void *bytes; /* NULL: none */
	size_t len;
	int64_t max_age_s;
};

struct judge {
	const struct config *config;
	struct fetched discovery;
	struct fetched jwks;
	struct dialogue dialogue;
	struct spawn_child judge;
	struct spawn_child fetch;
	int fd;
	int watched_fd;
	int newer_fd;
	unsigned int cached;
	struct message *failed; /* the JUDGE_FAILED; NULL: none came */
};

void judge_free(struct judge *judge)
{
	if (!judge)
		return;
	spawn_kill(&judge->judge);
	spawn_kill(&judge->fetch);
	if (judge->fd >= 0)
		close(judge->fd);
	free(judge->discovery.bytes);
	free(judge->jwks.bytes);
	message_free(judge->failed);
	free(judge);
}

static enum cosmo_err start_processes(struct judge *judge)
{
	COSMO_AUTO_FD int judge_peer_fd = -1;
	COSMO_AUTO_FD int judge_fetch_fd = -1;
	COSMO_AUTO_FD int fetch_peer_fd = -1;
	enum cosmo_err err = spawn_socketpair(&judge->fd, &judge_peer_fd);

	if (err)
		return err;
	err = spawn_socketpair(&judge_fetch_fd, &fetch_peer_fd);
	if (err)
		return err;
	err = spawn_program(COSMO_FETCH_PATH, NULL, fetch_peer_fd, -1, &judge->fetch);
	if (err)
		return err;
	return spawn_program(COSMO_JUDGE_PATH, NULL, judge_peer_fd, judge_fetch_fd, &judge->judge);
}

enum cosmo_err judge_start(const struct config *config, struct judge **ret)
{
	COSMO_AUTO(judge_free) struct judge *judge = calloc(1, sizeof(*judge));
	enum cosmo_err err = COSMO_OK;

	if (!judge)
		return COSMO_E_NOMEM;
	*judge = (struct judge){.config = config,
		.judge = {.pid = -1, .pid_fd = -1},
		.fetch = {.pid = -1, .pid_fd = -1},
		.fd = -1,
		.watched_fd = -1,
		.newer_fd = -1};
	err = start_processes(judge);
	if (err)
		return err;
	judge->dialogue = dialogue_init(judge->fd, CHANNEL_JUDGE, SIDE_CLIENT);
	*ret = COSMO_STEAL(&judge);
	return COSMO_OK;
}

enum cosmo_err judge_ask(struct judge *judge, struct message *message)
{
	return dialogue_send(&judge->dialogue, message, fdio_boot_ms() + MESSAGE_MS);
}

void judge_watch(struct judge *judge, int fd)
{
	judge->watched_fd = fd;
}

void judge_watch_newer(struct judge *judge, int fd)
{
	judge->newer_fd = fd;
}

/* The later one counts: it was fetched because the earlier would not do. */
static void fetched_take(
	struct fetched *fetched, const struct message *message, enum message_field field)
{
	uint64_t max_age_s = message_u64(message, FIELD_MAX_AGE_S, 0);
	size_t len = 0;
	const void *bytes = message_bytes(message, field, &len);
	void *copy = bytes && len > 0 ? malloc(len) : NULL;

	if (!copy)
		return;
	memcpy(copy, bytes, len);
	free(fetched->bytes);
	*fetched = (struct fetched){.bytes = copy, .len = len};
	fetched->max_age_s = max_age_s < INT32_MAX ? (int64_t)max_age_s : INT32_MAX;
}

/* Without a cache the next exchange asks the IdP again: no reason to refuse this one. */
static void fetched_store(const struct fetched *fetched, const char *name, const char *issuer,
	const struct store *store)
{
	const struct judge_cache_entry entry = {.name = name,
		.issuer = issuer,
		.bytes = fetched->bytes,
		.len = fetched->len,
		.max_age_s = fetched->max_age_s};

	if (fetched->bytes)
		(void)!judge_cache_store(store_cache_fd(store), &entry, fdio_now_s());
}

void judge_keep_fetched(const struct judge *judge, const struct store *store)
{
	fetched_store(&judge->discovery, JUDGE_CACHE_DISCOVERY, judge->config->issuer, store);
	fetched_store(&judge->jwks, JUDGE_CACHE_JWKS, judge->config->issuer, store);
	key_doubt_settle(store_cache_fd(store));
}

/* Until the judge's socket has something to say. The watched ones come first: who has gone away, or
 * has begun anew, wants no answer any more. */
static enum cosmo_err wait_for_judge(const struct judge *judge, int64_t deadline_boot_ms)
{
	struct pollfd fds[] = {
		{.fd = judge->watched_fd, .events = POLLIN | POLLRDHUP},
		{.fd = judge->newer_fd, .events = POLLIN},
		{.fd = judge->fd, .events = POLLIN},
	};

	for (;;) {
		int64_t left_ms = deadline_boot_ms - fdio_boot_ms();
		int ready = 0;

		if (left_ms <= 0)
			return COSMO_E_DEADLINE;
		ready = poll(fds, COSMO_ARRAY_LEN(fds), left_ms > INT_MAX ? INT_MAX : (int)left_ms);
		if (ready < 0 && errno != EINTR)
			return COSMO_E_IO;
		if (ready <= 0)
			continue;
		if (fds[0].revents)
			return COSMO_E_CANCELLED;
		return fds[1].revents ? COSMO_E_REPLACED : COSMO_OK;
	}
}

/* Takes @message. A failure is whatever the judge says, but neither a success nor a reason to pass
 * the user on to other PAM modules. */
static enum cosmo_err failure(struct judge *judge, struct message *message)
{
	enum cosmo_err err = message_err(message);
	enum cosmo_err_class class = cosmo_err_class(err);

	message_free(judge->failed);
	judge->failed = message;
	if (class == COSMO_CLASS_OK || class == COSMO_CLASS_NOT_OURS)
		return COSMO_E_PROTOCOL;
	return err;
}

/* A message that has begun is waited for a little, but not beyond the deadline: the caller's own
 * patience may end just behind it. */
static enum cosmo_err receive(
	struct judge *judge, int64_t until_boot_ms, int64_t deadline_boot_ms, struct message **ret)
{
	enum cosmo_err err = wait_for_judge(judge, until_boot_ms);
	int64_t whole_by_ms = fdio_boot_ms() + MESSAGE_MS;

	if (err)
		return err;
	if (whole_by_ms < deadline_boot_ms)
		return dialogue_recv(&judge->dialogue, whole_by_ms, ret);
	err = dialogue_recv(&judge->dialogue, deadline_boot_ms, ret);
	return err == COSMO_E_TIMEOUT ? COSMO_E_DEADLINE : err;
}

enum cosmo_err judge_next_until(
	struct judge *judge, int64_t until_boot_ms, int64_t deadline_boot_ms, struct message **ret)
{
	COSMO_AUTO(message_free) struct message *message = NULL;
	enum cosmo_err err = receive(judge, until_boot_ms, deadline_boot_ms, &message);

	while (!err && message_type(message) == MESSAGE_JUDGE_CACHE) {
		if (judge->cached++ >= MAX_CACHED)
			return COSMO_E_PROTOCOL;
		fetched_take(&judge->discovery, message, FIELD_DISCOVERY);
		fetched_take(&judge->jwks, message, FIELD_JWKS);
		message_free(COSMO_STEAL(&message));
		err = receive(judge, until_boot_ms, deadline_boot_ms, &message);
	}
	if (err)
		return err;
	if (message_type(message) == MESSAGE_JUDGE_FAILED)
		return failure(judge, COSMO_STEAL(&message));
	*ret = COSMO_STEAL(&message);
	return COSMO_OK;
}

enum cosmo_err judge_next(struct judge *judge, int64_t deadline_boot_ms, struct message **ret)
{
	return judge_next_until(judge, deadline_boot_ms, deadline_boot_ms, ret);
}

const char *judge_detail(const struct judge *judge)
{
	return judge->failed ? message_str(judge->failed, FIELD_DETAIL) : NULL;
}

const struct message *judge_failed(const struct judge *judge)
{
	return judge->failed;
}
