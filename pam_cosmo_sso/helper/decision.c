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
	bool is_holder;       /* not new, and the person whom the name belongs to */
	bool as_if_connected; /* nothing is going to be written */
	struct gate_view gate;
	char *former; /* subject of the person it was taken over from; NULL: of nobody */
	char subject_name[COSMO_MAX_NAME_BYTES + 1]; /* "": nobody */
	int64_t now_s;
};

/* What is to be written, once that is decided. */
struct outcome {
	uint64_t roles;
	enum cosmo_err refusal; /* why nothing is left of the person's roles; COSMO_OK: something is
				 */
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

/* The integration there will be after `connect`. */
static enum cosmo_err assume_connected(struct decision *decision)
{
	struct integration *assumed = calloc(1, sizeof(*assumed));

	if (!assumed)
		return COSMO_E_NOMEM;
	decision->integration = assumed;
	assumed->connected = true;
	assumed->issuer = strdup(decision->exchange->config->issuer);
	memcpy(assumed->id, decision->began->began, INTEGRATION_BYTES);
	decision->gate.state = GATE_OPEN;
	memcpy(decision->gate.integration, decision->began->began, INTEGRATION_BYTES);
	return assumed->issuer ? COSMO_OK : COSMO_E_NOMEM;
}

static enum cosmo_err read_integration(struct decision *decision)
{
	struct store *store = decision->exchange->store;

	if (decision->as_if_connected)
		return assume_connected(decision);
	gate_read(store_gate(store), &decision->gate);
	return absent_is_ok(integration_load(store, &decision->integration));
}

static enum cosmo_err read_store(struct decision *decision)
{
	struct store *store = decision->exchange->store;
	const struct identity *who = decision->identity;
	enum cosmo_err err = read_integration(decision);

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

/* *ret_uid 0: it cannot be told before this host is connected for the first time, and has a seed.
 */
static enum cosmo_err choose_uid(const struct decision *decision, uint32_t *ret_uid)
{
	const struct exchange *exchange = decision->exchange;
	const struct config *config = exchange->config;
	uint32_t uid = decision->identity->uid;
	enum cosmo_err err = COSMO_OK;

	if (!config->uid_claim)
		err = uid_candidate_pick(store_private_fd(exchange->store), exchange->user,
			config->uid_min, config->uid_max, &uid);
	if (err == COSMO_E_STORE_MISSING && decision->as_if_connected) {
		*ret_uid = 0;
		return COSMO_OK;
	}
	if (!err)
		err = enrol_check_uid(config, &enrol_default_files, uid);
	if (!err)
		*ret_uid = uid;
	return err;
}

/* The record that enrolment will write; ids are looked up here, registered only after everything
 * else is decided. */
static enum cosmo_err prepare_newcomer(struct decision *decision)
{
	struct exchange *exchange = decision->exchange;
	const struct config *config = exchange->config;
	uint32_t uid = 0;
	enum cosmo_err err = check_listed(exchange);

	if (!err)
		err = enrol_check_name(config, &enrol_default_files, exchange->user);
	if (!err)
		err = choose_uid(decision, &uid);
	if (!err)
		err = enrol_record_new(
			config, exchange->user, uid, decision->now_s, &decision->record);
	if (!err && uid != 0)
		err = enrol_check_home(decision->record->home, uid);
	return err;
}

/* A newcomer's is written only later. */
static const struct record *stored_record(const struct decision *decision)
{
	return decision->is_new ? NULL : decision->record;
}

/* Is the name another source's? */
static enum cosmo_err check_shown(const struct decision *decision)
{
	struct exchange *exchange = decision->exchange;
	enum cosmo_err err = name_entry_check(&exchange->shown, stored_record(decision));

	if (err == COSMO_E_NAME_RESERVED)
		exchange_note_detail(exchange,
			"another source of names has an account of this name; see `getent passwd`");
	else if (err)
		exchange_note_detail(exchange,
			"this host's name services do not say whether another source of names has an account of this name");
	return err;
}

static enum cosmo_err check_account(struct decision *decision)
{
	enum cosmo_err err = decision->is_new ? prepare_newcomer(decision)
					      : enrol_check_known_name(&enrol_default_files,
							decision->exchange->user);

	return err ? err : check_shown(decision);
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
		.gate = decision->gate,
		.now_s = decision->now_s,
	};

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

/* The record as it will be, in memory. */
static enum cosmo_err draft_record(struct decision *decision, const struct outcome *outcome)
{
	const struct confirmation confirmation = {
		.config = decision->exchange->config,
		.identity = decision->identity,
		.integration = decision->began->began,
		.roles = outcome->roles,
		.now_s = decision->now_s,
	};
	enum cosmo_err err = settle_binding(decision);

