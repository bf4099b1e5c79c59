/* SPDX-License-Identifier: MIT */
/*
 * First the names of all records with a token: a folder that is written to cannot be read through.
 * Then batch by batch: the tokens are read, shown to the IdP without a lock, and wiped under the
 * lock from the records as they are by then.
 */
#include "pam_cosmo_sso/helper/token_revoke.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/fdio.h"
#include "common/base/secret.h"
#include "pam_cosmo_sso/helper/commit.h"
#include "pam_cosmo_sso/helper/judge_client.h"
#include "pam_cosmo_sso/helper/records.h"
#include "pam_cosmo_sso/helper/staged_file.h"

/* Few enough for the deadline and the progress to mean something, for one message to the judge, and
 * to be written on a slow disk long before whoever waits for the lock gives up (STORE_LOCK_MS). */
#define BATCH           ((size_t)128)
#define MAX_BATCH_BYTES ((size_t)512 * 1024)

_Static_assert(BATCH <= COMMIT_MAX_USERS, "a batch is one commit");

/* Names one behind the other, each with its NUL. */
struct name_list {
	char *text;
	size_t len;
	size_t size;
};

/* A record as it was when its token was shown to the IdP. */
struct seen {
	struct record *record;
	bool is_of_issuer;
};

struct revoking {
	struct store *store;
	const struct config *config;
	int64_t deadline_ms;
	bool is_asking; /* the IdP, for the next batch */
	struct name_list names;
	struct seen *batch; /* of BATCH */
	size_t count;
	struct token_tally *tally;
	enum cosmo_err err;   /* the first, of what could not be wiped */
	enum cosmo_err stuck; /* nothing at all can be written, and why */
};

static void batch_reset(struct revoking *revoking)
{
	for (size_t i = 0; i < revoking->count; i++)
		record_free(revoking->batch[i].record);
	revoking->count = 0;
}

static void revoking_done(struct revoking *revoking)
{
	batch_reset(revoking);
	free(revoking->batch);
	free(revoking->names.text);
}
COSMO_AUTO_DEFINE(struct revoking *, revoking_done);

static void note_left(struct revoking *revoking, enum cosmo_err err)
{
	revoking->tally->left++;
	if (!revoking->err)
		revoking->err = err;
}

/* Whatever a file holds that is no record: nobody can take a token out of it. */
static void note_damaged(struct revoking *revoking)
{
	revoking->tally->damaged++;
	note_left(revoking, COSMO_E_STORE_DAMAGED);
}

static void note_not_revoked(
	struct revoking *revoking, uint64_t count, enum cosmo_err err, const char *detail)
{
	struct token_tally *tally = revoking->tally;

	tally->not_revoked += count;
	if (tally->why || count == 0)
		return;
	tally->why = err;
	(void)snprintf(tally->detail, sizeof(tally->detail), "%s", detail ? detail : "");
}

static enum cosmo_err list_add(struct name_list *list, const char *name)
{
	size_t len = strlen(name) + 1;

	if (len > list->size - list->len) {
		size_t size = list->size ? 2 * list->size : 4096;
		char *text = realloc(list->text, size);

		if (!text)
			return COSMO_E_NOMEM;
		list->text = text;
		list->size = size;
	}
	memcpy(list->text + list->len, name, len);
	list->len += len;
	return COSMO_OK;
}

static enum cosmo_err visit(void *context, const char *name, const struct record *record)
{
	struct revoking *revoking = context;

	if (!record)
		note_damaged(revoking);
	return record && record->refresh_token ? list_add(&revoking->names, name) : COSMO_OK;
}

static enum cosmo_err collect(struct revoking *revoking, const char *user)
{
	COSMO_AUTO(record_free) struct record *record = NULL;
	enum cosmo_err err = COSMO_OK;

	if (!user)
		return records_each(revoking->store, visit, revoking);
	err = record_load(revoking->store, user, &record);
	if (err == COSMO_E_NOT_FOUND)
		return COSMO_OK;
	if (err) {
		note_left(revoking, err);
		return COSMO_OK;
	}
	return visit(revoking, user, record);
}

static size_t names_count(const struct name_list *list)
{
	size_t count = 0;

	for (size_t at = 0; at < list->len; at += strlen(list->text + at) + 1)
		count++;
	return count;
}

/* Into the batch, if it has a token still; the size of that. */
static size_t batch_add(struct revoking *revoking, const char *name)
{
	COSMO_AUTO(record_free) struct record *record = NULL;
	enum cosmo_err err = record_load(revoking->store, name, &record);
	size_t bytes = 0;

	if (err && err != COSMO_E_NOT_FOUND)
		note_left(revoking, err);
	if (err || !record->refresh_token)
		return 0;
	bytes = secret_len(record->refresh_token);
	revoking->batch[revoking->count++].record = COSMO_STEAL(&record);
	return bytes;
}

