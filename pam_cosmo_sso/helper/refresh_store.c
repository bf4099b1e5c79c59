/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/helper/refresh_store.h"

#include <stdio.h>

#include "common/base/fdio.h"
#include "pam_cosmo_sso/helper/commit.h"
#include "pam_cosmo_sso/helper/confirmation.h"
#include "pam_cosmo_sso/helper/policy.h"
#include "pam_cosmo_sso/helper/rebind.h"
#include "pam_cosmo_sso/helper/refresh_due.h"
#include "pam_cosmo_sso/helper/refresh_newer.h"

bool refresh_is_refusal(enum cosmo_err err)
{
	return err == COSMO_E_INVALID_GRANT || err == COSMO_E_REFRESH_INTERRUPTED ||
	       err == COSMO_E_OTHER_SUBJECT || err == COSMO_E_RENAMED ||
	       err == COSMO_E_CLAIM_MISSING || err == COSMO_E_NO_ROLE;
}

/* Lock held. *ret_record is to be written; NULL where a refresh is not due any more. */
static enum cosmo_err prepare_asked(
	struct exchange *exchange, struct refresh_sign_in *ret, struct record **ret_record)
{
	COSMO_AUTO(record_free) struct record *record = NULL;
	struct gate_view gate = {.state = GATE_MISSING};
	int64_t now_s = fdio_now_s();
	enum cosmo_err err = record_load(exchange->store, exchange->user, &record);

	if (err)
		return err;
	gate_read(store_gate(exchange->store), &gate);
	if (!refresh_is_due(exchange->config, &exchange->service, record, &gate, now_s))
		return COSMO_OK;
	err = refresh_sign_in_read(record, ret);
	if (err)
		return err;
	record->refresh_asked_s = now_s > 0 ? now_s : 1;
	*ret_record = COSMO_STEAL(&record);
	return COSMO_OK;
}

/* Lock held. */
static enum cosmo_err note_asked(
	struct exchange *exchange, struct refresh_sign_in *ret, bool *ret_is_due)
{
	COSMO_AUTO(record_free) struct record *record = NULL;
	enum cosmo_err err = prepare_asked(exchange, ret, &record);

	*ret_is_due = record != NULL;
	return record ? commit_unshown(exchange->store, record) : err;
}

enum cosmo_err refresh_store_asked(
	struct exchange *exchange, struct refresh_sign_in *ret, bool *ret_is_due)
{
	enum cosmo_err err = store_lock(exchange->store, STORE_LOCK_MS);

	if (err)
		return err;
	err = note_asked(exchange, ret, ret_is_due);
	store_unlock(exchange->store);
	return err;
}

/* Lock held. */
static void note_all_asked(struct store *store, struct refresh_question *questions, size_t count)
{
	struct record *records[REFRESH_STORE_MAX] = {NULL};
	const struct record *due[REFRESH_STORE_MAX] = {NULL};
	size_t due_count = 0;
	enum cosmo_err err = COSMO_OK;

	for (size_t i = 0; i < count; i++) {
		struct refresh_question *question = &questions[i];

		question->err = prepare_asked(question->exchange, question->asked, &records[i]);
		question->is_due = records[i] != NULL;
		if (question->is_due)
			due[due_count++] = records[i];
	}
	if (due_count > 0)
		err = commit_unshown_all(store, due, due_count);
	for (size_t i = 0; i < count; i++) {
		if (questions[i].is_due)
			questions[i].err = err;
		record_free(records[i]);
	}
}

enum cosmo_err refresh_store_all_asked(
	struct store *store, struct refresh_question *questions, size_t count)
{
	enum cosmo_err err =
		count > REFRESH_STORE_MAX ? COSMO_E_INVALID : store_lock(store, STORE_LOCK_MS);

	if (err)
		return err;
	note_all_asked(store, questions, count);
	store_unlock(store);
	return COSMO_OK;
}

