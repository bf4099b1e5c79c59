/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/helper/decision.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/fdio.h"
#include "common/base/uid_candidate.h"
#include "pam_cosmo_sso/helper/commit.h"
#include "pam_cosmo_sso/helper/confirmation.h"
#include "pam_cosmo_sso/helper/enrol.h"
#include "pam_cosmo_sso/helper/familiar.h"
#include "pam_cosmo_sso/helper/integration.h"
#include "pam_cosmo_sso/helper/policy.h"
#include "pam_cosmo_sso/helper/rebind.h"
#include "pam_cosmo_sso/helper/uid_register.h"

/* What is read under the lock. */
struct decision {
	struct exchange *exchange;
	const struct admission *began;
	const struct identity *identity;
	struct integration *integration; /* NULL: never connected */
	struct record *record;           /* as it will be written; NULL: not made yet */
	bool is_new;
	bool is_holder; /* not new, and the person whom the name belongs to */
	char *former;   /* subject of the person it was taken over from; NULL: of nobody */
	char subject_name[COSMO_MAX_NAME_BYTES + 1]; /* "": nobody */
	int64_t now_s;
};

static void decision_done(struct decision *decision)
{
	if (!decision)
		return;
	integration_free(decision->integration);
	record_free(decision->record);
	free(decision->former);
}
COSMO_AUTO_DEFINE(struct decision *, decision_done);

static enum cosmo_err absent_is_ok(enum cosmo_err err)
{
	return err == COSMO_E_NOT_FOUND ? COSMO_OK : err;
}

static enum cosmo_err read_store(struct decision *decision)
{
	struct store *store = decision->exchange->store;
	const struct identity *who = decision->identity;
	enum cosmo_err err = absent_is_ok(integration_load(store, &decision->integration));

	if (err)
		return err;
	err = exchange_find_record(decision->exchange, &decision->record);
	if (err)
		return err;
	decision->is_new = !decision->record;
	decision->is_holder =
		decision->record && rebind_is_holder(decision->record, who->issuer, who->sub);
	return absent_is_ok(
		records_find_subject(store, who->issuer, who->sub, decision->subject_name));
}

/* Where only listed names enrol: it may have been taken off the list while the code was shown. */
static enum cosmo_err check_listed(struct exchange *exchange)
{
	bool listed = false;
	enum cosmo_err err = COSMO_OK;

	if (exchange->config->enroll != CONFIG_ENROLL_LISTED)
		return COSMO_OK;
	err = records_is_listed(exchange->store, exchange->user, &listed);
	return err || listed ? err : COSMO_E_ENROLL_OFF;
}

/* The record that enrolment will write; ids are looked up here, registered only after everything
 * else is decided. */
static enum cosmo_err prepare_newcomer(struct decision *decision)
{
	struct exchange *exchange = decision->exchange;
	const struct config *config = exchange->config;
	uint32_t uid = decision->identity->uid;
	enum cosmo_err err = check_listed(exchange);

	if (!err)
		err = enrol_check_name(config, &enrol_default_files, exchange->user);
	if (!err && !config->uid_claim)
		err = uid_candidate_pick(store_private_fd(exchange->store), exchange->user,
			config->uid_min, config->uid_max, &uid);
	if (!err)
		err = enrol_check_uid(config, &enrol_default_files, uid);
	if (!err)
		err = enrol_record_new(
			config, exchange->user, uid, decision->now_s, &decision->record);
	if (!err)
		err = enrol_check_home(decision->record->home, uid);
	return err;
}

static enum cosmo_err check_account(struct decision *decision)
{
	if (decision->is_new)
		return prepare_newcomer(decision);
	return enrol_check_known_name(&enrol_default_files, decision->exchange->user);
}

static enum cosmo_err judge_person(struct decision *decision, uint64_t *ret_roles)
{
	struct exchange *exchange = decision->exchange;
	struct policy_case question = {
		.config = exchange->config,
		.service = &exchange->service,
		.user = exchange->user,
		.identity = decision->identity,
		.began = decision->began->began,
		.sign_outs = decision->began->sign_outs,
		.integration = decision->integration,
		.record = decision->record,
		.subject_name = decision->subject_name[0] ? decision->subject_name : NULL,
		.now_s = decision->now_s,
	};

	gate_read(store_gate(exchange->store), &question.gate);
	question.account = check_account(decision);
	return policy_person(&question, ret_roles);
}

/* The first sign-in of the person whom an administrator let take the name over. */
static enum cosmo_err take_over(struct decision *decision)
{
	const struct identity *who = decision->identity;

	decision->former = strdup(decision->record->sub);
	if (!decision->former)
		return COSMO_E_NOMEM;
	return rebind_assign(decision->record, who->issuer, who->sub, decision->now_s);
}

/* Bring the binding in line with who signs in. */
static enum cosmo_err settle_binding(struct decision *decision)
{
	if (!decision->is_new && !decision->is_holder)
		return take_over(decision);
	if (!rebind_is_pending(decision->record, decision->now_s))
		rebind_forget(decision->record);
	return COSMO_OK;
}

