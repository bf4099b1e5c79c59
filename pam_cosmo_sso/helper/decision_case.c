/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/helper/decision_case.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/uid_candidate.h"
#include "pam_cosmo_sso/helper/confirmation.h"
#include "pam_cosmo_sso/helper/enrol.h"
#include "pam_cosmo_sso/helper/policy.h"
#include "pam_cosmo_sso/helper/rebind.h"

void decision_case_done(struct decision_case *decided)
{
	if (!decided)
		return;
	integration_free(decided->integration);
	record_free(decided->record);
	free(decided->former);
}

static enum cosmo_err absent_is_ok(enum cosmo_err err)
{
	return err == COSMO_E_NOT_FOUND ? COSMO_OK : err;
}

/* The integration there will be after `connect`. */
static enum cosmo_err assume_connected(struct decision_case *decided)
{
	struct integration *assumed = calloc(1, sizeof(*assumed));

	if (!assumed)
		return COSMO_E_NOMEM;
	decided->integration = assumed;
	assumed->connected = true;
	assumed->issuer = strdup(decided->exchange->config->issuer);
	memcpy(assumed->id, decided->began->began, INTEGRATION_BYTES);
	decided->gate.state = GATE_OPEN;
	memcpy(decided->gate.integration, decided->began->began, INTEGRATION_BYTES);
	return assumed->issuer ? COSMO_OK : COSMO_E_NOMEM;
}

static enum cosmo_err read_integration(struct decision_case *decided)
{
	struct store *store = decided->exchange->store;

	if (decided->as_if_connected)
		return assume_connected(decided);
	gate_read(store_gate(store), &decided->gate);
	return absent_is_ok(integration_load(store, &decided->integration));
}

static enum cosmo_err read_store(struct decision_case *decided)
{
	struct store *store = decided->exchange->store;
	const struct identity *who = decided->identity;
	enum cosmo_err err = read_integration(decided);

	if (err)
		return err;
	err = exchange_find_record(decided->exchange, &decided->record);
	if (err)
		return err;
	decided->is_new = !decided->record;
	decided->is_holder =
		decided->record && rebind_is_holder(decided->record, who->issuer, who->sub);
	return absent_is_ok(
		records_find_subject(store, who->issuer, who->sub, decided->subject_name));
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
static enum cosmo_err choose_uid(const struct decision_case *decided, uint32_t *ret_uid)
{
	const struct exchange *exchange = decided->exchange;
	const struct config *config = exchange->config;
	uint32_t uid = decided->identity->uid;
	enum cosmo_err err = COSMO_OK;

