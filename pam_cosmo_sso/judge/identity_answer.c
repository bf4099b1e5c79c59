/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/judge/identity_answer.h"

#include <string.h>

#include "common/base/log.h"
#include "pam_cosmo_sso/judge/match_answer.h"
#include "pam_cosmo_sso/judge/person.h"

#define MAX_DISPLAY_NAME_BYTES 256
#define MAX_AMR                32

static void put_time(struct message *answer, enum message_field field, struct json_object *claims,
	const char *name)
{
	int64_t time_s = 0;

	if (json_time(claims, name, &time_s) == COSMO_OK && time_s > 0)
		message_put_u64(answer, field, (uint64_t)time_s);
}

/* How the person signed in, and when by the IdP's clock. */
static void put_circumstances(struct message *answer, struct json_object *claims, int64_t date_s)
{
	const char *acr = NULL;
	struct json_object *amr = json_member(claims, "amr");

	put_time(answer, FIELD_AUTH_TIME_S, claims, "auth_time");
	put_time(answer, FIELD_IDP_TIME_S, claims, "iat");
	if (!message_has(answer, FIELD_IDP_TIME_S) && date_s > 0)
		message_put_u64(answer, FIELD_IDP_TIME_S, (uint64_t)date_s);
	if (json_str(claims, "acr", 255, &acr) == COSMO_OK)
		message_put_str(answer, FIELD_ACR, acr);
	for (size_t i = 0; i < json_array_count(amr) && i < MAX_AMR; i++) {
		const char *method = json_text(json_array_at(amr, i));

		if (method && strlen(method) < 64)
			message_put_str(answer, FIELD_AMR, method);
	}
}

static void put_display_name(
	const struct message *question, const struct claim_sources *sources, struct message *answer)
{
	char clean[MAX_DISPLAY_NAME_BYTES] = "";
	const char *name = json_text(claims_find(sources, message_str(question, FIELD_NAME_CLAIM)));

	if (!name)
		return;
	log_filter(name, true, clean, sizeof(clean));
	message_put_str(answer, FIELD_DISPLAY_NAME, clean);
}

static enum cosmo_err put_uid(
	struct request *request, const struct claim_sources *sources, struct message *answer)
{
	const char *claim = message_str(request->message, FIELD_UID_CLAIM);
	uint32_t uid = 0;
	enum cosmo_err err = COSMO_OK;

	if (!claim)
		return COSMO_OK;
	err = claims_uid(sources, claim, &request->why, &uid);
	if (err)
		return err == COSMO_E_NOT_FOUND ? reason_give(&request->why, COSMO_E_TOKEN_CLAIM,
							  "the uid claim \"%s\" is missing", claim)
						: err;
	message_put_u64(answer, FIELD_UID, uid);
	return COSMO_OK;
}

/* Before the identity, so that whoever asked for it knows what it was made of. */
static void explain(struct request *request, struct person_rules *ret)
{
	ret->on_match = match_answer_match;
	ret->on_values = match_answer_values;
	ret->context = request;
}

/* What goes for a sign-in and a refresh alike: whose it is, at which IdP, with which roles. */
static enum cosmo_err start_answer(struct request *request, const struct setup *setup,
	const struct claim_sources *sources, person_put_fn *put, struct message **ret)
{
	COSMO_AUTO(role_rules_free) struct role_rules *rules = NULL;
	COSMO_AUTO(message_free) struct message *answer = NULL;
	struct person_rules told = {.on_match = NULL};
	enum cosmo_err err = message_new(MESSAGE_JUDGE_IDENTITY, &answer);

	if (!err)
		err = person_read_rules(request->message, &request->why, &rules);
	if (err)
		return err;
	message_put_str(answer, FIELD_ISSUER, setup->issuer);
	told.rules = rules;
	if (message_u64(request->message, FIELD_EXPLAIN, 0))
		explain(request, &told);
	err = put(request->message, sources, &told, &request->why, answer);
	if (err)
		return err;
	put_display_name(request->message, sources, answer);
	*ret = COSMO_STEAL(&answer);
	return COSMO_OK;
}

enum cosmo_err identity_answer_sign_in(struct request *request, const struct setup *setup,
	const struct claim_sources *sources, const struct token_response *tokens)
{
	COSMO_AUTO(message_free) struct message *answer = NULL;
	enum cosmo_err err = start_answer(request, setup, sources, person_put, &answer);

	if (!err)
		err = put_uid(request, sources, answer);
	if (err)
		return err;
	put_circumstances(answer, sources->id_token, tokens->date_s);
	token_response_put_refresh(tokens, answer);
	return request_send(request, COSMO_STEAL(&answer));
}

enum cosmo_err identity_answer_refresh(struct request *request, const struct setup *setup,
	const struct claim_sources *sources, struct json_object *id_token, int64_t date_s)
{
	COSMO_AUTO(message_free) struct message *answer = NULL;
	enum cosmo_err err = start_answer(request, setup, sources, person_put_again, &answer);

	if (err)
		return err;
	put_circumstances(answer, id_token, date_s);
	return request_send(request, COSMO_STEAL(&answer));
}
