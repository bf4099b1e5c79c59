/* SPDX-License-Identifier: MIT */
/*
 * The judge, from its main() on, with a fetch or a helper that says whatever it likes: in its own
 * process, on a clock of its own (see scripted_peer.h), as often as COSMO_FUZZ_COUNT says. Only
 * the sandbox is left out.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/base/fdio.h"
#include "common/claim_state.h"
#include "common/client_auth.h"
#include "common/sandbox.h"
#include "common/spawn.h"
#include "tests/fuzz/heard.h"
#include "tests/fuzz/scripted_peer.h"
#include "tests/unit/judge/signer.h"

#ifndef SEQUENCES
#define SEQUENCES 40000
#endif

#define CHECKS (SEQUENCES / 4)

#define ISSUER      "https://idp.example.org"
#define DEADLINE_MS ((int64_t)110 * 1000)
/* For the first question, a request to fetch that has begun, and the last message to the helper. */
#define GRACE_MS ((int64_t)(10 + 12 + 10) * 1000)

int judge_main(void);
enum cosmo_err __wrap_sandbox_enter(const struct sandbox_profile *profile);

enum cosmo_err __wrap_sandbox_enter(const struct sandbox_profile *profile)
{
	(void)profile;
	return COSMO_OK;
}

/* Documents and tokens that are made once. */
static struct {
	char *discovery;
	char *jwks;
	char *device;
	char *genuine; /* the answer with ada's token, well signed */
	char *others[6];
} idp;

static struct {
	struct dice dice;
	bool is_plain;
	bool is_false_helper;
	bool is_check;       /* asked whether the client lives */
	bool keys_are_given; /* with the question, so that fetch cannot bring its own */
	bool gave_genuine;   /* ada's token went out, whole and in a good frame */
	struct draft_list list;
	struct peer *helper;
	struct peer *fetch;
	size_t requests_seen;
} play;

static struct heard heard;

static char *token_answer(EVP_PKEY *key, const char *claims)
{
	char *payload = signer_format("{\"iss\":\"" ISSUER "\",\"aud\":\"host\",%s,\"iat\":%lld,"
				      "\"exp\":%lld,\"auth_time\":%lld}",
		claims, (long long)fdio_now_s(), (long long)fdio_now_s() + 36000,
		(long long)fdio_now_s());
	char *token = signer_token(key, "ES256", "{\"alg\":\"ES256\",\"kid\":\"1\"}", payload);
	char *answer = signer_format("{\"id_token\":\"%s\",\"access_token\":\"a\",\"token_type\":"
				     "\"Bearer\",\"refresh_token\":\"refresh-me\"}",
		token);

	free(payload);
	free(token);
	return answer;
}

#define ADA "\"sub\":\"1000\",\"preferred_username\":\"ada\",\"groups\":[\"admins\"]"

static int start(void **state)
{
	EVP_PKEY *key = signer_new_ec("P-256");
	EVP_PKEY *other = signer_new_ec("P-256");
	char *jwk = signer_jwk(key, "\"kid\":\"1\",\"use\":\"sig\",\"alg\":\"ES256\"");

	(void)state;
	idp.jwks = signer_jwks(jwk, NULL);
	idp.discovery = signer_format(
		"{\"issuer\":\"" ISSUER "\",\"device_authorization_endpoint\":\"" ISSUER
		"/device\",\"token_endpoint\":\"" ISSUER "/token\",\"jwks_uri\":\"" ISSUER
		"/jwks\",\"revocation_endpoint\":\"" ISSUER "/revoke\"}");
	idp.device = signer_format(
		"{\"device_code\":\"d\",\"user_code\":\"WDJB-MJHT\","
		"\"verification_uri\":\"" ISSUER "/activate\",\"expires_in\":600,\"interval\":5}");
	idp.genuine = token_answer(key, ADA);
	idp.others[0] = token_answer(other, ADA);
	idp.others[1] = token_answer(key, ADA ",\"azp\":\"somebody else\"");
	idp.others[2] = token_answer(key, ADA ",\"nbf\":4000000000");
	idp.others[3] = signer_format("{\"error\":\"access_denied\"}");
	idp.others[4] = signer_format("{\"error\":\"authorization_pending\"}");
	idp.others[5] = signer_format("{\"id_token\":\"a.b.c\",\"access_token\":\"a\"}");
	free(jwk);
	EVP_PKEY_free(key);
	EVP_PKEY_free(other);
	return 0;
}

