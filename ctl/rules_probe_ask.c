/* SPDX-License-Identifier: MIT */
#include <json-c/json.h>
#include <stdio.h>

#include "ctl/ask.h"
#include "ctl/rules_probe.h"

#define CLAIM "values"

/* A person of whom nothing matters but the values. */
static void put_claims(struct message *request, const struct rules_probe *probe)
{
	struct json_object *claims = json_object_new_object();
	struct json_object *values = json_object_new_array();
	size_t len = 0;
	const char *text = NULL;

	for (size_t i = 0; i < rules_probe_count(probe); i++)
		json_object_array_add(values, json_object_new_string(rules_probe_value(probe, i)));
	json_object_object_add(claims, "sub", json_object_new_string("1"));
	json_object_object_add(claims, "name", json_object_new_string("probe"));
	json_object_object_add(claims, CLAIM, values);
	text = json_object_to_json_string_length(
		claims, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE, &len);
	message_put_bytes(request, FIELD_CLAIMS, text, len);
	json_object_put(claims);
}

/* value_strip_prefix is left out: the values are as rules see them. */
static enum cosmo_err make_request(
	const struct rules_probe *probe, size_t first, size_t count, struct message **ret)
{
	COSMO_AUTO(message_free) struct message *request = NULL;
	const struct config *config = rules_probe_config(probe);
	enum cosmo_err err = message_new(MESSAGE_JUDGE_RULES, &request);

	if (err)
		return err;
	message_put_str(request, FIELD_USERNAME_CLAIM, "name");
	message_put_str(request, FIELD_SUBJECT_CLAIM, "sub");
	message_put_str(request, FIELD_NAME_CLAIM, "name");
	message_put_str(request, FIELD_ROLES_CLAIM, CLAIM);
	message_put_u64(request, FIELD_KEEP_DOMAINS, 0);
	for (size_t i = first; i < first + count; i++)
		message_put_str(request, FIELD_RULE, config->rules[i].text);
	put_claims(request, probe);
	*ret = COSMO_STEAL(&request);
	return COSMO_OK;
}

static void tell_wrong(const struct config *config, const char *rule, const char *why,
	struct config_problem *ret_problem)
{
	for (size_t i = config->rule_count; i > 0; i--)
		if (streq(config->rules[i - 1].text, rule))
			ret_problem->line = config->rules[i - 1].line;
	(void)snprintf(ret_problem->text, sizeof(ret_problem->text), "rule \"%.200s\": %s", rule,
		why ? why : "not valid");
}

static void note(
	struct rules_probe *probe, const struct message *match, struct config_problem *ret_problem)
{
	const char *rule = message_str(match, FIELD_RULE);
	const char *value = message_str(match, FIELD_CLAIM_VALUE);

	if (rule && message_has(match, FIELD_ERR) && !ret_problem->text[0])
		tell_wrong(rules_probe_config(probe), rule, message_str(match, FIELD_DETAIL),
			ret_problem);
	else if (rule && value)
		rules_probe_note_match(probe, rule, value);
}

static enum cosmo_err ask(
	struct rules_probe *probe, size_t first, size_t count, struct config_problem *ret_problem)
{
	COSMO_AUTO(message_free) struct message *request = NULL;
	COSMO_AUTO(ask_free) struct ask *judge = NULL;
	enum cosmo_err err = make_request(probe, first, count, &request);

	if (!err)
		err = ask_judge(request, &judge);
	while (!err) {
		COSMO_AUTO(message_free) struct message *answer = NULL;

		err = ask_next(judge, &answer);
		if (err || message_type(answer) == MESSAGE_JUDGE_DONE)
			return err;
		if (message_type(answer) == MESSAGE_JUDGE_MATCH)
			note(probe, answer, ret_problem);
		else
			err = message_err(answer) ? message_err(answer) : COSMO_E_PROTOCOL;
	}
	return err;
}

enum cosmo_err rules_probe_ask(struct rules_probe *probe, struct config_problem *ret_problem)
{
	size_t count = rules_probe_config(probe)->rule_count;
	enum cosmo_err err = COSMO_OK;

	if (count == 0)
		return COSMO_OK;
	err = ask(probe, 0, count, ret_problem);
	if (err != COSMO_E_RULE_LIMIT)
		return err;
	/* It is not told which of them; alone, the others are done. */
	for (size_t i = 0; i < count; i++) {
		err = ask(probe, i, 1, ret_problem);
		if (err == COSMO_E_RULE_LIMIT)
			rules_probe_note_hard(probe, i);
		else if (err)
			return err;
	}
	return COSMO_OK;
}
