/* SPDX-License-Identifier: MIT */
/* roles test: claims in, the rules that matched and what would follow out. */
#include <stdio.h>

#include "common/base/fdio.h"
#include "pam_cosmo_sso/helper/admin.h"
#include "pam_cosmo_sso/helper/enrol.h"
#include "pam_cosmo_sso/helper/judge_client.h"
#include "pam_cosmo_sso/helper/policy.h"

#define RULES_TIMEOUT_MS 30000

static enum cosmo_err forward_match(struct admin *admin, const struct message *match)
{
	struct message *item = NULL;
	enum cosmo_err err = COSMO_OK;

	if (message_has(match, FIELD_ERR)) {
		snprintf(admin->detail, sizeof(admin->detail), "rule \"%s\": %s",
			message_str(match, FIELD_RULE) ? message_str(match, FIELD_RULE) : "?",
			message_str(match, FIELD_DETAIL) ? message_str(match, FIELD_DETAIL)
							 : "not valid");
		return COSMO_OK;
	}
	if (!message_str(match, FIELD_RULE) || !message_str(match, FIELD_CLAIM_VALUE))
		return COSMO_OK;
	err = message_new(MESSAGE_ROLES_ITEM, &item);
	if (err)
		return err;
	message_put_str(item, FIELD_RULE, message_str(match, FIELD_RULE));
	message_put_str(item, FIELD_CLAIM_VALUE, message_str(match, FIELD_CLAIM_VALUE));
	return admin_send(admin, item);
}

void admin_put_roles(struct message *item, const struct config *config, uint64_t roles)
{
	message_put_str(item, FIELD_GROUP, USERS_DB_USERS_GROUP);
	for (size_t i = 0; i < config->role_count; i++) {
		const struct config_role *role = &config->roles[i];

		if (!(roles >> i & 1))
			continue;
		message_put_str(item, FIELD_ROLE, role->name);
		message_put_str(item, FIELD_GROUP, role->group);
		for (size_t k = 0; k < role->local_groups.count; k++)
			message_put_str(item, FIELD_GROUP, role->local_groups.items[k]);
	}
}

static enum cosmo_err roles_of(
	const struct config *config, const struct message *done, uint64_t *ret_roles)
{
	struct identity who = {.role_count = message_count(done, FIELD_ROLE)};
	uint64_t claim = message_u64(done, FIELD_CLAIM_STATE, CLAIM_MISSING);

	if (who.role_count > IDENTITY_MAX_ROLES || claim > CLAIM_MISSING)
		return COSMO_E_PROTOCOL;
	who.claim = (enum claim_state)claim;
	for (size_t i = 0; i < who.role_count; i++)
		who.roles[i] = message_str_nth(done, FIELD_ROLE, i);
	return policy_roles(config, &who, ret_roles);
}

/* What a sign-in with these claims would come to, but for the person's own record. */
static enum cosmo_err conclude(
	struct admin *admin, const struct config *config, const struct message *done)
{
	struct message *item = NULL;
	const char *name = message_str(done, FIELD_USERNAME);
	uint64_t roles = 0;
	enum cosmo_err outcome = roles_of(config, done, &roles);
	enum cosmo_err err = message_new(MESSAGE_ROLES_ITEM, &item);

	if (err)
		return err;
	if (!name)
		outcome = COSMO_E_NAME_MISSING;
	else if (!outcome)
		outcome = enrol_check_name(config, &enrol_default_files, name);
	message_put_str(item, FIELD_USERNAME, name);
	message_put_str(item, FIELD_SUB, message_str(done, FIELD_SUB));
	message_put_u64(
		item, FIELD_CLAIM_STATE, message_u64(done, FIELD_CLAIM_STATE, CLAIM_MISSING));
	message_put_str(item, FIELD_DETAIL, message_str(done, FIELD_DETAIL));
	if (!outcome)
		admin_put_roles(item, config, roles);
	err = admin_send(admin, item);
	return err ? err : outcome;
}

static enum cosmo_err ask_judge(
	struct admin *admin, const struct config *config, struct judge *judge)
{
	for (;;) {
		COSMO_AUTO(message_free) struct message *answer = NULL;
		enum cosmo_err err = judge_next(judge, fdio_boot_ms() + RULES_TIMEOUT_MS, &answer);

		if (err) {
			if (judge_detail(judge) && !admin->detail[0])
				snprintf(admin->detail, sizeof(admin->detail), "%s",
					judge_detail(judge));
			return err;
		}
		if (message_type(answer) == MESSAGE_JUDGE_DONE)
			return conclude(admin, config, answer);
		if (message_type(answer) != MESSAGE_JUDGE_MATCH)
			return COSMO_E_PROTOCOL;
		err = forward_match(admin, answer);
		if (err)
			return err;
	}
}

enum cosmo_err admin_roles_test(struct admin *admin)
{
	COSMO_AUTO(config_free) struct config *config = NULL;
	COSMO_AUTO(judge_free) struct judge *judge = NULL;
	COSMO_AUTO(message_free) struct message *question = NULL;
	size_t len = 0;
	const void *claims = message_bytes(admin->request, FIELD_CLAIMS, &len);
	enum cosmo_err err = admin_load_config(admin, &config);

	if (!err && config->rule_count == 0)
		err = COSMO_E_RULES_EMPTY;
	if (!err)
		err = message_new(MESSAGE_JUDGE_RULES, &question);
	if (err)
		return err;
	judge_put_claims(question, config);
	message_put_bytes(question, FIELD_CLAIMS, claims, len);
	err = judge_start(config, &judge);
	if (!err)
		err = judge_ask(judge, question);
	return err ? err : ask_judge(admin, config, judge);
}
