/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/helper/decision.h"

#include "common/base/fdio.h"
#include "pam_cosmo_sso/helper/commit.h"
#include "pam_cosmo_sso/helper/decision_case.h"
#include "pam_cosmo_sso/helper/familiar.h"
#include "pam_cosmo_sso/helper/uid_register.h"

static void log_take_over(const struct decision_case *decided)
{
	const struct audit_line *asked = &decided->exchange->line;
	const struct audit_line line = {
		.event = AUDIT_REBIND_DONE,
		.user = asked->user,
		.user_known = true,
		.service = asked->service,
		.rhost = asked->rhost,
		.tty = asked->tty,
		.has_uid = true,
		.uid = decided->record->uid,
		.ruid = asked->ruid,
		.old_subject = decided->former,
		.subject = decided->identity->sub,
	};

	if (decided->former)
		audit_send(&line);
}

static enum cosmo_err write_record(
	struct decision_case *decided, const struct decision_outcome *outcome)
{
	struct exchange *exchange = decided->exchange;
	const struct config *config = exchange->config;
	struct record *record = decided->record;
	enum cosmo_err refusal = outcome->refusal;
	uint32_t uid = 0;
	enum cosmo_err err = decision_case_draft(decided, outcome);

	if (!err && !refusal)
		err = familiar_note(exchange->store, record, exchange->source.place);
	/* What may keep others' roles from being shown must not keep this one's from going. */
	if (!err && !refusal)
		err = commit_settings(exchange->store, config, -1);
	if (!err && decided->is_new)
		err = uid_register_assign(exchange->store, record->name, config->uid_min,
			config->uid_max, config->uid_claim ? record->uid : 0, &uid);
	if (!err && decided->is_new && uid != record->uid)
		err = COSMO_E_UID;
	if (!err)
		err = commit_user(exchange->store, config, record);
	if (!err)
		log_take_over(decided);
	return err;
}

/* Did sshd resolve this name before to just what it is now? */
static bool is_as_frozen(const struct message *request, const struct record *record)
{
	const char *home = message_str(request, FIELD_FROZEN_HOME);
	const char *shell = message_str(request, FIELD_FROZEN_SHELL);

	return message_u64(request, FIELD_FROZEN_UID, record->uid) == record->uid &&
	       message_u64(request, FIELD_FROZEN_GID, record->gid) == record->gid &&
	       (!home || streq(home, record->home)) && (!shell || streq(shell, record->shell));
}

static void note_written(struct decision_case *decided, uint64_t roles)
{
	struct exchange *exchange = decided->exchange;

	exchange->line.user_known = true;
	exchange->line.enrolled = decided->is_new;
	exchange_note_uid(exchange, decided->record->uid);
	exchange_note_roles(exchange, roles);
}

static enum cosmo_err decide_locked(struct decision_case *decided)
{
	struct exchange *exchange = decided->exchange;
	struct decision_outcome outcome = {.refusal = COSMO_OK};
	enum cosmo_err err = decision_case_settle(decided, &outcome);

	if (!err)
		err = write_record(decided, &outcome);
	if (err)
		return err;
	note_written(decided, outcome.roles);
	err = decision_case_check_service(decided, &outcome);
	if (err)
		return err;
	return is_as_frozen(exchange->request, decided->record) ? COSMO_OK : COSMO_E_LOGIN_AGAIN;
}

enum cosmo_err decision_make(
	struct exchange *exchange, const struct admission *began, const struct identity *identity)
{
	struct decision_case decided = {
		.exchange = exchange,
		.began = began,
		.identity = identity,
		.now_s = fdio_now_s(),
	};
	COSMO_AUTO(decision_case_done) struct decision_case *owned = &decided;
	enum cosmo_err err = store_lock(exchange->store, STORE_LOCK_MS);

	if (err)
		return err;
	err = decide_locked(owned);
	store_unlock(exchange->store);
	return err;
}
