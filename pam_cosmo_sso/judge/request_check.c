/* SPDX-License-Identifier: MIT */
/*
 * JUDGE_CHECK: does the IdP still know this integration? Asked without a user, with tokens that
 * nobody has. A definite no logs everybody out, so whatever leaves room for doubt is none; which
 * words of which IdP are is docs/decisions/0014.
 */
#include <openssl/rand.h>

#include "common/base/parse.h"
#include "pam_cosmo_sso/judge/oauth_post.h"
#include "pam_cosmo_sso/judge/provider.h"
#include "pam_cosmo_sso/judge/request.h"

#define DEVICE_GRANT "urn:ietf:params:oauth:grant-type:device_code"
#define RANDOM_BYTES 24

enum verdict {
	VERDICT_UNKNOWN, /* not told: nothing follows from it */
	VERDICT_ALIVE,
	VERDICT_CLIENT, /* the client is refused as such */
	VERDICT_GRANT,  /* this way of asking is refused; another may not be */
};

/* What the words mean in an answer to a token that nobody has. */
static const struct {
	const char *error;
	enum verdict verdict;
} words[] = {
	{"invalid_grant", VERDICT_ALIVE},
	{"expired_token", VERDICT_ALIVE},
	{"bad_verification_code", VERDICT_ALIVE}, /* Entra ID */
	{"invalid_client", VERDICT_CLIENT},
	{"deleted_client", VERDICT_CLIENT},  /* Google */
	{"disabled_client", VERDICT_CLIENT}, /* Google */
	{"unauthorized_client", VERDICT_GRANT},
};

static bool is_refusal(enum cosmo_err err)
{
	return err == COSMO_E_IDP_CLIENT || err == COSMO_E_IDP_GRANT_TYPE ||
	       err == COSMO_E_IDP_GONE || err == COSMO_E_IDP_ISSUER;
}

/* What an outage is called. No word that leaves doubt may pass for one that does not. */
static enum cosmo_err outage_of(const struct oauth_reply *reply, struct reason *why)
{
	enum cosmo_err err = oauth_reply_error(reply, why);

	if (reply->http_status == 429)
		return COSMO_E_IDP_RATE;
	if (!err)
		return reason_give(why, COSMO_E_IDP_ERROR,
			"HTTP status %u without an error, for a token that nobody has",
			reply->http_status);
	return err == COSMO_E_IDP_STATUS || err == COSMO_E_IDP_NOT_JSON ? err : COSMO_E_IDP_ERROR;
}

/* Only a client's error is an answer about the client: a gateway's page under 502 may say anything.
 */
static enum verdict read_verdict(const struct oauth_reply *reply)
{
	const char *error = json_text(json_member(reply->json, "error"));

	if (reply->http_status < 400 || reply->http_status >= 500 || reply->http_status == 429)
		return VERDICT_UNKNOWN;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(words); i++)
		if (streq(words[i].error, error))
			return words[i].verdict;
	return VERDICT_UNKNOWN;
}

/* Not a secret: it opens nothing. */
static enum cosmo_err make_token(char ret[2 * RANDOM_BYTES + 1])
{
	unsigned char bytes[RANDOM_BYTES] = {0};

	if (RAND_bytes(bytes, sizeof(bytes)) != 1)
		return COSMO_E_INTERNAL;
	format_hex(bytes, sizeof(bytes), ret);
	return COSMO_OK;
}

/* COSMO_OK: *ret and @why are what the IdP said; with VERDICT_UNKNOWN an error says why. */
static enum cosmo_err ask(const struct setup *setup, const char *endpoint, const char *grant_type,
	const char *token_name, struct reason *why, enum verdict *ret)
{
	COSMO_AUTO(form_free) struct form *form = NULL;
	OAUTH_ANSWER_AUTO struct oauth_answer answer = {.json = NULL};
	struct oauth_reply reply = {.json = NULL};
	char token[2 * RANDOM_BYTES + 1] = "";
	enum cosmo_err outage = COSMO_OK;
	enum cosmo_err err = form_new(&form);

	if (!err)
		err = make_token(token);
	if (err)
		return err;
	form_add(form, "grant_type", grant_type);
	form_add(form, token_name, token);
	err = oauth_post(setup, endpoint, form, why, &answer);
	if (err)
		return is_refusal(err) ? COSMO_E_PROTOCOL : err;
	reply = oauth_answer_reply(&answer);
	outage = outage_of(&reply, why);
	*ret = read_verdict(&reply);
	return *ret == VERDICT_UNKNOWN ? outage : COSMO_OK;
}

/*
 * A client that may sign people in need not be allowed to refresh, and some IdPs know no better
 * word for an unknown refresh token than "invalid_request". Then the grant that sign-ins use is
 * asked for as well.
 */
static enum cosmo_err ask_again(
	const struct setup *setup, const char *endpoint, struct reason *why, enum verdict *ret)
{
	struct reason second = {.text = ""};
	enum cosmo_err err = ask(setup, endpoint, DEVICE_GRANT, "device_code", &second, ret);

	*why = second;
	return err;
}

static enum cosmo_err judge_client(
	const struct setup *setup, const char *endpoint, struct reason *why)
{
	enum verdict verdict = VERDICT_UNKNOWN;
	enum cosmo_err err = ask(setup, endpoint, "refresh_token", "refresh_token", why, &verdict);

	if (verdict == VERDICT_GRANT || err == COSMO_E_IDP_ERROR)
		err = ask_again(setup, endpoint, why, &verdict);
	if (err)
		return err;
	switch (verdict) {
	case VERDICT_ALIVE:
		return COSMO_OK;
	case VERDICT_CLIENT:
		return COSMO_E_IDP_CLIENT;
	case VERDICT_GRANT:
		return COSMO_E_IDP_GRANT_TYPE;
	case VERDICT_UNKNOWN:
		break;
	}
	return COSMO_E_IDP_ERROR;
}

/* A secret that this host should have is a fault of this host. */
static enum cosmo_err read_setup(struct request *request, struct setup **ret)
{
	enum cosmo_err err = setup_read(request->message, request->fetch, ret);

	if (err)
		return err;
	if ((*ret)->client.auth != CLIENT_AUTH_NONE && !(*ret)->secret)
		return reason_give(&request->why, COSMO_E_CONFIG,
			"client_auth needs a client secret; none is set");
	/* What was cached cannot say what is so now. */
	(*ret)->discovery = NULL;
	return COSMO_OK;
}

enum cosmo_err request_check(struct request *request)
{
	COSMO_AUTO(setup_free) struct setup *setup = NULL;
	COSMO_AUTO(provider_free) struct provider *provider = NULL;
	struct message *answer = NULL;
	enum cosmo_err err = read_setup(request, &setup);

	if (!err)
		err = provider_open(setup, &request->why, &provider);
	if (!err)
		err = judge_client(setup, discovery_token_endpoint(provider_discovery(provider)),
			&request->why);
	if (!err)
		err = message_new(MESSAGE_JUDGE_DONE, &answer);
	return err ? err : request_send(request, answer);
}
