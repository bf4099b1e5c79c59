/* SPDX-License-Identifier: MIT */
/* JUDGE_SIGN_IN: the device grant from the code to the identity. */
#include <string.h>

#include "common/base/fdio.h"
#include "common/base/log.h"
#include "pam_cosmo_sso/judge/device_flow.h"
#include "pam_cosmo_sso/judge/id_token.h"
#include "pam_cosmo_sso/judge/jws.h"
#include "pam_cosmo_sso/judge/person.h"
#include "pam_cosmo_sso/judge/provider.h"
#include "pam_cosmo_sso/judge/request.h"
#include "pam_cosmo_sso/judge/userinfo.h"

#define MAX_DISPLAY_NAME_BYTES 256
#define MAX_AMR                32

static enum cosmo_err show(struct request *request, const struct device_grant *grant)
{
	struct message *message = NULL;
	enum cosmo_err err = message_new(MESSAGE_JUDGE_SHOW, &message);

	if (err)
		return err;
	message_put_str(message, FIELD_VERIFICATION_URI, device_grant_verification_uri(grant));
	message_put_str(message, FIELD_VERIFICATION_URI_COMPLETE,
		device_grant_verification_uri_complete(grant));
	message_put_str(message, FIELD_USER_CODE, device_grant_user_code(grant));
	message_put_u64(message, FIELD_EXPIRES_IN_S, (uint64_t)device_grant_expires_in_s(grant));
	message_put_u64(message, FIELD_INTERVAL_S, (uint64_t)device_grant_interval_s(grant));
	return request_send(request, message);
}

/* The payload, once its signature is good; borrowed from @jws. */
static enum cosmo_err verify_signature(struct provider *provider, const struct jws *jws,
	struct reason *why, const char **ret_payload, size_t *ret_len)
{
	COSMO_AUTO(EVP_PKEY_free) EVP_PKEY *key = NULL;
	COSMO_AUTO(EVP_PKEY_free) EVP_PKEY *newer = NULL;
	enum cosmo_err err = provider_find_key(provider, jws_kid(jws), jws_alg(jws), why, &key);

	if (!err)
		err = jws_verify(jws, key, why, ret_payload, ret_len);
	if (err != COSMO_E_JWS_SIGNATURE || !provider_may_refetch(provider))
		return err;
	err = provider_refetch_key(provider, jws_kid(jws), jws_alg(jws), why, &newer);
	return err ? err : jws_verify(jws, newer, why, ret_payload, ret_len);
}

/* The claims of the ID token, once its signature and they themselves have been checked. */
static enum cosmo_err verify_id_token(struct request *request, const struct setup *setup,
	struct provider *provider, const struct token_response *tokens, struct json_object **ret)
{
	const struct id_token_policy policy = {
		.issuer = setup->issuer,
		.client_id = setup->client.id,
		.skew_s = setup->skew_s,
		.acr = setup->acr,
		.max_age_s = setup->max_age_s,
	};
	COSMO_AUTO(jws_free) struct jws *jws = NULL;
	COSMO_AUTO(json_free) struct json_object *claims = NULL;
	const char *payload = NULL;
	size_t len = 0;
	enum cosmo_err err = jws_parse(secret_peek(tokens->id_token), secret_len(tokens->id_token),
		&setup->allowed, &request->why, &jws);

	if (!err)
		err = verify_signature(provider, jws, &request->why, &payload, &len);
	if (err)
		return err;
	err = json_parse(payload, len, &claims);
	if (err == COSMO_E_FORMAT)
		return reason_give(&request->why, COSMO_E_JWS_FORM,
			"token: the payload is no well-formed JSON object");
	if (err)
		return err;
	err = id_token_check(claims, &policy, fdio_now_s(), &request->why);
	if (!err)
		*ret = COSMO_STEAL(&claims);
	return err;
}

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

static void put_refresh(struct message *answer, const struct token_response *tokens)
{
	if (!tokens->refresh_token)
		return;
	message_put_secret(answer, FIELD_REFRESH_TOKEN, tokens->refresh_token);
	if (tokens->refresh_expires_in_s > 0)
		message_put_u64(
			answer, FIELD_REFRESH_EXPIRES_IN_S, (uint64_t)tokens->refresh_expires_in_s);
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

static enum cosmo_err answer_identity(struct request *request, const struct setup *setup,
	const struct claim_sources *sources, const struct token_response *tokens)
{
	COSMO_AUTO(role_rules_free) struct role_rules *rules = NULL;
	COSMO_AUTO(message_free) struct message *answer = NULL;
	struct person_rules silent = {.on_match = NULL};
	enum cosmo_err err = message_new(MESSAGE_JUDGE_IDENTITY, &answer);

	if (!err)
		err = person_read_rules(request->message, &request->why, &rules);
	if (err)
		return err;
	message_put_str(answer, FIELD_ISSUER, setup->issuer);
	silent.rules = rules;
	err = person_put(request->message, sources, &silent, &request->why, answer);
	if (!err)
		err = put_uid(request, sources, answer);
	if (err)
		return err;
	put_display_name(request->message, sources, answer);
	put_circumstances(answer, sources->id_token, tokens->date_s);
	put_refresh(answer, tokens);
	return request_send(request, COSMO_STEAL(&answer));
}

static enum cosmo_err judge_tokens(struct request *request, const struct setup *setup,
	struct provider *provider, const struct token_response *tokens)
{
	COSMO_AUTO(json_free) struct json_object *claims = NULL;
	COSMO_AUTO(json_free) struct json_object *userinfo = NULL;
	struct claim_sources sources = {0};
	enum cosmo_err err = verify_id_token(request, setup, provider, tokens, &claims);

	if (!err)
		err = provider_report(provider, request->peer, setup->idp.deadline_ms);
	if (!err && person_needs_userinfo(request->message, claims))
		err = userinfo_get(setup, provider, tokens, claims, &request->why, &userinfo);
	if (err)
		return err;
	sources.id_token = claims;
	sources.userinfo = userinfo;
	return answer_identity(request, setup, &sources, tokens);
}

/*
 * The keys can be had while the person reads, and what is wrong with them said before anybody has
 * taken the trouble to approve. A fault on the way is no reason to give up yet: provider_find_key()
 * tries again.
 */
static enum cosmo_err load_keys_early(struct provider *provider, struct reason *why)
{
	enum cosmo_err err = provider_load_keys(provider, why);

	if (!oauth_fault_is_passing(err))
		return err;
	*why = (struct reason){.text = ""};
	return COSMO_OK;
}

enum cosmo_err request_sign_in(struct request *request)
{
	COSMO_AUTO(setup_free) struct setup *setup = NULL;
	COSMO_AUTO(provider_free) struct provider *provider = NULL;
	COSMO_AUTO(device_grant_free) struct device_grant *grant = NULL;
	COSMO_AUTO(token_response_free) struct token_response *tokens = NULL;
	struct reason *why = &request->why;
	int64_t asked_date_s = 0; /* of the first answer; the tokens' own counts */
	enum cosmo_err err = setup_read(request->message, request->fetch, &setup);

	if (!err)
		err = provider_open(setup, why, &provider);
	if (!err)
		err = device_flow_begin(
			setup, provider_discovery(provider), why, &grant, &asked_date_s);
	if (!err)
		err = show(request, grant);
	if (!err)
		err = load_keys_early(provider, why);
	if (!err)
		err = provider_report(provider, request->peer, setup->idp.deadline_ms);
	if (!err)
		err = device_flow_finish(setup, provider_discovery(provider), grant,
			request->peer->fd, why, &tokens);
	return err ? err : judge_tokens(request, setup, provider, tokens);
}
