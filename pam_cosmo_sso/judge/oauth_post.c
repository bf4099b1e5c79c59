/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/judge/oauth_post.h"

void oauth_answer_done(struct oauth_answer *answer)
{
	json_free(answer->json);
	answer->json = NULL;
	idp_response_done(&answer->response);
}

enum cosmo_err oauth_post(const struct setup *setup, const char *url, struct form *form,
	struct reason *why, struct oauth_answer *ret)
{
	COSMO_AUTO(secret_free) struct cosmo_secret *authorization = NULL;
	enum cosmo_err err = client_authenticate(&setup->client, form, &authorization);

	if (err == COSMO_E_IDP_CLIENT)
		return reason_give(why, err, "client_auth needs a client secret; none is set");
	if (err == COSMO_OK)
		err = idp_post(&setup->idp, url, form, authorization, why, &ret->response);
	if (err != COSMO_OK)
		return err;
	err = json_parse(ret->response.body, ret->response.body_len, &ret->json);
	return err == COSMO_E_FORMAT ? COSMO_OK : err;
}

struct oauth_reply oauth_answer_reply(const struct oauth_answer *answer)
{
	return (struct oauth_reply){
		.http_status = answer->response.http_status,
		.json = answer->json,
		.retry_after_s = answer->response.retry_after_s,
	};
}
