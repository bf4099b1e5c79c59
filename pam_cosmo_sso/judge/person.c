/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/judge/person.h"

#include "pam_cosmo_sso/judge/role_hint.h"

enum cosmo_err person_read_rules(
	const struct message *request, struct reason *why, struct role_rules **ret)
{
	COSMO_AUTO(role_rules_free) struct role_rules *rules = NULL;
	enum cosmo_err err = role_rules_new(&rules);

	for (size_t i = 0; i < message_count(request, FIELD_RULE) && !err; i++)
		err = role_rules_add(rules, message_str_nth(request, FIELD_RULE, i), why);
	if (!err)
		*ret = COSMO_STEAL(&rules);
	return err;
}

bool person_lacks_roles(const struct message *request, struct json_object *id_token)
{
	const struct claim_sources sources = {.id_token = id_token};

	return !claims_find(&sources, message_str(request, FIELD_ROLES_CLAIM));
}

bool person_needs_userinfo(const struct message *request, struct json_object *id_token)
{
	static const enum message_field claims[] = {
		FIELD_USERNAME_CLAIM, FIELD_ROLES_CLAIM, FIELD_UID_CLAIM};
	const struct claim_sources sources = {.id_token = id_token};

	for (size_t i = 0; i < COSMO_ARRAY_LEN(claims); i++) {
		const char *name = message_str(request, claims[i]);

		if (name && !claims_find(&sources, name))
			return true;
	}
	return false;
}

static enum cosmo_err put_username(const struct message *request,
	const struct claim_sources *sources, struct reason *why, struct message *answer)
{
	struct username_policy policy = {
		.claim = message_str(request, FIELD_USERNAME_CLAIM),
		.keep_domains = message_u64(request, FIELD_KEEP_DOMAINS, 0) == 1,
	};
	char name[COSMO_MAX_NAME_BYTES + 1] = "";
	enum cosmo_err err = COSMO_OK;

	policy.strip_domain_count = message_count(request, FIELD_STRIP_DOMAIN);
	if (policy.strip_domain_count > CLAIMS_MAX_DOMAINS)
		return reason_give(why, COSMO_E_INVALID, "too many domains to strip");
	for (size_t i = 0; i < policy.strip_domain_count; i++)
		policy.strip_domains[i] = message_str_nth(request, FIELD_STRIP_DOMAIN, i);
	err = claims_username(sources, &policy, why, name);
	if (!err)
		message_put_str(answer, FIELD_USERNAME, name);
	return err;
}

static void put_hint(const struct role_hint *hint, struct message *answer)
{
	struct reason text = {.text = ""};

	role_hint_give(hint, &text);
	message_put_str(answer, FIELD_DETAIL, text.text);
}

static enum cosmo_err strip_values(
	const struct person_rules *rules, struct claim_values *values, const char *prefix)
{
	size_t count = values->count;

	claim_values_strip(values, prefix);
	if (!rules->on_values)
		return COSMO_OK;
	return rules->on_values(values, count - values->count, rules->context);
}

static enum cosmo_err put_roles(const struct message *request, const struct claim_sources *sources,
	const struct person_rules *rules, struct reason *why, struct message *answer)
{
	COSMO_AUTO(claim_values_free) struct claim_values *values = NULL;
	struct role_hint hint = {.sources = sources,
		.claim = message_str(request, FIELD_ROLES_CLAIM),
		.prefix = message_str(request, FIELD_VALUE_STRIP_PREFIX)};
	struct role_set set = {.count = 0};
	enum cosmo_err err = claims_values(sources, hint.claim, why, &hint.state, &values);

	if (!err)
		err = strip_values(rules, values, hint.prefix);
	if (!err)
		err = role_rules_apply(
			rules->rules, values, rules->on_match, rules->context, why, &set);
	if (err)
		return err;
	hint.values = values;
	message_put_u64(answer, FIELD_CLAIM_STATE, (uint64_t)hint.state);
	for (size_t i = 0; i < set.count; i++)
		message_put_str(answer, FIELD_ROLE, set.names[i]);
	if (set.count == 0)
		put_hint(&hint, answer);
	return COSMO_OK;
}

static enum cosmo_err put_rest(const struct message *request, const struct claim_sources *sources,
	const struct person_rules *rules, struct reason *why, struct message *answer)
{
	char subject[CLAIMS_MAX_SUBJECT_BYTES + 1] = "";
	enum cosmo_err err = claims_subject(
		sources->id_token, message_str(request, FIELD_SUBJECT_CLAIM), why, subject);

	if (err)
		return err;
	message_put_str(answer, FIELD_SUB, subject);
	return put_roles(request, sources, rules, why, answer);
}

enum cosmo_err person_put(const struct message *request, const struct claim_sources *sources,
	const struct person_rules *rules, struct reason *why, struct message *answer)
{
	enum cosmo_err err = put_username(request, sources, why, answer);

	return err ? err : put_rest(request, sources, rules, why, answer);
}

enum cosmo_err person_put_again(const struct message *request, const struct claim_sources *sources,
	const struct person_rules *rules, struct reason *why, struct message *answer)
{
	if (claims_find(sources, message_str(request, FIELD_USERNAME_CLAIM)))
		return person_put(request, sources, rules, why, answer);
	message_put_str(answer, FIELD_USERNAME, "");
	return put_rest(request, sources, rules, why, answer);
}