static int put_away(void **state)
{
	(void)state;
	free(idp.discovery);
	free(idp.jwks);
	free(idp.device);
	free(idp.genuine);
	for (size_t i = 0; i < COSMO_ARRAY_LEN(idp.others); i++)
		free(idp.others[i]);
	return 0;
}

/* Of a token endpoint for a token that nobody has. */
static const char *const words[] = {"{\"error\":\"invalid_grant\"}",
	"{\"error\":\"invalid_client\"}", "{\"error\":\"unauthorized_client\"}",
	"{\"error\":\"invalid_request\"}", "{\"error\":\"server_error\"}", "{}", "<html>"};

static uint64_t status_for(const char *text)
{
	static const uint64_t odd[] = {200, 302, 401, 404, 410, 429, 500, 503};

	if (play.is_check && !play.is_plain && dice_chance(&play.dice, 20))
		return odd[dice_below(&play.dice, COSMO_ARRAY_LEN(odd))];
	return strstr(text, "\"error\"") ? 400 : 200;
}

static const char *body_for(const char *url)
{
	if (strstr(url, "/.well-known/"))
		return idp.discovery;
	if (strstr(url, "/jwks"))
		return idp.jwks;
	if (strstr(url, "/device"))
		return idp.device;
	if (play.is_check)
		return words[play.is_plain ? 0 : dice_below(&play.dice, COSMO_ARRAY_LEN(words))];
	if (play.is_plain || play.is_false_helper || dice_chance(&play.dice, 40))
		return idp.genuine;
	return idp.others[dice_below(&play.dice, COSMO_ARRAY_LEN(idp.others))];
}

/* A few bytes of the document are others. */
static void spoil_body(unsigned char *body, size_t len)
{
	static const char odd[] = "{}[]\",:\\0e-\xff\n";

	for (size_t n = 1 + dice_below(&play.dice, 3); n > 0 && len > 0; n--)
		body[dice_below(&play.dice, len)] =
			(unsigned char)odd[dice_below(&play.dice, sizeof(odd) - 1)];
}

static void answer(const char *url)
{
	const char *text = body_for(url);
	unsigned char *body = NULL;
	struct draft *draft = NULL;
	bool honest = play.is_plain || play.is_false_helper;

	play.list.speaker = NULL;
	play.list.count = 0;
	draft = draft_add(&play.list,
		honest || dice_chance(&play.dice, 95) ? MESSAGE_FETCH_RESPONSE
						      : MESSAGE_FETCH_FAILED,
		&play.dice);
	if (draft->type == MESSAGE_FETCH_RESPONSE) {
		body = draft_keep(text, strlen(text));
		if (!honest && dice_chance(&play.dice, 10))
			spoil_body(body, strlen(text));
		draft_set(draft, FIELD_BODY, body, strlen(text));
		draft_set_u64(draft, FIELD_HTTP_STATUS, status_for(text));
		draft_remove(draft, FIELD_RETRY_AFTER_S);
	}
	if (honest || !dice_chance(&play.dice, 25)) {
		peer_say(play.fetch, &play.list);
		return;
	}
	draft_spoil(&play.list, &play.dice);
	peer_say_oddly(play.fetch, &play.list, &play.dice);
}

/* The next request of the judge's that has not been answered; also checks that all are allowed.
 * Half of a long one makes room for the other half. */