/*
 * A name is not compared to find out whose the claims are: the subject says that. But where the IdP
 * says that its person is called otherwise by now, a sign-in under the old name is refused, and
 * what is refused at one door must not hold at the others. Claims without a name say nothing of it.
 */
static enum cosmo_err judge_identity(struct exchange *exchange, const struct record *record,
	const struct identity *who, uint64_t *ret_roles)
{
	if (!rebind_is_holder(record, who->issuer, who->sub))
		return COSMO_E_OTHER_SUBJECT;
	if (who->username[0] && !streq(who->username, record->name))
		return COSMO_E_RENAMED;
	return policy_roles(exchange->config, who, ret_roles);
}

enum cosmo_err refresh_store_judge(struct exchange *exchange, const struct identity *who)
{
	COSMO_AUTO(record_free) struct record *record = NULL;
	uint64_t roles = 0;
	enum cosmo_err err = record_load(exchange->store, exchange->user, &record);

	return err ? err : judge_identity(exchange, record, who, &roles);
}

static void apply_refusal(struct record *record, enum cosmo_err reason)
{
	confirmation_refuse(record, reason);
	/* What is worth nothing, or opens somebody else's claims, is not kept; the person's own
	 * is, to be revoked some day. */
	if (reason == COSMO_E_INVALID_GRANT || reason == COSMO_E_REFRESH_INTERRUPTED ||
		reason == COSMO_E_OTHER_SUBJECT) {
		secret_free(COSMO_STEAL(&record->refresh_token));
		record->refresh_expires_s = 0;
	}
}

/* Lock held. No matter whether it can be written: who asked now is refused. */
static void write_refusal(struct exchange *exchange, const struct record *record)
{
	char text[128] = "";
	enum cosmo_err err = commit_user(exchange->store, exchange->config, record);

	if (!err)
		return;
	(void)snprintf(
		text, sizeof(text), "the roles could not be taken away: %s", cosmo_err_id(err));
	exchange_note_detail(exchange, text);
}

/* Lock held. The roles are bits by the settings. */
static enum cosmo_err write_confirmation(struct exchange *exchange, const struct record *record)
{
	enum cosmo_err err = commit_settings(exchange->store, exchange->config, -1);

	return err ? err : commit_user(exchange->store, exchange->config, record);
}

static enum cosmo_err apply_confirmation(struct exchange *exchange, struct record *record,
	const struct identity *who, uint64_t roles)
{
	const struct confirmation confirmation = {
		.config = exchange->config,
		.identity = who,
		.integration = record->integration,
		.roles = roles,
		.now_s = fdio_now_s(),
	};

	return confirmation_refresh(&confirmation, record);
}

/* Lock held. *ret is to be written; with an error it is set where that is a refusal. */
static enum cosmo_err prepare_identity(struct exchange *exchange,
	const struct refresh_sign_in *asked, const struct identity *who, struct record **ret)
{
	COSMO_AUTO(record_free) struct record *record = NULL;
	uint64_t roles = 0;
	enum cosmo_err err = refresh_sign_in_find(exchange, asked, &record);

	if (!err)
		err = refresh_newer_take(asked, record);
	if (err)
		return err;
	err = judge_identity(exchange, record, who, &roles);
	if (!err)
		err = apply_confirmation(exchange, record, who, roles);
	else if (refresh_is_refusal(err))
		apply_refusal(record, err);
	if (!err || refresh_is_refusal(err))
		*ret = COSMO_STEAL(&record);
	return err;
}

/* Lock held. */
static enum cosmo_err write_identity(
	struct exchange *exchange, const struct refresh_sign_in *asked, const struct identity *who)
{
	COSMO_AUTO(record_free) struct record *record = NULL;
	enum cosmo_err err = prepare_identity(exchange, asked, who, &record);

	if (refresh_is_refusal(err))
		write_refusal(exchange, record);
	return err ? err : write_confirmation(exchange, record);
}

enum cosmo_err refresh_store_identity(
	struct exchange *exchange, const struct refresh_sign_in *asked, const struct identity *who)
{
	enum cosmo_err err = store_lock(exchange->store, STORE_LOCK_MS);

