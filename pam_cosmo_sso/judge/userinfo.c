/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/judge/userinfo.h"

#include "pam_cosmo_sso/judge/id_token.h"

static enum cosmo_err check_sub(
	struct json_object *userinfo, struct json_object *id_token, struct reason *why)
{
	const char *told = NULL;
	const char *wanted = NULL;

	if (json_str(userinfo, "sub", ID_TOKEN_MAX_SUB_BYTES, &told))
		return reason_give(why, COSMO_E_USERINFO_SUB, "userinfo has no usable \"sub\"");
	if (!id_token)
		return COSMO_OK;
	if (json_str(id_token, "sub", ID_TOKEN_MAX_SUB_BYTES, &wanted) || !streq(told, wanted))
		return reason_give(
			why, COSMO_E_USERINFO_SUB, "userinfo and ID token differ in \"sub\"");
	return COSMO_OK;
}

enum cosmo_err userinfo_get(const struct setup *setup, const struct provider *provider,
	const struct token_response *tokens, struct json_object *id_token, struct reason *why,
	struct json_object **ret)
{
	const char *url = discovery_userinfo_endpoint(provider_discovery(provider));
	COSMO_AUTO(secret_free) struct cosmo_secret *authorization = NULL;
	COSMO_AUTO(json_free) struct json_object *userinfo = NULL;
	IDP_RESPONSE_AUTO struct idp_response response = {.message = NULL};
	enum cosmo_err err = COSMO_OK;

	*ret = NULL;
	if (!url || !tokens->access_token)
		return COSMO_OK;
	err = client_bearer(tokens->access_token, &authorization);
	if (err == COSMO_E_FORMAT)
		return reason_give(
			why, COSMO_E_USERINFO, "userinfo: the access token fits no header");
	if (!err)
		err = idp_get(&setup->idp, url, authorization, why, &response);
	if (err)
		return err;
	if (response.http_status != 200)
		return reason_give(
			why, COSMO_E_USERINFO, "userinfo: HTTP status %u", response.http_status);
	err = json_parse(response.body, response.body_len, &userinfo);
	if (err)
		return err == COSMO_E_NOMEM
			       ? err
			       : reason_give(why, COSMO_E_USERINFO, "userinfo is no JSON object");
	err = check_sub(userinfo, id_token, why);
	if (!err)
		*ret = COSMO_STEAL(&userinfo);
	return err;
}