static bool fetch_reacts(struct peer *fetch)
{
	static struct heard next;
	size_t had = fetch->told_len;
	size_t offset = 0;
	size_t count = 0;

	peer_listen(fetch);
	while (offset < fetch->told_len &&
		heard_next(fetch->told, fetch->told_len, &offset, &next)) {
		CAMPAIGN_ASSERT(next.type == MESSAGE_FETCH_REQUEST);
		/* Who brings the discovery document names the endpoints; a check has it anew. */
		CAMPAIGN_ASSERT(
			play.is_false_helper || play.is_check || !play.keys_are_given ||
			strncmp(heard_str(&next, FIELD_URL), ISSUER "/", strlen(ISSUER "/")) == 0);
		heard = next;
		count++;
	}
	if (count == play.requests_seen || offset < fetch->told_len)
		return fetch->told_len > had;
	/* More than one, where an answer was there before its question. */
	play.requests_seen = count;
	answer(heard_str(&heard, FIELD_URL));
	return true;
}

static bool helper_reacts(struct peer *helper)
{
	size_t had = helper->told_len;

	peer_listen(helper);
	return helper->told_len > had;
}

static const void *speak(unsigned int type, unsigned int field, struct dice *dice, size_t *ret_len)
{
	static const char *const others[] = {"", "admin = ~(a+)+$", "admin", "none", "= =", "~("};
	const char *text = NULL;

	(void)type;
	switch (field) {
	case FIELD_RULE:
		text = "admin = admins";
		break;
	case FIELD_ALG:
		text = "ES256";
		break;
	case FIELD_USERNAME_CLAIM:
		text = "preferred_username";
		break;
	case FIELD_ROLES_CLAIM:
		text = "groups";
		break;
	case FIELD_DISCOVERY:
		text = idp.discovery;
		break;
	case FIELD_JWKS:
		text = idp.jwks;
		break;
	case FIELD_CLAIMS:
		text = "{" ADA "}";
		break;
	case FIELD_TOKEN:
		text = idp.genuine;
		break;
	default:
		return NULL;
	}
	if (!play.is_plain && play.is_false_helper && dice_chance(dice, 5))
		text = others[dice_below(dice, COSMO_ARRAY_LEN(others))];
	*ret_len = strlen(text) + (grammar_field(field)->kind == GRAMMAR_STR);
	return draft_keep(text, *ret_len);
}

static void set_setup(struct draft *question)
{
	draft_set_str(question, FIELD_ISSUER, ISSUER);
	draft_set_str(question, FIELD_CLIENT_ID, "host");
	draft_set_u64(question, FIELD_CLIENT_AUTH, CLIENT_AUTH_NONE);
	draft_set_str(question, FIELD_SCOPES, "openid");
	draft_set_str(question, FIELD_ALG, "ES256");
	draft_set_u64(question, FIELD_SKEW_S, 60);
	draft_set_u64(question, FIELD_DEADLINE_MS, DEADLINE_MS);
	draft_remove(question, FIELD_CLIENT_SECRET);
	if (play.keys_are_given || play.is_false_helper) {
		draft_set(question, FIELD_DISCOVERY, idp.discovery, strlen(idp.discovery));
		draft_set(question, FIELD_JWKS, idp.jwks, strlen(idp.jwks));
	}
}

static void set_question(struct draft *question)
{
	set_setup(question);
	draft_set_str(question, FIELD_SUBJECT_CLAIM, "sub");
	draft_set_str(question, FIELD_NAME_CLAIM, "name");
	draft_set_u64(question, FIELD_KEEP_DOMAINS, 0);
	draft_set_str(question, FIELD_RULE, "admin = admins");
	draft_remove(question, FIELD_UID_CLAIM);
	draft_remove(question, FIELD_ACR);
	draft_remove(question, FIELD_AUTH_MAX_AGE_S);
	draft_remove(question, FIELD_STRIP_DOMAIN);
	draft_remove(question, FIELD_VALUE_STRIP_PREFIX);
}

