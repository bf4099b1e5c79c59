/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/helper/policy.h"

#include <string.h>

#include "pam_cosmo_sso/helper/rebind.h"

static enum cosmo_err check_integration(const struct policy_case *question)
{
	if (question->gate.state != GATE_OPEN || !question->integration ||
		!question->integration->connected)
		return COSMO_E_DISCONNECTED;
	if (memcmp(question->gate.integration, question->began, INTEGRATION_BYTES) != 0 ||
		memcmp(question->integration->id, question->began, INTEGRATION_BYTES) != 0)
		return COSMO_E_INTEGRATION_CHANGED;
	return COSMO_OK;
}

static enum cosmo_err check_person(const struct policy_case *question)
{
	const struct identity *who = question->identity;
	const struct record *record = question->record;

	if (!streq(who->issuer, question->config->issuer) ||
		!streq(who->issuer, question->integration->issuer))
		return COSMO_E_TOKEN_ISS;
	if (!streq(who->username, question->user))
		return COSMO_E_OTHER_USER;
	if (record && !rebind_is_holder(record, who->issuer, who->sub) &&
		!rebind_is_open(record, who->issuer, question->now_s))
		return streq(record->issuer, who->issuer) ? COSMO_E_OTHER_SUBJECT
							  : COSMO_E_OTHER_ISSUER;
	if (question->subject_name && !streq(question->subject_name, question->user))
		return COSMO_E_SUBJECT_TAKEN;
	return COSMO_OK;
}

static enum cosmo_err check_account(const struct policy_case *question)
{
	const struct record *record = question->record;

	if (record && (record->flags & USERS_DB_REMOVED))
		return COSMO_E_REMOVED;
	if (record && (record->flags & USERS_DB_LOCKED))
		return COSMO_E_LOCKED;
	if (record && record->sign_outs != question->sign_outs)
		return COSMO_E_SIGNED_OUT;
	return question->account;
}

static bool has_amr(const struct identity *who, const char *wanted)
{
	for (size_t i = 0; i < who->amr_count; i++)
		if (streq(who->amr[i], wanted))
			return true;
	return false;
}

/* auth_time is the IdP's clock: as far off as tokens may be, no further. */
static bool is_recent(const struct identity *who, int64_t max_age_s, int64_t skew_s, int64_t now_s)
{
	int64_t age_s = now_s - who->auth_time_s;

	return who->auth_time_s > 0 && age_s >= -skew_s && age_s <= max_age_s + skew_s;
}

enum cosmo_err policy_demands(const struct config_service *service, int64_t skew_s,
	const struct identity *who, int64_t now_s)
{
	if (service->acr && !streq(service->acr, who->acr))
		return COSMO_E_STEP_UP;
	for (size_t i = 0; i < service->amr.count; i++)
		if (!has_amr(who, service->amr.items[i]))
			return COSMO_E_STEP_UP;
	if (service->max_age_s > 0 && !is_recent(who, service->max_age_s, skew_s, now_s))
		return COSMO_E_STEP_UP;
	return COSMO_OK;
}

enum cosmo_err policy_roles(
	const struct config *config, const struct identity *who, uint64_t *ret_roles)
{
	uint64_t roles = 0;

	if (who->claim == CLAIM_MISSING && !config->no_claim_viewer)
		return COSMO_E_CLAIM_MISSING;
	if (who->claim == CLAIM_MISSING) {
		*ret_roles = ROLE_VIEWER_BIT;
		return COSMO_OK;
	}
	for (size_t i = 0; i < who->role_count; i++) {
		int index = config_role_index(config, who->roles[i]);

		if (index < 0)
			return COSMO_E_RULE_ROLE;
		roles |= 1ULL << index;
	}
	if (roles == 0 && config->no_match_deny)
		return COSMO_E_NO_ROLE;
	*ret_roles = roles ? roles : ROLE_VIEWER_BIT;
	return COSMO_OK;
}

enum cosmo_err policy_person(const struct policy_case *question, uint64_t *ret_roles)
{
	enum cosmo_err err = check_integration(question);

	if (err)
		return err;
	err = check_person(question);
	if (err)
		return err;
	err = check_account(question);
	if (err)
		return err;
	err = policy_demands(
		question->service, question->config->skew_s, question->identity, question->now_s);
	if (err)
		return err;
	return policy_roles(question->config, question->identity, ret_roles);
}

enum cosmo_err policy_service(const struct config_service *service, uint64_t roles)
{
	switch (service->access) {
	case CONFIG_ACCESS_ROLES:
		return (roles & service->access_roles) ? COSMO_OK : COSMO_E_SERVICE;
	case CONFIG_ACCESS_ANY:
		return roles ? COSMO_OK : COSMO_E_SERVICE;
	case CONFIG_ACCESS_DENY:
		return COSMO_E_SERVICE;
	}
	return COSMO_E_SERVICE;
}

uint64_t policy_record_roles(const struct config *config, const struct record *record)
{
	uint64_t roles = 0;

	for (uint32_t i = 0; i < record->role_count; i++) {
		int index = config_role_index(config, record->roles[i]);

		if (index >= 0)
			roles |= 1ULL << index;
	}
	return roles;
}

/* What of a record decides about its effective roles. */
static struct users_db_user shown_user(const struct config *config, const struct record *record)
{
	struct users_db_user user = {
		.uid = record->uid,
		.gid = record->gid,
		.flags = record->flags,
		.reason = (uint32_t)record->reason,
		.roles = policy_record_roles(config, record),
		.confirmed_s = record->confirmed_s,
		.signed_in_s = record->signed_in_s,
	};

	memcpy(user.integration, record->integration, INTEGRATION_BYTES);
	return user;
}

struct effective_roles policy_effective(const struct config *config, const struct record *record,
	const struct gate_view *gate, int64_t now_s)
{
	const struct users_db_user user = shown_user(config, record);

	return effective_roles(&user, gate, config->role_lease_s, now_s);
}

/* Reasons that are about this host, about time, or about a sign-in that was ended; not about what
 * the person may be. */
static bool may_still_view(enum cosmo_err reason)
{
	return reason == COSMO_E_DISCONNECTED || reason == COSMO_E_INTEGRATION_CHANGED ||
	       reason == COSMO_E_LEASE_OVER || reason == COSMO_E_SIGNED_OUT;
}

enum cosmo_err policy_account(const struct config *config, const struct config_service *service,
	const struct record *record, const struct gate_view *gate, int64_t now_s)
{
	struct effective_roles effective = {0};

	if (!record)
		return COSMO_E_NOT_ENROLLED;
	if (record->flags & USERS_DB_REMOVED)
		return COSMO_E_REMOVED;
	if (record->flags & USERS_DB_LOCKED)
		return COSMO_E_LOCKED;
	if (record->reason && !may_still_view(record->reason))
		return record->reason;
	effective = policy_effective(config, record, gate, now_s);
	if (!effective.demoted)
		return policy_service(service, effective.roles);
	if (!may_still_view(effective.reason))
		return effective.reason ? effective.reason : COSMO_E_INTERNAL;
	/* An administrator who wrote "any" meant confirmed roles; only the word viewer means this.
	 */
	if (service->access == CONFIG_ACCESS_ROLES && service->names_viewer)
		return COSMO_OK;
	return effective.reason;
}
