/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/helper/refresh_batch.h"

#include <stdio.h>

#include "common/base/fdio.h"
#include "pam_cosmo_sso/helper/policy.h"
#include "pam_cosmo_sso/helper/refresh_ask.h"
#include "pam_cosmo_sso/helper/refresh_newer.h"
#include "pam_cosmo_sso/helper/refresh_outage_write.h"
#include "pam_cosmo_sso/helper/refresh_turn.h"

/* Whoever comes in waits for his turn, if it is held here. */
#define QUICK_MS INT64_C(1000)

void refresh_batch_init(struct refresh_batch *batch, struct store *store, struct config *config)
{
	batch->store = store;
	batch->config = config;
	batch->count = 0;
}

static void member_done(struct refresh_member *member)
{
	refresh_sign_in_done(&member->asked);
	message_free(COSMO_STEAL(&member->told));
	cosmo_auto_close(&member->turn_fd);
}

void refresh_batch_done(struct refresh_batch *batch)
{
	for (size_t i = 0; i < batch->count; i++)
		member_done(&batch->members[i]);
	batch->count = 0;
}

bool refresh_batch_add(
	struct refresh_batch *batch, const char *user, uint32_t uid, int64_t interval_s)
{
	struct refresh_member *member = NULL;

	if (batch->count == REFRESH_BATCH_MAX)
		return false;
	member = &batch->members[batch->count++];
	*member = (struct refresh_member){.uid = uid, .turn_fd = -1, .end = REFRESH_DONE};
	(void)snprintf(member->user, sizeof(member->user), "%s", user);
	member->exchange = (struct exchange){.store = batch->store,
		.config = batch->config,
		.user = member->user,
		.service = {.refresh_after_s = interval_s}};
	member->reason = refresh_turn_try(batch->store, member->user, &member->turn_fd);
	return true;
}

static void note_roles(struct refresh_member *member, uint64_t *ret)
{
	COSMO_AUTO(record_free) struct record *record = NULL;

	if (record_load(member->exchange.store, member->user, &record) == COSMO_OK)
		*ret = policy_record_roles(member->exchange.config, record);
}

void refresh_batch_begin(struct refresh_batch *batch)
{
	struct refresh_question questions[REFRESH_BATCH_MAX];
	struct refresh_member *members[REFRESH_BATCH_MAX];
	size_t count = 0;
	enum cosmo_err err = COSMO_OK;

	for (size_t i = 0; i < batch->count; i++) {
		struct refresh_member *member = &batch->members[i];

		if (member->turn_fd < 0)
			continue;
		note_roles(member, &member->roles_before);
		member->roles_after = member->roles_before;
		members[count] = member;
		questions[count++] = (struct refresh_question){
			.exchange = &member->exchange, .asked = &member->asked};
	}
	if (count > 0)
		err = refresh_store_all_asked(batch->store, questions, count);
	for (size_t i = 0; i < count; i++) {
		members[i]->reason = err ? err : questions[i].err;
		members[i]->is_due = !members[i]->reason && questions[i].is_due;
		if (!members[i]->is_due)
			cosmo_auto_close(&members[i]->turn_fd); /* somebody else may ask */
	}
}

/* What holds now, and for everybody to see. */
static void end(struct refresh_member *member, enum refresh_end how, enum cosmo_err reason)
{
	bool is_answered = how != REFRESH_OUTAGE;

	member->is_due = false;
	member->end = how;
	member->is_left_over = how == REFRESH_DROPPED && member->asked.newer;
	member->reason = reason;
	note_roles(member, &member->roles_after);
	refresh_turn_tell(member->turn_fd, is_answered ? COSMO_OK : reason);
	/* Nobody is to show the one that was spent while the new one may still be stored. */
	if (is_answered || !member->asked.newer)
		cosmo_auto_close(&member->turn_fd);
	if (!is_answered)
		refresh_outage_note(member->exchange.store, reason);
}

static void end_by(struct refresh_member *member, enum cosmo_err err)
{
	if (err == COSMO_E_SIGNED_OUT)
		end(member, REFRESH_DROPPED, COSMO_OK);
	else if (refresh_is_refusal(err))
		end(member, REFRESH_REFUSED, err);
	else
		end(member, err ? REFRESH_OUTAGE : REFRESH_DONE, err);
}

/* One word alone is about the person. */
static void fail(struct refresh_member *member, enum cosmo_err err)
{
	if (err == COSMO_E_INVALID_GRANT) {
		end_by(member, refresh_store_refusal(&member->exchange, &member->asked));
		return;
	}
	if (refresh_is_unspent(err))
		refresh_store_unspent(&member->exchange, &member->asked);
	end(member, REFRESH_OUTAGE, err);
}

static void store_answers(struct refresh_batch *batch)
{
	struct refresh_answer answers[REFRESH_BATCH_MAX];
	struct refresh_member *members[REFRESH_BATCH_MAX];
	size_t count = 0;
	enum cosmo_err err = COSMO_OK;

	for (size_t i = 0; i < batch->count; i++) {
		struct refresh_member *member = &batch->members[i];

		if (!member->told)
			continue;
		members[count] = member;
		answers[count++] = (struct refresh_answer){.exchange = &member->exchange,
			.asked = &member->asked,
			.identity = &member->who};
	}
	if (count > 0)
		err = refresh_store_identities(batch->store, batch->config, answers, count);
	for (size_t i = 0; i < count; i++) {
		end_by(members[i], err ? err : answers[i].err);
		message_free(COSMO_STEAL(&members[i]->told));
	}
}