static void ask(void)
{
	static const unsigned int types[] = {MESSAGE_JUDGE_SIGN_IN, MESSAGE_JUDGE_SIGN_IN,
		MESSAGE_JUDGE_RULES, MESSAGE_JUDGE_VERIFY, MESSAGE_JUDGE_PROBE, MESSAGE_JUDGE_CHECK,
		MESSAGE_JUDGE_REVOKE};
	unsigned int type = play.is_false_helper
				    ? types[dice_below(&play.dice, COSMO_ARRAY_LEN(types))]
			    : play.is_check ? MESSAGE_JUDGE_CHECK
					    : MESSAGE_JUDGE_SIGN_IN;
	struct draft *question = NULL;

	draft_list_begin(&play.list, speak);
	question = draft_add(&play.list, type, &play.dice);
	if (type == MESSAGE_JUDGE_SIGN_IN)
		set_question(question);
	else if (type == MESSAGE_JUDGE_CHECK || type == MESSAGE_JUDGE_REVOKE)
		set_setup(question);
	if (!play.is_false_helper || play.is_plain) {
		peer_say(play.helper, &play.list);
		return;
	}
	for (size_t faults = 1 + dice_below(&play.dice, 3); faults > 0; faults--)
		draft_spoil(&play.list, &play.dice);
	peer_say_oddly(play.helper, &play.list, &play.dice);
}

static void be_started(int *ret_helper, int *ret_fetch)
{
	int helper = -1;
	int fetch = -1;

	play.helper = peer_new(&helper);
	play.fetch = peer_new(&fetch);
	play.fetch->react = fetch_reacts;
	play.helper->react = helper_reacts;
	*ret_helper = dup2(helper, SPAWN_PEER_FD);
	*ret_fetch = dup2(fetch, SPAWN_SECOND_FD);
	if (helper > SPAWN_SECOND_FD)
		close(helper);
	if (fetch > SPAWN_SECOND_FD)
		close(fetch);
}

/* Did fetch ever pass the answer with ada's token on as it was signed? */
static bool has_given_genuine(void)
{
	size_t offset = 0;

	while (heard_next(play.fetch->said, play.fetch->said_len, &offset, &heard)) {
		size_t len = 0;
		const unsigned char *body = heard_bytes(&heard, FIELD_BODY, &len);

		/* What stands around the token may differ. */
		if (body &&
			memmem(body, len, strchr(idp.genuine, ':') + 1,
				(size_t)(strchr(idp.genuine, ',') - strchr(idp.genuine, ':')) - 1))
			return true;
	}
	return false;
}

/* Did fetch ever bring an answer with a status from @first to @last and this text in it? */
static bool has_said(uint64_t first, uint64_t last, const char *text)
{
	static struct heard said;
	size_t offset = 0;

	while (heard_next(play.fetch->said, play.fetch->said_len, &offset, &said)) {
		size_t len = 0;
		const unsigned char *body = heard_bytes(&said, FIELD_BODY, &len);
		uint64_t status = heard_u64(&said, FIELD_HTTP_STATUS, 0);

		if (said.type == MESSAGE_FETCH_RESPONSE && status >= first && status <= last &&
			status != 429 &&
			(!*text || (body && memmem(body, len, text, strlen(text)))))
			return true;
	}
	return false;
}

/* Is the judge's last word what the IdP said? Returns whether it was that the client lives. */
static bool is_founded(void)
{
	uint64_t err = heard_u64(&heard, FIELD_ERR, COSMO_E_PROTOCOL);

	if (heard.type == MESSAGE_JUDGE_DONE) {
		CAMPAIGN_ASSERT(has_said(400, 499, "invalid_grant"));
		return true;
	}
	CAMPAIGN_ASSERT(heard.type == MESSAGE_JUDGE_FAILED && !play.is_plain);
	if (err == COSMO_E_IDP_CLIENT)
		CAMPAIGN_ASSERT(has_said(400, 499, "invalid_client"));
	if (err == COSMO_E_IDP_GRANT_TYPE)
		CAMPAIGN_ASSERT(has_said(400, 499, "unauthorized_client"));
	if (err == COSMO_E_IDP_GONE)
		CAMPAIGN_ASSERT(has_said(404, 404, "") || has_said(410, 410, ""));
	if (err == COSMO_E_IDP_ISSUER)
		CAMPAIGN_ASSERT(has_said(200, 200, "\"issuer\""));
	return false;
}