	if (err)
		return err;
	err = write_identity(exchange, asked, who);
	store_unlock(exchange->store);
	return err;
}

static void free_records(struct record **records, size_t count)
{
	for (size_t i = 0; i < count; i++)
		record_free(records[i]);
}

/* Lock held. */
static void write_each(struct refresh_answer *answers, struct record **records, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct exchange *exchange = answers[i].exchange;

		if (!records[i])
			continue;
		if (answers[i].err)
			write_refusal(exchange, records[i]);
		else
			answers[i].err = write_confirmation(exchange, records[i]);
	}
}

/* Lock held. What cannot be written together is written one by one. */
static void write_all(struct store *store, const struct config *config,
	struct refresh_answer *answers, struct record **records, size_t count)
{
	const struct record *together[REFRESH_STORE_MAX] = {NULL};
	size_t together_count = 0;
	enum cosmo_err err = commit_settings(store, config, -1);

	for (size_t i = 0; i < count; i++)
		if (records[i])
			together[together_count++] = records[i];
	if (!err && together_count > 0)
		err = commit_users(store, config, together, together_count);
	if (err)
		write_each(answers, records, count);
}

enum cosmo_err refresh_store_identities(struct store *store, const struct config *config,
	struct refresh_answer *answers, size_t count)
{
	struct record *records[REFRESH_STORE_MAX] = {NULL};
	enum cosmo_err err =
		count > REFRESH_STORE_MAX ? COSMO_E_INVALID : store_lock(store, STORE_LOCK_MS);

	if (err)
		return err;
	for (size_t i = 0; i < count; i++)
		answers[i].err = prepare_identity(
			answers[i].exchange, answers[i].asked, answers[i].identity, &records[i]);
	write_all(store, config, answers, records, count);
	store_unlock(store);
	free_records(records, count);
	return COSMO_OK;
}

enum cosmo_err refresh_store_refusal(struct exchange *exchange, const struct refresh_sign_in *asked)
{
	COSMO_AUTO(record_free) struct record *record = NULL;
	enum cosmo_err refusal =
		asked->was_interrupted ? COSMO_E_REFRESH_INTERRUPTED : COSMO_E_INVALID_GRANT;
	enum cosmo_err err = store_lock(exchange->store, STORE_LOCK_MS);

	if (err)
		return refusal; /* asked again, it will be refused again */
	err = refresh_sign_in_find(exchange, asked, &record);
	if (!err) {
		apply_refusal(record, refusal);
		write_refusal(exchange, record);
	}
	store_unlock(exchange->store);
	return err == COSMO_E_SIGNED_OUT ? err : refusal;
}

/* Either the request never went out, or the IdP answered it without a token, in its own words. The
 * same errors met after the token had been taken leave it as good as it was. */
bool refresh_is_unspent(enum cosmo_err err)
{
	return err == COSMO_E_DNS || err == COSMO_E_CONNECT || err == COSMO_E_TLS ||
	       err == COSMO_E_TLS_TRUST || err == COSMO_E_PROXY || err == COSMO_E_IDP_CLIENT ||
	       err == COSMO_E_IDP_GRANT_TYPE || err == COSMO_E_IDP_SCOPE ||
	       err == COSMO_E_IDP_RATE || err == COSMO_E_IDP_ISSUER || err == COSMO_E_IDP_GONE;
}

void refresh_store_unspent(struct exchange *exchange, const struct refresh_sign_in *asked)
{
	COSMO_AUTO(record_free) struct record *record = NULL;

	/* A doubt from before this try stays. */
	if (asked->was_interrupted || asked->newer || !asked->token ||
		store_lock(exchange->store, STORE_LOCK_MS))
		return;
	if (refresh_sign_in_find(exchange, asked, &record) == COSMO_OK && record->refresh_asked_s) {
		record->refresh_asked_s = 0;
		(void)!commit_unshown(exchange->store, record);
	}
	store_unlock(exchange->store);
}