/* The next records, from the names at *at. */
static void batch_read(struct revoking *revoking, size_t *at, uint64_t *done)
{
	const struct name_list *names = &revoking->names;
	size_t bytes = 0;

	while (*at < names->len && revoking->count < BATCH && bytes < MAX_BATCH_BYTES) {
		const char *name = names->text + *at;

		*at += strlen(name) + 1;
		(*done)++;
		bytes += batch_add(revoking, name);
	}
}

static bool has_config(const struct revoking *revoking)
{
	return revoking->config && config_is_connected(revoking->config);
}

/* A token is nobody else's business than of the issuer it is from. */
static uint64_t choose(struct revoking *revoking)
{
	uint64_t chosen = 0;

	for (size_t i = 0; i < revoking->count; i++) {
		struct seen *seen = &revoking->batch[i];

		seen->is_of_issuer = has_config(revoking) &&
				     streq(seen->record->issuer, revoking->config->issuer);
		chosen += seen->is_of_issuer;
	}
	return chosen;
}

static enum cosmo_err make_question(
	struct revoking *revoking, int64_t left_ms, struct message **ret)
{
	COSMO_AUTO(message_free) struct message *question = NULL;
	enum cosmo_err err = message_new(MESSAGE_JUDGE_REVOKE, &question);

	if (!err)
		err = judge_put_setup(question, revoking->config, revoking->store, left_ms);
	if (err)
		return err;
	for (size_t i = 0; i < revoking->count; i++)
		if (revoking->batch[i].is_of_issuer)
			message_put_secret(question, FIELD_REFRESH_TOKEN,
				revoking->batch[i].record->refresh_token);
	*ret = COSMO_STEAL(&question);
	return COSMO_OK;
}

static enum cosmo_err ask(struct revoking *revoking, struct judge *judge, int64_t left_ms,
	uint64_t chosen, uint64_t *ret_revoked)
{
	COSMO_AUTO(message_free) struct message *question = NULL;
	COSMO_AUTO(message_free) struct message *answer = NULL;
	enum cosmo_err err = make_question(revoking, left_ms, &question);

	if (!err)
		err = judge_ask(judge, question);
	if (!err)
		err = judge_next(judge, revoking->deadline_ms + TOKEN_REVOKE_GRACE_MS, &answer);
	if (err)
		return err;
	if (message_type(answer) != MESSAGE_JUDGE_REVOKED ||
		message_u64(answer, FIELD_COUNT, UINT64_MAX) > chosen)
		return COSMO_E_PROTOCOL;
	*ret_revoked = message_u64(answer, FIELD_COUNT, 0);
	if (*ret_revoked == chosen)
		return COSMO_OK;
	note_not_revoked(revoking, chosen - *ret_revoked,
		message_has(answer, FIELD_ERR) ? message_err(answer) : COSMO_E_PROTOCOL,
		message_str(answer, FIELD_DETAIL));
	return COSMO_OK;
}

/* Nothing that happens here keeps the tokens from being wiped. */
static void batch_revoke(struct revoking *revoking)
{
	COSMO_AUTO(judge_free) struct judge *judge = NULL;
	struct token_tally *tally = revoking->tally;
	int64_t left_ms = revoking->deadline_ms - fdio_boot_ms();
	uint64_t chosen = choose(revoking);
	uint64_t revoked = 0;
	enum cosmo_err err = COSMO_OK;

	note_not_revoked(revoking, revoking->count - chosen,
		has_config(revoking) ? COSMO_E_IDP_ISSUER : COSMO_E_CONFIG, NULL);
	if (chosen == 0)
		return;
	if (left_ms <= 0)
		revoking->is_asking = false;
	if (!revoking->is_asking) {
		note_not_revoked(revoking, chosen, COSMO_E_DEADLINE, NULL);
		return;
	}
	err = judge_start(revoking->config, &judge);
	if (!err)
		err = ask(revoking, judge, left_ms, chosen, &revoked);
	if (err)
		note_not_revoked(revoking, chosen, err, judge ? judge_detail(judge) : NULL);
	tally->revoked += revoked;
	/* Not one: the others would fare no better, and each would cost its time. */
	revoking->is_asking = revoked > 0;
}

/* Whoever has signed in since has a token of his own right. A refresh is no sign-in. */
static bool is_same_sign_in(const struct record *now, const struct record *then)
{
	return now->signed_in_s == then->signed_in_s && streq(now->issuer, then->issuer) &&
	       streq(now->sub, then->sub) &&
	       memcmp(now->integration, then->integration, INTEGRATION_BYTES) == 0;
}