static bool one_sequence(const struct campaign *campaign, size_t number)
{
	int helper = -1;
	int fetch = -1;
	int64_t began_ms = 0;
	size_t offset = 0;
	bool identified = false;
	bool ended = false;

	peers_begin();
	play.dice = campaign_dice(campaign, number);
	play.is_plain = dice_chance(&play.dice, 10);
	play.keys_are_given = dice_chance(&play.dice, 70);
	play.requests_seen = 0;
	be_started(&helper, &fetch);
	ask();
	began_ms = peers_now_ms();
	(void)judge_main();
	CAMPAIGN_ASSERT(
		play.is_false_helper || peers_now_ms() - began_ms <= DEADLINE_MS + GRACE_MS);
	close(helper);
	close(fetch);
	peers_end();
	while (offset < play.helper->told_len) {
		CAMPAIGN_ASSERT(!ended);
		CAMPAIGN_ASSERT(
			heard_next(play.helper->told, play.helper->told_len, &offset, &heard));
		identified = heard.type == MESSAGE_JUDGE_IDENTITY;
		ended = identified || heard.type == MESSAGE_JUDGE_FAILED ||
			heard.type == MESSAGE_JUDGE_DONE || heard.type == MESSAGE_JUDGE_PROBED ||
			heard.type == MESSAGE_JUDGE_REVOKED;
	}
	if (play.is_check)
		return ended && is_founded();
	if (identified) {
		CAMPAIGN_ASSERT(heard_is(&heard, FIELD_ISSUER, ISSUER));
		CAMPAIGN_ASSERT(heard_is(&heard, FIELD_SUB, "1000") || play.is_false_helper);
		CAMPAIGN_ASSERT(heard_is(&heard, FIELD_USERNAME, "ada") || play.is_false_helper);
		CAMPAIGN_ASSERT(play.is_false_helper ||
				(heard_u64(&heard, FIELD_CLAIM_STATE, 9) == CLAIM_PRESENT &&
					heard_count(&heard, FIELD_ROLE) == 1 &&
					heard_is(&heard, FIELD_ROLE, "admin")));
		CAMPAIGN_ASSERT(has_given_genuine());
	}
	CAMPAIGN_ASSERT(identified || !play.is_plain || play.is_false_helper);
	return identified;
}

/* case: peer: whatever a false fetch says, the judge names only who stands in a token signed by the
 * issuer, and ends in time */
static void test_false_fetch__whatever_it_says__only_a_signed_token_names_somebody(void **state)
{
	(void)state;
	play.is_false_helper = false;
	campaign_run("false fetch, judge", SEQUENCES, one_sequence,
		"brought the signed token and named ada");
}

/* No word but a definite one of the IdP's becomes one. */
static void test_false_fetch__asked_whether_the_client_lives__refusals_are_the_idps(void **state)
{
	(void)state;
	play.is_false_helper = false;
	play.is_check = true;
	campaign_run("false fetch, judge's check", CHECKS, one_sequence,
		"brought the word that the client lives");
	play.is_check = false;
}

/* case: peer: whatever a false helper asks, the judge answers in the protocol's order or not at
 * all, and names nobody without a signed token */
static void test_false_helper__whatever_it_asks__the_judge_answers_in_order_or_ends(void **state)
{
	(void)state;
	play.is_false_helper = true;
	campaign_run(
		"false helper, judge", SEQUENCES, one_sequence, "were sound enough to name ada");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			test_false_fetch__whatever_it_says__only_a_signed_token_names_somebody,
			start, put_away),
		cmocka_unit_test_setup_teardown(
			test_false_fetch__asked_whether_the_client_lives__refusals_are_the_idps,
			start, put_away),
		cmocka_unit_test_setup_teardown(
			test_false_helper__whatever_it_asks__the_judge_answers_in_order_or_ends,
			start, put_away),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
