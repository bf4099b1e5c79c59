/* SPDX-License-Identifier: MIT */
/* JUDGE_RULES: are the role rules good, and what would they make of given claims? */
#include "pam_cosmo_sso/judge/match_answer.h"
#include "pam_cosmo_sso/judge/person.h"
#include "pam_cosmo_sso/judge/request.h"
#include "pam_cosmo_sso/judge/role_rule.h"

/* Every bad rule is named, not only the first. */
static enum cosmo_err check_each(struct request *request)
{
	enum cosmo_err worst = COSMO_OK;

	for (size_t i = 0; i < message_count(request->message, FIELD_RULE); i++) {
		COSMO_AUTO(role_rule_free) struct role_rule *rule = NULL;
		const char *text = message_str_nth(request->message, FIELD_RULE, i);
		struct reason why = {.text = ""};
		enum cosmo_err err = role_rule_compile(text, &why, &rule);

		if (!err)
			continue;
		worst = err;
		err = match_answer_wrong(request, text, err, why.text[0] ? why.text : NULL);
		if (err)
			return err;
	}
	return worst;
}

static enum cosmo_err apply(
	struct request *request, const char *text, size_t len, struct message *answer)
{
	COSMO_AUTO(json_free) struct json_object *claims = NULL;
	COSMO_AUTO(role_rules_free) struct role_rules *rules = NULL;
	struct person_rules told = {.on_match = match_answer_match, .context = request};
	struct claim_sources sources = {0};
	enum cosmo_err err = json_parse(text, len, &claims);

	if (err)
		return reason_give(&request->why, err, "the claims are not one JSON object");
	sources.id_token = claims;
	err = person_read_rules(request->message, &request->why, &rules);
	if (err)
		return err;
	told.rules = rules;
	return person_put(request->message, &sources, &told, &request->why, answer);
}

enum cosmo_err request_rules(struct request *request)
{
	COSMO_AUTO(message_free) struct message *answer = NULL;
	size_t len = 0;
	const char *claims = message_bytes(request->message, FIELD_CLAIMS, &len);
	enum cosmo_err err = check_each(request);

	if (!err)
		err = message_new(MESSAGE_JUDGE_DONE, &answer);
	if (!err && claims)
		err = apply(request, claims, len, answer);
	return err ? err : request_send(request, COSMO_STEAL(&answer));
}