	if (!err)
		err = confirmation_apply(&confirmation, decision->record);
	decision->record->reason = outcome->refusal;
	return err;
}

static enum cosmo_err write_record(struct decision *decision, const struct outcome *outcome)
{
	struct exchange *exchange = decision->exchange;
	const struct config *config = exchange->config;
	struct record *record = decision->record;
	enum cosmo_err refusal = outcome->refusal;
	uint32_t uid = 0;
	enum cosmo_err err = draft_record(decision, outcome);

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

/* COSMO_OK: a record is to be written. */
static enum cosmo_err settle_outcome(struct decision *decision, struct outcome *ret)
{
	enum cosmo_err err = read_store(decision);

	if (!err)
		err = judge_person(decision, &ret->roles);
	note_binding(decision, err);
	if (!takes_roles_away(decision, err))
		return err;
	ret->refusal = err;
	return COSMO_OK;
}

/* Once the record is as it is to be. */
static enum cosmo_err check_service(const struct decision *decision, const struct outcome *outcome)
{
	if (outcome->refusal)
		return outcome->refusal;
	return policy_service(&decision->exchange->service, outcome->roles);
}

static enum cosmo_err decide_locked(struct decision *decision)
{
	struct exchange *exchange = decision->exchange;
	struct outcome outcome = {.refusal = COSMO_OK};
	enum cosmo_err err = settle_outcome(decision, &outcome);

	if (!err)
		err = write_record(decision, &outcome);
	if (err)
		return err;
	note_written(decision, outcome.roles);
	err = check_service(decision, &outcome);
	if (err)
		return err;
	return is_as_frozen(exchange->request, decision->record) ? COSMO_OK : COSMO_E_LOGIN_AGAIN;
}

/* A name of the local files is nobody's here, whatever the IdP says. What cannot be read is no name
 * of theirs: the decision fails for that anyway. */
static bool is_local_user(const char *name)
{
	return enrol_check_known_name(&enrol_default_files, name) == COSMO_E_NAME_RESERVED;
}

/* @err: of settle_outcome(). */
static enum subject_state subject_of(const struct decision *decision, enum cosmo_err err)
{
	if (is_local_user(decision->exchange->user))
		return SUBJECT_LOCAL_USER;
	if (name_entry_is_left_alone(&decision->exchange->shown, stored_record(decision)))
		return SUBJECT_OTHER_SOURCE;
	if (err == COSMO_E_OTHER_SUBJECT)
		return SUBJECT_OTHER_PERSON;
	if (err == COSMO_E_OTHER_ISSUER)
		return SUBJECT_OTHER_ISSUER;
	if (err == COSMO_E_SUBJECT_TAKEN)
		return SUBJECT_OTHER_NAME;
	if (decision->is_new || !decision->record)
		return SUBJECT_NEW;
	return decision->is_holder ? SUBJECT_KNOWN : SUBJECT_TAKES_OVER;
}

static void tell_subject(
	const struct decision *decision, enum cosmo_err err, struct decision_preview *ret)
{
	const struct record *record = decision->record;

	ret->subject = subject_of(decision, err);
	ret->has_uid = record && record->uid != 0 &&
		       (ret->subject == SUBJECT_NEW || ret->subject == SUBJECT_KNOWN ||
			       ret->subject == SUBJECT_TAKES_OVER);
	ret->uid = ret->has_uid ? record->uid : 0;
}

static enum cosmo_err preview_locked(struct decision *decision, struct decision_preview *ret)
{
	struct exchange *exchange = decision->exchange;
	struct outcome outcome = {.refusal = COSMO_OK};
	enum cosmo_err err = settle_outcome(decision, &outcome);

	tell_subject(decision, err, ret);
	ret->account = err;
	if (!err)
		err = draft_record(decision, &outcome);
	if (err)
		return err;
	ret->roles = outcome.refusal ? 0 : outcome.roles;
	ret->account = policy_account(exchange->config, &exchange->service, decision->record,
		&decision->gate, decision->now_s);
	return check_service(decision, &outcome);
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

enum cosmo_err decision_preview(struct exchange *exchange, const struct admission *began,
	const struct identity *identity, bool as_if_connected, struct decision_preview *ret)
{
	struct decision decision = {
		.exchange = exchange,
		.began = began,
		.identity = identity,
		.as_if_connected = as_if_connected,
		.now_s = fdio_now_s(),
	};
	COSMO_AUTO(decision_done) struct decision *owned = &decision;
	enum cosmo_err err = store_lock(exchange->store, STORE_LOCK_MS);

	*ret = (struct decision_preview){.subject = SUBJECT_NEW, .account = err};
	if (err)
		return err;
	err = preview_locked(owned, ret);
	store_unlock(exchange->store);
	return err;
}
