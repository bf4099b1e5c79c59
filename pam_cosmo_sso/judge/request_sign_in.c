/* SPDX-License-Identifier: MIT */
/* JUDGE_SIGN_IN: the device grant from the code to the identity. */
#include "pam_cosmo_sso/judge/device_flow.h"
#include "pam_cosmo_sso/judge/identity_answer.h"
#include "pam_cosmo_sso/judge/person.h"
#include "pam_cosmo_sso/judge/provider.h"
#include "pam_cosmo_sso/judge/request.h"
#include "pam_cosmo_sso/judge/userinfo.h"
#include "pam_cosmo_sso/judge/verified_claims.h"

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

static enum cosmo_err judge_tokens(struct request *request, const struct setup *setup,
	struct provider *provider, const struct token_response *tokens)
{
	COSMO_AUTO(json_free) struct json_object *claims = NULL;
	COSMO_AUTO(json_free) struct json_object *userinfo = NULL;
	struct claim_sources sources = {0};
	enum cosmo_err err =
		verified_claims_read(setup, provider, tokens->id_token, &request->why, &claims);

	if (!err)
		err = provider_report(provider, request->peer, setup->idp.deadline_ms);
	if (!err && person_needs_userinfo(request->message, claims))
		err = userinfo_get(setup, provider, tokens, claims, &request->why, &userinfo);
	if (err)
		return err;
	sources.id_token = claims;
	sources.userinfo = userinfo;
	return identity_answer_sign_in(request, setup, &sources, tokens);
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
	struct device_start start = {.grant = NULL};
	COSMO_AUTO(token_response_free) struct token_response *tokens = NULL;
	struct reason *why = &request->why;
	enum cosmo_err err = setup_read(request->message, request->fetch, &setup);

	if (!err)
		err = provider_open(setup, why, &provider);
	if (!err)
		err = device_flow_begin(setup, provider_discovery(provider), why, &start);
	if (!err)
		err = show(request, start.grant);
	if (!err)
		err = load_keys_early(provider, why);
	if (!err)
		err = provider_report(provider, request->peer, setup->idp.deadline_ms);
	if (!err)
		err = device_flow_finish(setup, provider_discovery(provider), start.grant,
			request->peer->fd, why, &tokens);
	device_grant_free(start.grant);
	return err ? err : judge_tokens(request, setup, provider, tokens);
}