	if (!config->uid_claim)
		err = uid_candidate_pick(store_private_fd(exchange->store), exchange->user,
			config->uid_min, config->uid_max, &uid);
	if (err == COSMO_E_STORE_MISSING && decided->as_if_connected) {
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
static enum cosmo_err prepare_newcomer(struct decision_case *decided)
{
	struct exchange *exchange = decided->exchange;
	const struct config *config = exchange->config;
	uint32_t uid = 0;
	enum cosmo_err err = check_listed(exchange);

	if (!err)
		err = enrol_check_name(config, &enrol_default_files, exchange->user);
	if (!err)
		err = choose_uid(decided, &uid);
	if (!err)
		err = enrol_record_new(
			config, exchange->user, uid, decided->now_s, &decided->record);
	if (!err && uid != 0)
		err = enrol_check_home(decided->record->home, uid);
	return err;
}

/* A newcomer's is written only later. */
const struct record *decision_case_stored(const struct decision_case *decided)
{
	return decided->is_new ? NULL : decided->record;
}

/* Is the name another source's? */
static enum cosmo_err check_shown(const struct decision_case *decided)
{
	struct exchange *exchange = decided->exchange;
	enum cosmo_err err = name_entry_check(&exchange->shown, decision_case_stored(decided));

	if (err == COSMO_E_NAME_RESERVED)
		exchange_note_detail(exchange,
			"another source of names has an account of this name; see `getent passwd`");
	else if (err)
		exchange_note_detail(exchange,
			"this host's name services do not say whether another source of names has an account of this name");
	return err;
}

static enum cosmo_err check_account(struct decision_case *decided)
{
	enum cosmo_err err = decided->is_new ? prepare_newcomer(decided)
					     : enrol_check_known_name(&enrol_default_files,
						       decided->exchange->user);

	return err ? err : check_shown(decided);
}

static enum cosmo_err judge_person(struct decision_case *decided, uint64_t *ret_roles)
{
	struct exchange *exchange = decided->exchange;
	struct policy_case question = {
		.config = exchange->config,
		.service = &exchange->service,
		.user = exchange->user,
		.identity = decided->identity,
		.began = decided->began->began,
		.sign_outs = decided->began->sign_outs,
		.integration = decided->integration,
		.record = decided->record,
		.subject_name = decided->subject_name[0] ? decided->subject_name : NULL,
		.gate = decided->gate,
		.now_s = decided->now_s,
	};

	question.account = check_account(decided);
	return policy_person(&question, ret_roles);
}

/* The first sign-in of the person whom an administrator let take the name over. */
static enum cosmo_err take_over(struct decision_case *decided)
{
	const struct identity *who = decided->identity;

	decided->former = strdup(decided->record->sub);
	if (!decided->former)
		return COSMO_E_NOMEM;
	return rebind_assign(decided->record, who->issuer, who->sub, decided->now_s);
}

/* Bring the binding in line with who signs in. */
static enum cosmo_err settle_binding(struct decision_case *decided)
{
	if (!decided->is_new && !decided->is_holder)
		return take_over(decided);
	if (!rebind_is_pending(decided->record, decided->now_s))
		rebind_forget(decided->record);
	return COSMO_OK;
}

/* The record as it will be, in memory. */
enum cosmo_err decision_case_draft(
	struct decision_case *decided, const struct decision_outcome *outcome)
{
	const struct confirmation confirmation = {
		.config = decided->exchange->config,
		.identity = decided->identity,
		.integration = decided->began->began,
		.roles = outcome->roles,
		.now_s = decided->now_s,
	};
	enum cosmo_err err = settle_binding(decided);

	if (!err)
		err = confirmation_apply(&confirmation, decided->record);
	decided->record->reason = outcome->refusal;
	return err;
}

/* The IdP's word about the very person, who would otherwise keep the roles of the last sign-in. */
static bool takes_roles_away(const struct decision_case *decided, enum cosmo_err err)
{
	return decided->is_holder && (err == COSMO_E_NO_ROLE || err == COSMO_E_CLAIM_MISSING);
}

/* What an administrator needs to bind the name anew, or to find the name that the person has. */
static void note_binding(struct decision_case *decided, enum cosmo_err err)
{
	struct exchange *exchange = decided->exchange;
	char text[sizeof(exchange->detail)] = "";

	if (err == COSMO_E_OTHER_SUBJECT)
		(void)snprintf(text, sizeof(text),
			"the name is bound to another person; `cosmo-ssoctl user rebind %s` binds it anew",
			exchange->user);
	else if (err == COSMO_E_OTHER_ISSUER)
		(void)snprintf(text, sizeof(text),
			"the name is bound to a person of %s; `cosmo-ssoctl user rebind %s` binds it anew",
			decided->record->issuer, exchange->user);
	else if (err == COSMO_E_SUBJECT_TAKEN)
		(void)snprintf(text, sizeof(text),
			"this person is enrolled as %s; see `cosmo-ssoctl user show %s`",
			decided->subject_name, decided->subject_name);
	else
		return;
	exchange_note_detail(exchange, text);
	exchange_note_subject(exchange, decided->identity->sub);
}

/* COSMO_OK: a record is to be written. */
enum cosmo_err decision_case_settle(struct decision_case *decided, struct decision_outcome *ret)
{
	enum cosmo_err err = read_store(decided);

	if (!err)
		err = judge_person(decided, &ret->roles);
	note_binding(decided, err);
	if (!takes_roles_away(decided, err))
		return err;
	ret->refusal = err;
	return COSMO_OK;
}

/* Once the record is as it is to be. */
enum cosmo_err decision_case_check_service(
	const struct decision_case *decided, const struct decision_outcome *outcome)
{
	if (outcome->refusal)
		return outcome->refusal;
	return policy_service(&decided->exchange->service, outcome->roles);
}
