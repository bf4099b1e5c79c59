/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/judge/oauth_reply.h"

static const struct {
	const char *error;
	enum cosmo_err err;
	bool is_passing;
} errors[] = {
	{"authorization_pending", COSMO_E_PENDING, true},
	{"slow_down", COSMO_E_SLOW_DOWN, true},
	{"access_denied", COSMO_E_DENIED, false},
	{"authorization_declined", COSMO_E_DENIED, false}, /* Entra ID */
	{"expired_token", COSMO_E_CODE_EXPIRED, false},
	{"code_expired", COSMO_E_CODE_EXPIRED, false}, /* Entra ID, v1 */
	{"invalid_grant", COSMO_E_INVALID_GRANT, false},
	{"bad_verification_code", COSMO_E_INVALID_GRANT, false}, /* Entra ID */
	{"invalid_client", COSMO_E_IDP_CLIENT, false},
	{"deleted_client", COSMO_E_IDP_CLIENT, false},  /* Google */
	{"disabled_client", COSMO_E_IDP_CLIENT, false}, /* Google */
	{"unauthorized_client", COSMO_E_IDP_GRANT_TYPE, false},
	{"unsupported_grant_type", COSMO_E_IDP_GRANT_TYPE, false},
	{"invalid_scope", COSMO_E_IDP_SCOPE, false},
	{"rate_limit_exceeded", COSMO_E_IDP_RATE, true}, /* Google */
	{"too_many_requests", COSMO_E_IDP_RATE, true},   /* Auth0 */
	{"server_error", COSMO_E_IDP_ERROR, true},
	{"temporarily_unavailable", COSMO_E_IDP_ERROR, true},
};

static enum cosmo_err error_without_json(const struct oauth_reply *reply, struct reason *why)
{
	enum cosmo_err err = COSMO_E_IDP_STATUS;

	if (reply->http_status == 429)
		err = COSMO_E_IDP_RATE;
	else if (reply->http_status >= 200 && reply->http_status < 300)
		err = COSMO_E_IDP_NOT_JSON;
	return reason_give(why, err, "HTTP status %u without a JSON object", reply->http_status);
}

/* Some IdPs say which token they do not know ("Invalid refresh token: ..."): none is to be read in
 * a log. NULL stays NULL. */
static const char *without_secret(const struct oauth_reply *reply, const char *text)
{
	if (!text || !reply->sent || !strstr(text, secret_peek(reply->sent)))
		return text;
	return "(repeats what was sent)";
}

enum cosmo_err oauth_reply_error(const struct oauth_reply *reply, struct reason *why)
{
	const char *error = json_text(json_member(reply->json, "error"));
	const char *shown = without_secret(reply, error);
	const char *text =
		without_secret(reply, json_text(json_member(reply->json, "error_description")));
	enum cosmo_err err = COSMO_E_IDP_ERROR;

	if (!reply->json)
		return error_without_json(reply, why);
	if (!json_has(reply->json, "error"))
		return COSMO_OK;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(errors); i++)
		if (streq(errors[i].error, error))
			err = errors[i].err;
	return reason_give(why, err, "error=%.64s status=%u%s%.300s", shown ? shown : "(malformed)",
		reply->http_status, text ? " description=" : "", text ? text : "");
}

bool oauth_fault_is_passing(enum cosmo_err err)
{
	return cosmo_err_class(err) == COSMO_CLASS_UNREACHABLE && err != COSMO_E_IDP_BODY_TOO_BIG &&
	       err != COSMO_E_IDP_FIELD && err != COSMO_E_IDP_ERROR &&
	       err != COSMO_E_REFRESH_NO_CLAIMS;
}

bool oauth_reply_is_passing(const struct oauth_reply *reply, enum cosmo_err err)
{
	const char *error = json_text(json_member(reply->json, "error"));

	for (size_t i = 0; i < COSMO_ARRAY_LEN(errors); i++)
		if (streq(errors[i].error, error))
			return errors[i].is_passing;
	/* Not a word of OAuth's: a gateway's own JSON may have an "error" too. */
	return reply->http_status >= 500 || oauth_fault_is_passing(err);
}