/* They are asked about some other time. */
static void release_others(struct refresh_batch *batch)
{
	for (size_t i = 0; i < batch->count; i++) {
		struct refresh_member *member = &batch->members[i];

		if (!member->is_due || member->is_asked)
			continue;
		refresh_store_unspent(&member->exchange, &member->asked);
		member->is_due = false;
		member->is_released = true;
		cosmo_auto_close(&member->turn_fd);
	}
}

static void settle(struct refresh_batch *batch)
{
	store_answers(batch);
	release_others(batch);
}

/* Of an end with a token that is stored nowhere: it is good, or its sign-in is no more. */
static void keep_token(struct refresh_member *member, int64_t deadline_boot_ms)
{
	enum cosmo_err err = COSMO_OK;

	if (member->turn_fd < 0 || !member->asked.newer)
		return;
	err = refresh_newer_again(&member->exchange, &member->asked, deadline_boot_ms);
	member->is_left_over = err == COSMO_E_SIGNED_OUT;
	if (!err || member->is_left_over)
		cosmo_auto_close(&member->turn_fd);
}

/* First those that can be stored at once; what takes longer has one deadline for all. */
static void keep_tokens(struct refresh_batch *batch)
{
	int64_t deadline_boot_ms = 0;

	for (size_t i = 0; i < batch->count; i++)
		keep_token(&batch->members[i], 0);
	deadline_boot_ms = fdio_boot_ms() + REFRESH_NEWER_AGAIN_MS;
	for (size_t i = 0; i < batch->count; i++) {
		keep_token(&batch->members[i], deadline_boot_ms);
		cosmo_auto_close(&batch->members[i].turn_fd);
	}
}

/* Nobody waits for that any more. */
static void revoke_left_over(struct refresh_batch *batch)
{
	for (size_t i = 0; i < batch->count; i++) {
		struct refresh_member *member = &batch->members[i];

		if (member->is_left_over)
			refresh_ask_revoke(&member->exchange, member->asked.newer);
		member->is_left_over = false;
	}
}

void refresh_batch_settle(struct refresh_batch *batch)
{
	settle(batch);
	keep_tokens(batch);
	revoke_left_over(batch);
}

/* *ret_is_slow: the others have been settled meanwhile. */
static enum cosmo_err wait(struct refresh_batch *batch, struct refresh_member *member,
	struct refresh_ask *ask, bool *ret_is_slow)
{
	bool is_over = false;
	enum cosmo_err err =
		refresh_ask_next(ask, fdio_boot_ms() + QUICK_MS, &member->told, &is_over);

	*ret_is_slow = err == COSMO_E_DEADLINE && fdio_boot_ms() < ask->deadline_boot_ms;
	if (*ret_is_slow) {
		refresh_turn_tell(member->turn_fd, COSMO_E_IDP_TIMEOUT);
		settle(batch);
		err = refresh_ask_next(ask, ask->deadline_boot_ms, &member->told, &is_over);
	}
	return is_over ? COSMO_E_SIGNED_OUT : err;
}

static enum cosmo_err ask_and_wait(
	struct refresh_batch *batch, struct refresh_member *member, bool *ret_is_slow)
{
	struct refresh_ask ask = {.exchange = &member->exchange,
		.asked = &member->asked,
		.deadline_boot_ms = fdio_boot_ms() + REFRESH_LATE_MS};
	COSMO_AUTO(refresh_ask_done) struct refresh_ask *owned = &ask;
	enum cosmo_err err = refresh_ask_begin(owned);

	if (err) {
		refresh_store_unspent(&member->exchange, &member->asked);
		return err;
	}
	err = wait(batch, member, owned, ret_is_slow);
	if (!err)
		err = identity_read_refreshed(member->told, &member->who);
	if (err)
		exchange_note_detail(&member->exchange, judge_detail(ask.judge));
	refresh_ask_learn(owned, err ? err : refresh_store_judge(&member->exchange, &member->who));
	return err;
}

bool refresh_batch_ask(struct refresh_batch *batch, size_t index)
{
	struct refresh_member *member = &batch->members[index];
	bool is_slow = false;
	enum cosmo_err err = COSMO_OK;

	if (!member->is_due)
		return false;
	member->is_asked = true;
	err = ask_and_wait(batch, member, &is_slow);
	/* Now, for by the time it is stored another answer may be wanting. */
	if (!err || err == COSMO_E_INVALID_GRANT || err == COSMO_E_SIGNED_OUT)
		refresh_outage_forget(batch->store);
	if (!err)
		return !is_slow;
	message_free(COSMO_STEAL(&member->told));
	if (err == COSMO_E_SIGNED_OUT)
		end_by(member, err);
	else
		fail(member, err == COSMO_E_DEADLINE ? COSMO_E_IDP_TIMEOUT : err);
	return !is_slow;
}
