/* SPDX-License-Identifier: MIT */
/* JUDGE_VERIFY: one token against one key set, each check named. */
#include <stdio.h>

#include "common/base/fdio.h"
#include "pam_cosmo_sso/judge/id_token.h"
#include "pam_cosmo_sso/judge/jwks.h"
#include "pam_cosmo_sso/judge/jws.h"
#include "pam_cosmo_sso/judge/request.h"
#include "pam_cosmo_sso/judge/setup.h"

static enum cosmo_err passed(struct request *request, const char *what)
{
	struct message *message = NULL;
	enum cosmo_err err = message_new(MESSAGE_JUDGE_MATCH, &message);

	if (err)
		return err;
	message_put_str(message, FIELD_DETAIL, what);
	return request_send(request, message);
}

/* The payload, once the signature is good; borrowed from *ret_jws. */
static enum cosmo_err check_signature(
	struct request *request, struct jws **ret_jws, const char **ret_payload, size_t *ret_len)
{
	COSMO_AUTO(jwks_free) struct jwks *jwks = NULL;
	COSMO_AUTO(EVP_PKEY_free) EVP_PKEY *key = NULL;
	struct jws_allowed allowed = {.count = 0};
	struct reason *why = &request->why;
	size_t token_len = 0;
	size_t jwks_len = 0;
	const char *token = message_bytes(request->message, FIELD_TOKEN, &token_len);
	const char *keys = message_bytes(request->message, FIELD_JWKS, &jwks_len);
	enum cosmo_err err = setup_read_allowed(request->message, &allowed);

	if (!err)
		err = jws_parse(token, token_len, &allowed, why, ret_jws);
	if (!err)
		err = passed(request, "form and algorithm");
	if (!err)
		err = jwks_parse(keys, jwks_len, why, &jwks);
	if (!err)
		err = jwks_find(jwks, jws_kid(*ret_jws), jws_alg(*ret_jws), why, &key);
	if (!err)
		err = passed(request, "a key of the set fits");
	if (!err)
		err = jws_verify(*ret_jws, key, why, ret_payload, ret_len);
	return err ? err : passed(request, "signature");
}

static bool is_skipped(const struct id_token_rule *rule, const struct id_token_policy *policy)
{
	if (streq(rule->name, "iss"))
		return !policy->issuer;
	return streq(rule->name, "aud, azp") && !policy->client_id;
}

static enum cosmo_err check_claims(struct request *request, struct json_object *claims)
{
	const struct id_token_policy policy = {
		.issuer = message_str(request->message, FIELD_ISSUER),
		.client_id = message_str(request->message, FIELD_CLIENT_ID),
		.skew_s = (int64_t)message_u64(request->message, FIELD_SKEW_S, 0),
	};
	enum cosmo_err err =
		policy.skew_s < 0 || policy.skew_s > SETUP_MAX_SKEW_S ? COSMO_E_INVALID : COSMO_OK;

	for (size_t i = 0; i < ID_TOKEN_RULE_COUNT && !err; i++) {
		const struct id_token_rule *rule = &id_token_rules[i];
		char what[128] = "";

		err = rule->check(claims, &policy, fdio_now_s(), &request->why);
		snprintf(what, sizeof(what), "%s%s", rule->name,
			is_skipped(rule, &policy) ? ": not checked, none was demanded" : "");
		if (!err)
			err = passed(request, what);
	}
	return err;
}

enum cosmo_err request_verify(struct request *request)
{
	COSMO_AUTO(jws_free) struct jws *jws = NULL;
	COSMO_AUTO(json_free) struct json_object *claims = NULL;
	struct message *answer = NULL;
	const char *payload = NULL;
	size_t len = 0;
	enum cosmo_err err = check_signature(request, &jws, &payload, &len);

	if (!err && json_parse(payload, len, &claims) != COSMO_OK)
		err = reason_give(
			&request->why, COSMO_E_JWS_FORM, "the payload is not one JSON object");
	if (!err)
		err = check_claims(request, claims);
	if (!err)
		err = message_new(MESSAGE_JUDGE_DONE, &answer);
	return err ? err : request_send(request, answer);
}
