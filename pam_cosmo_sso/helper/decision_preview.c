/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/helper/decision_preview.h"

#include "common/base/fdio.h"
#include "pam_cosmo_sso/helper/decision_case.h"
#include "pam_cosmo_sso/helper/enrol.h"
#include "pam_cosmo_sso/helper/policy.h"

/* A name of the local files is nobody's here, whatever the IdP says. What cannot be read is no name
 * of theirs: the decision fails for that anyway. */
static bool is_local_user(const char *name)
{
	return enrol_check_known_name(&enrol_default_files, name) == COSMO_E_NAME_RESERVED;
}

/* @err: of decision_case_settle(). */
static enum subject_state subject_of(const struct decision_case *decided, enum cosmo_err err)
{
	if (is_local_user(decided->exchange->user))
		return SUBJECT_LOCAL_USER;
	if (name_entry_is_left_alone(&decided->exchange->shown, decision_case_stored(decided)))
		return SUBJECT_OTHER_SOURCE;
	if (err == COSMO_E_OTHER_SUBJECT)
		return SUBJECT_OTHER_PERSON;
	if (err == COSMO_E_OTHER_ISSUER)
		return SUBJECT_OTHER_ISSUER;
	if (err == COSMO_E_SUBJECT_TAKEN)
		return SUBJECT_OTHER_NAME;
	if (decided->is_new || !decided->record)
		return SUBJECT_NEW;
	return decided->is_holder ? SUBJECT_KNOWN : SUBJECT_TAKES_OVER;
}

static void tell_subject(
	const struct decision_case *decided, enum cosmo_err err, struct decision_preview *ret)
{
	const struct record *record = decided->record;

	ret->subject = subject_of(decided, err);
	ret->has_uid = record && record->uid != 0 &&
		       (ret->subject == SUBJECT_NEW || ret->subject == SUBJECT_KNOWN ||
			       ret->subject == SUBJECT_TAKES_OVER);
	ret->uid = ret->has_uid ? record->uid : 0;
}

static enum cosmo_err preview_locked(struct decision_case *decided, struct decision_preview *ret)
{
	struct exchange *exchange = decided->exchange;
	struct decision_outcome outcome = {.refusal = COSMO_OK};
	enum cosmo_err err = decision_case_settle(decided, &outcome);

	tell_subject(decided, err, ret);
	ret->account = err;
	if (!err)
		err = decision_case_draft(decided, &outcome);
	if (err)
		return err;
	ret->roles = outcome.refusal ? 0 : outcome.roles;
	ret->account = policy_account(exchange->config, &exchange->service, decided->record,
		&decided->gate, decided->now_s);
	return decision_case_check_service(decided, &outcome);
}

enum cosmo_err decision_preview(struct exchange *exchange, const struct admission *began,
	const struct identity *identity, bool as_if_connected, struct decision_preview *ret)
{
	struct decision_case decided = {
		.exchange = exchange,
		.began = began,
		.identity = identity,
		.as_if_connected = as_if_connected,
		.now_s = fdio_now_s(),
	};
	COSMO_AUTO(decision_case_done) struct decision_case *owned = &decided;
	enum cosmo_err err = store_lock(exchange->store, STORE_LOCK_MS);

	*ret = (struct decision_preview){.subject = SUBJECT_NEW, .account = err};
	if (err)
		return err;
	err = preview_locked(owned, ret);
	store_unlock(exchange->store);
	return err;
}