/* *ret: the record as it is now, without its token; NULL: there is nothing to be wiped. */
static enum cosmo_err read_wiped(
	struct store *store, const struct record *then, struct record **ret)
{
	COSMO_AUTO(record_free) struct record *record = NULL;
	enum cosmo_err err = record_load(store, then->name, &record);

	if (err)
		return err == COSMO_E_NOT_FOUND ? COSMO_OK : err;
	if (!record->refresh_token || !is_same_sign_in(record, then))
		return COSMO_OK;
	secret_free(COSMO_STEAL(&record->refresh_token));
	record->refresh_expires_s = 0;
	*ret = COSMO_STEAL(&record);
	return COSMO_OK;
}

/* One record that cannot be written must not keep the others from it; a full disk does. */
static void write_each(struct revoking *revoking, const struct record *const *wiped, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		enum cosmo_err err = revoking->stuck;

		if (!err)
			err = commit_user(revoking->store, NULL, wiped[i]);
		if (err)
			note_left(revoking, err);
		else
			revoking->tally->wiped++;
		if (err == COSMO_E_IO)
			revoking->stuck = err;
	}
}

static void batch_write(struct revoking *revoking, const struct record *const *wiped, size_t count)
{
	if (count == 0)
		return;
	if (commit_users(revoking->store, NULL, wiped, count))
		write_each(revoking, wiped, count);
	else
		revoking->tally->wiped += count;
}

/* Lock held. */
static void batch_wipe_locked(struct revoking *revoking)
{
	struct record **wiped = calloc(revoking->count, sizeof(struct record *));
	size_t count = 0;

	for (size_t i = 0; i < revoking->count; i++) {
		struct record *record = NULL;
		enum cosmo_err err =
			wiped ? read_wiped(revoking->store, revoking->batch[i].record, &record)
			      : COSMO_E_NOMEM;

		if (err)
			note_left(revoking, err);
		else if (record)
			wiped[count++] = record;
	}
	batch_write(revoking, (const struct record *const *)wiped, count);
	for (size_t i = 0; i < count; i++)
		record_free(wiped[i]);
	free(wiped);
}

static void batch_wipe(struct revoking *revoking)
{
	if (revoking->count == 0)
		return;
	/* Who holds the lock for so long would be waited for again at each batch. */
	if (!revoking->stuck)
		revoking->stuck = store_lock(revoking->store, STORE_LOCK_MS);
	if (revoking->stuck) {
		for (size_t i = 0; i < revoking->count; i++)
			note_left(revoking, revoking->stuck);
		return;
	}
	batch_wipe_locked(revoking);
	store_unlock(revoking->store);
}

/* A writer that died may have left a token beside the record; a living one is waited for. */
static enum cosmo_err drop_stages(struct store *store)
{
	int users_fd = store_folder_fd(store, STORE_USERS);
	bool any = false;
	enum cosmo_err err = staged_file_any(users_fd, &any);

	if (!err && any)
		err = store_lock(store, STORE_LOCK_MS);
	if (err || !any)
		return err;
	err = staged_file_drop_all(users_fd);
	store_unlock(store);
	return err;
}

static enum cosmo_err revoke_all(
	struct revoking *revoking, const char *user, token_progress progress, void *context)
{
	uint64_t total = 0;
	uint64_t done = 0;
	size_t at = 0;
	enum cosmo_err err = collect(revoking, user);

	if (err)
		return err;
	err = drop_stages(revoking->store);
	if (!revoking->err)
		revoking->err = err;
	total = names_count(&revoking->names);
	while (at < revoking->names.len) {
		batch_read(revoking, &at, &done);
		batch_revoke(revoking);
		batch_wipe(revoking);
		batch_reset(revoking);
		if (progress)
			progress(context, done, total);
		if (at < revoking->names.len)
			(void)poll(NULL, 0, 2 * STORE_LOCK_POLL_MS); /* for who waits */
	}
	return revoking->err;
}

/* NOLINTNEXTLINE(readability-function-size): what is ended, how long, and whom it is told */
enum cosmo_err token_revoke(struct store *store, const struct config *config, const char *user,
	int64_t duration_ms, token_progress progress, void *context, struct token_tally *ret)
{
	struct revoking revoking = {.store = store,
		.config = config,
		.deadline_ms = fdio_boot_ms() + duration_ms,
		.is_asking = config && config_is_connected(config) && duration_ms > 0,
		.batch = calloc(BATCH, sizeof(struct seen)),
		.tally = ret};
	COSMO_AUTO(revoking_done) struct revoking *owned = &revoking;

	*ret = (struct token_tally){.why = COSMO_OK};
	return owned->batch ? revoke_all(owned, user, progress, context) : COSMO_E_NOMEM;
}
