/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/judge/refresh_grant.h"

static bool has_tokens(struct json_object *json)
{
	return json_has(json, "access_token") || json_has(json, "id_token") ||
	       json_has(json, "refresh_token");
}

/* Neither error nor tokens. */
static enum cosmo_err err_of_empty(const struct oauth_reply *reply, struct reason *why)
{
	if (reply->http_status >= 200 && reply->http_status < 300)
		return reason_give(why, COSMO_E_IDP_FIELD, "token response without tokens");
	return reason_give(why, COSMO_E_IDP_STATUS, "HTTP status %u", reply->http_status);
}

/* What other grants are answered with is no word about this one. */
static enum cosmo_err err_of_refresh(const struct oauth_reply *reply, enum cosmo_err err)
{
	bool is_other =
		err == COSMO_E_PENDING || err == COSMO_E_DENIED || err == COSMO_E_CODE_EXPIRED ||
		(err == COSMO_E_INVALID_GRANT &&
			!streq(json_text(json_member(reply->json, "error")), "invalid_grant"));

	if (err == COSMO_E_SLOW_DOWN)
		return COSMO_E_IDP_RATE;
	return is_other ? COSMO_E_IDP_ERROR : err;
}

enum cosmo_err refresh_grant_reply(const struct oauth_reply *reply, struct reason *why)
{
	enum cosmo_err err = oauth_reply_error(reply, why);

	if (err)
		return err_of_refresh(reply, err);
	return has_tokens(reply->json) ? COSMO_OK : err_of_empty(reply, why);
}
