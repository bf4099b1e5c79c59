/* SPDX-License-Identifier: MIT */
/* JUDGE_REVOKE: tell the IdP that these refresh tokens are no longer wanted (RFC 7009). */
#include "pam_cosmo_sso/judge/oauth_post.h"
#include "pam_cosmo_sso/judge/provider.h"
#include "pam_cosmo_sso/judge/request.h"

/* An IdP that cannot be reached costs a timeout each time: after so many in a row it is not asked
 * for the others. */
#define MAX_FAULTS 3

struct revoking {
	const struct setup *setup;
	const char *endpoint;
	uint64_t revoked;
	uint64_t left;
	unsigned int faults; /* in a row */
	enum cosmo_err err;  /* the first reason */
	struct reason why;   /* of it */
};

/*
 * 200 says that the token is no good any more, whether it was or not (RFC 7009 section 2.2). An
 * "error" under it still is one.
 */
static enum cosmo_err read_answer(
	const struct oauth_answer *answer, const struct cosmo_secret *token, struct reason *why)
{
	struct oauth_reply reply = oauth_answer_reply(answer);
	bool is_ok = reply.http_status == 200;
	enum cosmo_err err = COSMO_OK;

	reply.sent = token;
	if (is_ok && !reply.json)
		return COSMO_OK; /* its body means nothing, and mostly is none */
	err = oauth_reply_error(&reply, why);
	if (err || is_ok)
		return err;
	return reason_give(
		why, COSMO_E_IDP_STATUS, "revocation endpoint: HTTP status %u", reply.http_status);
}

static enum cosmo_err revoke_one(
	const struct revoking *revoking, const struct cosmo_secret *token, struct reason *why)
{
	COSMO_AUTO(form_free) struct form *form = NULL;
	OAUTH_ANSWER_AUTO struct oauth_answer answer = {.json = NULL};
	enum cosmo_err err = form_new(&form);

	if (err)
		return err;
	form_add_secret(form, "token", token);
	form_add(form, "token_type_hint", "refresh_token");
	err = oauth_post(revoking->setup, revoking->endpoint, form, why, &answer);
	return err ? err : read_answer(&answer, token, why);
}

static void count(struct revoking *revoking, enum cosmo_err err, const struct reason *why)
{
	if (!err) {
		revoking->revoked++;
		revoking->faults = 0;
		return;
	}
	revoking->faults++;
	if (revoking->err)
		return;
	revoking->err = err;
	revoking->why = *why;
}

/* What would be said of every other token as well: there is no point in asking. */
static bool is_over(const struct revoking *revoking, enum cosmo_err err)
{
	return err == COSMO_E_IDP_CLIENT || err == COSMO_E_DEADLINE ||
	       cosmo_err_class(err) == COSMO_CLASS_INTERNAL || revoking->faults >= MAX_FAULTS;
}

static enum cosmo_err revoke_all(
	struct revoking *revoking, const struct message *request, size_t tokens)
{
	bool over = false;

	for (size_t i = 0; i < tokens && !over; i++) {
		COSMO_AUTO(secret_free) struct cosmo_secret *token = NULL;
		struct reason why = {.text = ""};
		enum cosmo_err err = message_secret_nth(request, FIELD_REFRESH_TOKEN, i, &token);

		if (err)
			return err;
		err = revoke_one(revoking, token, &why);
		count(revoking, err, &why);
		over = is_over(revoking, err);
	}
	revoking->left = tokens - revoking->revoked;
	return COSMO_OK;
}

static enum cosmo_err answer(struct request *request, const struct revoking *revoking)
{
	struct message *message = NULL;
	enum cosmo_err err = message_new(MESSAGE_JUDGE_REVOKED, &message);

	if (err)
		return err;
	message_put_u64(message, FIELD_COUNT, revoking->revoked);
	message_put_u64(message, FIELD_LEFT, revoking->left);
	if (revoking->err)
		message_put_err(message, revoking->err);
	if (revoking->err && revoking->why.text[0])
		message_put_str(message, FIELD_DETAIL, revoking->why.text);
	return request_send(request, message);
}

enum cosmo_err request_revoke(struct request *request)
{
	COSMO_AUTO(setup_free) struct setup *setup = NULL;
	COSMO_AUTO(provider_free) struct provider *provider = NULL;
	struct revoking revoking = {.revoked = 0};
	enum cosmo_err err = setup_read(request->message, request->fetch, &setup);

	if (!err)
		err = provider_open(setup, &request->why, &provider);
	if (err)
		return err;
	revoking.setup = setup;
	revoking.endpoint = discovery_revocation_endpoint(provider_discovery(provider));
	if (!revoking.endpoint)
		return reason_give(&request->why, COSMO_E_IDP_FIELD,
			"discovery document without revocation_endpoint");
	err = revoke_all(
		&revoking, request->message, message_count(request->message, FIELD_REFRESH_TOKEN));
	return err ? err : answer(request, &revoking);
}
