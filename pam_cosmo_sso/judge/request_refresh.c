/* SPDX-License-Identifier: MIT */
/*
 * JUDGE_REFRESH: a refresh token used once, and who the answer is about. Where the IdP replaces the
 * token at each use, the old one is worth nothing once the request has gone out, so the new one is
 * told before anything else that may fail.
 */
#include "pam_cosmo_sso/judge/identity_answer.h"
#include "pam_cosmo_sso/judge/oauth_post.h"
#include "pam_cosmo_sso/judge/person.h"
#include "pam_cosmo_sso/judge/provider.h"
#include "pam_cosmo_sso/judge/refresh_grant.h"
#include "pam_cosmo_sso/judge/request.h"
#include "pam_cosmo_sso/judge/userinfo.h"
#include "pam_cosmo_sso/judge/verified_claims.h"

/* Never a second time: nobody knows what became of a request that was not answered. For that reason
 * its answer is waited for as long as there is time, and meanwhile what verifies it is made ready.
 */
static enum cosmo_err use_token(struct setup *setup, struct provider *provider,
	const struct cosmo_secret *token, struct reason *why, struct token_response **ret)
{
	COSMO_AUTO(form_free) struct form *form = NULL;
	OAUTH_ANSWER_AUTO struct oauth_answer answer = {.json = NULL};
	struct oauth_reply reply = {.json = NULL};
	enum cosmo_err err = form_new(&form);

	if (err)
		return err;
	form_add(form, "grant_type", "refresh_token");
	form_add_secret(form, "refresh_token", token);
	setup->idp.is_patient = true;
	setup->idp.meanwhile = provider_prepare;
	setup->idp.meanwhile_of = provider;
	err = oauth_post(
		setup, discovery_token_endpoint(provider_discovery(provider)), form, why, &answer);
	setup->idp.is_patient = false;
	setup->idp.meanwhile = NULL;
	/* That the IdP refused the token is for its own words alone to say. */
	if (err)
		return err == COSMO_E_INVALID_GRANT ? COSMO_E_PROTOCOL : err;
	reply = oauth_answer_reply(&answer);
	reply.sent = token;
	err = refresh_grant_reply(&reply, why);
	return err ? err
		   : token_response_parse_refreshed(answer.json, answer.response.date_s, why, ret);
}

static enum cosmo_err tell_token(struct request *request, const struct token_response *tokens)
{
	struct message *message = NULL;
	enum cosmo_err err = COSMO_OK;

	if (!tokens->refresh_token)
		return COSMO_OK;
	err = message_new(MESSAGE_JUDGE_TOKEN, &message);
	if (err)
		return err;
	token_response_put_refresh(tokens, message);
	return request_send(request, message);
}

/* Signed claims, or those that only the new access token opens (OpenID Connect Core 1.0, 12.2). */
static enum cosmo_err judge_claims(struct request *request, const struct setup *setup,
	struct provider *provider, const struct token_response *tokens)
{
	COSMO_AUTO(json_free) struct json_object *id_token = NULL;
	COSMO_AUTO(json_free) struct json_object *userinfo = NULL;
	struct claim_sources sources = {0};
	enum cosmo_err err = COSMO_OK;

	if (tokens->id_token)
		err = verified_claims_read(
			setup, provider, tokens->id_token, &request->why, &id_token);
	if (!err)
		err = provider_report(provider, request->peer, setup->idp.deadline_ms);
	if (!err && (!id_token || person_lacks_roles(request->message, id_token)))
		err = userinfo_get(setup, provider, tokens, id_token, &request->why, &userinfo);
	if (err)
		return err;
	if (!id_token && !userinfo)
		return reason_give(&request->why, COSMO_E_REFRESH_NO_CLAIMS,
			"the answer to the refresh has no ID token, and userinfo cannot be asked");
	sources.id_token = id_token ? id_token : userinfo;
	sources.userinfo = id_token ? userinfo : NULL;
	return identity_answer_refresh(request, setup, &sources, id_token, tokens->date_s);
}

static enum cosmo_err read_token(const struct request *request, struct cosmo_secret **ret)
{
	enum cosmo_err err = message_secret(request->message, FIELD_REFRESH_TOKEN, ret);

	if (err)
		return err;
	return *ret && secret_len(*ret) > 0 ? COSMO_OK : COSMO_E_INVALID;
}

enum cosmo_err request_refresh(struct request *request)
{
	COSMO_AUTO(setup_free) struct setup *setup = NULL;
	COSMO_AUTO(provider_free) struct provider *provider = NULL;
	COSMO_AUTO(secret_free) struct cosmo_secret *token = NULL;
	COSMO_AUTO(token_response_free) struct token_response *tokens = NULL;
	struct reason *why = &request->why;
	enum cosmo_err err = setup_read(request->message, request->fetch, &setup);

	if (!err)
		err = read_token(request, &token);
	if (!err)
		err = provider_open(setup, why, &provider);
	if (!err)
		err = use_token(setup, provider, token, why, &tokens);
	if (!err)
		err = tell_token(request, tokens);
	return err ? err : judge_claims(request, setup, provider, tokens);
}