static void log_take_over(const struct decision *decision)
{
	const struct audit_line *asked = &decision->exchange->line;
	const struct audit_line line = {
		.event = AUDIT_REBIND_DONE,
		.user = asked->user,
		.user_known = true,
		.service = asked->service,
		.rhost = asked->rhost,
		.tty = asked->tty,
		.has_uid = true,
		.uid = decision->record->uid,
		.ruid = asked->ruid,
		.old_subject = decision->former,
		.subject = decision->identity->sub,
	};

	if (decision->former)
		audit_send(&line);
}

/* @refusal: why nothing is left of the person's roles; COSMO_OK: something is. */
static enum cosmo_err write_record(
	struct decision *decision, uint64_t roles, enum cosmo_err refusal)
{
	struct exchange *exchange = decision->exchange;
	const struct config *config = exchange->config;
	const struct confirmation confirmation = {
		.config = config,
		.identity = decision->identity,
		.integration = decision->began->began,
		.roles = roles,
		.now_s = decision->now_s,
	};
	struct record *record = decision->record;
	uint32_t uid = 0;
	enum cosmo_err err = settle_binding(decision);

	if (!err)
		err = confirmation_apply(&confirmation, record);
	record->reason = refusal;
	if (!err && !refusal)
		err = familiar_note(exchange->store, record, exchange->source.place);
	/* What may keep others' roles from being shown must not keep this one's from going. */
	if (!err && !refusal)
		err = commit_settings(exchange->store, config, -1);
	if (!err && decision->is_new)
		err = uid_register_assign(exchange->store, record->name, config->uid_min,
			config->uid_max, config->uid_claim ? record->uid : 0, &uid);
	if (!err && decision->is_new && uid != record->uid)
		err = COSMO_E_UID;
	if (!err)
		err = commit_user(exchange->store, config, record);
	if (!err)
		log_take_over(decision);
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

static void note_written(struct decision *decision, uint64_t roles)
{
	struct exchange *exchange = decision->exchange;

	exchange->line.user_known = true;
	exchange->line.enrolled = decision->is_new;
	exchange_note_uid(exchange, decision->record->uid);
	exchange_note_roles(exchange, roles);
}

/* The IdP's word about the very person, who would otherwise keep the roles of the last sign-in. */
static bool takes_roles_away(const struct decision *decision, enum cosmo_err err)
{
	return decision->is_holder && (err == COSMO_E_NO_ROLE || err == COSMO_E_CLAIM_MISSING);
}

/* What an administrator needs to bind the name anew, or to find the name that the person has. */
static void note_binding(struct decision *decision, enum cosmo_err err)
{
	struct exchange *exchange = decision->exchange;
	char text[sizeof(exchange->detail)] = "";

	if (err == COSMO_E_OTHER_SUBJECT)
		(void)snprintf(text, sizeof(text),
			"the name is bound to another person; `cosmo-ssoctl user rebind %s` binds it anew",
			exchange->user);
	else if (err == COSMO_E_OTHER_ISSUER)
		(void)snprintf(text, sizeof(text),
			"the name is bound to a person of %s; `cosmo-ssoctl user rebind %s` binds it anew",
			decision->record->issuer, exchange->user);
	else if (err == COSMO_E_SUBJECT_TAKEN)
		(void)snprintf(text, sizeof(text),
			"this person is enrolled as %s; see `cosmo-ssoctl user show %s`",
			decision->subject_name, decision->subject_name);
	else
		return;
	exchange_note_detail(exchange, text);
	exchange_note_subject(exchange, decision->identity->sub);
}

static enum cosmo_err decide_locked(struct decision *decision)
{
	struct exchange *exchange = decision->exchange;
	uint64_t roles = 0;
	enum cosmo_err refusal = COSMO_OK;
	enum cosmo_err err = read_store(decision);

	if (!err)
		err = judge_person(decision, &roles);
	note_binding(decision, err);
	if (takes_roles_away(decision, err)) {
		refusal = err;
		err = COSMO_OK;
	}
	if (!err)
		err = write_record(decision, roles, refusal);
	if (err)
		return err;
	note_written(decision, roles);
	if (refusal)
		return refusal;
	err = policy_service(&exchange->service, roles);
	if (err)
		return err;
	return is_as_frozen(exchange->request, decision->record) ? COSMO_OK : COSMO_E_LOGIN_AGAIN;
}

enum cosmo_err decision_make(
	struct exchange *exchange, const struct admission *began, const struct identity *identity)
{
	struct decision decision = {
		.exchange = exchange,
		.began = began,
		.identity = identity,
		.now_s = fdio_now_s(),
	};
	COSMO_AUTO(decision_done) struct decision *owned = &decision;
	enum cosmo_err err = store_lock(exchange->store, STORE_LOCK_MS);

	if (err)
		return err;
	err = decide_locked(owned);
	store_unlock(exchange->store);
	return err;
}
