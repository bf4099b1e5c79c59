/* SPDX-License-Identifier: MIT */
/* The device grant carried out on a clock that only waiting moves. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sys/socket.h>

#include "pam_cosmo_sso/judge/device_flow.h"
#include "tests/unit/judge/fetch_stand_in.h"
#include "tests/unit/judge/waiting_clock.h"

#define PENDING   "{\"error\":\"authorization_pending\"}"
#define SLOW_DOWN "{\"error\":\"slow_down\"}"
#define TOKENS    "{\"id_token\":\"i\",\"access_token\":\"a\",\"token_type\":\"Bearer\"}"
#define CODE                                                                                          \
	"{\"device_code\":\"d c\",\"user_code\":\"U\",\"verification_uri\":\"https://idp.example/\"," \
	"\"expires_in\":60,\"interval\":5}"
#define POLL_BODY                                                                                  \
	"grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Adevice_code&device_code=d+c&"       \
	"client_id=cosmo"

static struct fetch_stand_in fetch;
static struct reason why;
static int peer[2];
static struct message *question;
static struct setup *setup;
static struct discovery *discovery;

static int start(void **state)
{
	(void)state;
	clock_start();
	why.text[0] = '\0';
	fetch_start(&fetch);
	question = fetch_question();
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, peer) != 0)
		return -1;
	if (setup_read(question, &fetch.dialogue, &setup) != COSMO_OK)
		return -1;
	return discovery_parse(fetch_discovery, strlen(fetch_discovery), FETCH_ISSUER, NULL,
		       &discovery) == COSMO_OK
		       ? 0
		       : -1;
}

static int put_away(void **state)
{
	(void)state;
	discovery_free(discovery);
	setup_free(setup);
	message_free(question);
	fetch_stop(&fetch);
	close(peer[0]);
	close(peer[1]);
	return 0;
}

static struct device_grant *begun(void)
{
	struct device_start start = {.grant = NULL};

	fetch_lay_body(&fetch, 200, CODE);
	assert_int_equal(device_flow_begin(setup, discovery, &why, &start), COSMO_OK);
	return start.grant;
}

static enum cosmo_err finish(struct device_grant *grant)
{
	COSMO_AUTO(token_response_free) struct token_response *tokens = NULL;
	enum cosmo_err err = device_flow_finish(setup, discovery, grant, peer[0], &why, &tokens);

	assert_true((err == COSMO_OK) == (tokens != NULL));
	return err;
}

static void assert_waits(const int64_t *wanted_s, size_t count)
{
	assert_int_equal(clock_waits(), count);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(clock_wait_ms(i), wanted_s[i] * 1000);
}

static void test_device_flow_begin__request__says_what_is_configured(void **state)
{
	struct device_start started = {.grant = NULL};

	(void)state;
	setup->audience = "api x";
	setup->acr = "mfa";
	setup->max_age_s = 300;
	fetch_lay(&fetch, (struct fetch_answer){.status = 200,
				  .body = CODE,
				  .date_s = 99,
				  .retry_after_s = -1,
				  .max_age_s = -1});
	assert_int_equal(device_flow_begin(setup, discovery, &why, &started), COSMO_OK);
	device_grant_free(started.grant);
	assert_int_equal(started.date_s, 99);
	assert_true(started.has_offline_access);
	fetch_expect(&fetch, "/device",
		"scope=openid+profile+offline_access&audience=api+x&acr_values=mfa&max_age=300&"
		"client_id=cosmo");
	fetch_expect_none(&fetch);
}

/* offline_access is asked for once, only where it is listed, and for what is to last. */
static void test_device_flow_begin__offline_access__follows_the_idps_list(void **state)
{
	static const struct {
		const char *scopes, *body;
	} cases[] = {
		{"openid", "scope=openid+offline_access&client_id=cosmo"},
		{"openid offline_access x", "scope=openid+offline_access+x&client_id=cosmo"},
		{"offline_access", "scope=offline_access&client_id=cosmo"},
		{"openid offline_access2",
			"scope=openid+offline_access2+offline_access&client_id=cosmo"},
	};
	static const struct {
		const char *scopes, *body;
	} once[] = {
		{"openid profile", "scope=openid+profile&client_id=cosmo"},
		{"offline_access openid", "scope=openid&client_id=cosmo"},
		{"openid offline_access offline_access x", "scope=openid+x&client_id=cosmo"},
		{"openid offline_access2", "scope=openid+offline_access2&client_id=cosmo"},
	};

	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(cases); i++) {
		setup->scopes = cases[i].scopes;
		device_grant_free(begun());
		fetch_expect(&fetch, "/device", cases[i].body);
	}
	setup->is_once = true;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(once); i++) {
		setup->scopes = once[i].scopes;
		device_grant_free(begun());
		fetch_expect(&fetch, "/device", once[i].body);
	}
	setup->is_once = false;
	static const char bare[] =
		"{\"issuer\":\"" FETCH_ISSUER "\",\"device_authorization_endpoint\":\"" FETCH_ISSUER
		"/device\",\"token_endpoint\":\"" FETCH_ISSUER
		"/token\",\"jwks_uri\":\"" FETCH_ISSUER "/jwks\"}";
	discovery_free(discovery);
	assert_int_equal(
		discovery_parse(bare, strlen(bare), FETCH_ISSUER, NULL, &discovery), COSMO_OK);
	setup->scopes = "openid";
	device_grant_free(begun());
	fetch_expect(&fetch, "/device", "scope=openid&client_id=cosmo");
}

static void test_device_flow_begin__refused__is_told(void **state)
{
	struct device_start started = {.grant = NULL};

	(void)state;
	fetch_lay_body(&fetch, 401, "{\"error\":\"invalid_client\"}");
	assert_int_equal(device_flow_begin(setup, discovery, &why, &started), COSMO_E_IDP_CLIENT);
	assert_string_equal(why.text, "error=invalid_client status=401");
	fetch_lay_body(&fetch, 200, "<html>");
	assert_int_equal(device_flow_begin(setup, discovery, &why, &started), COSMO_E_IDP_NOT_JSON);
	fetch_lay_failure(&fetch, COSMO_E_CONNECT, NULL);
	assert_int_equal(device_flow_begin(setup, discovery, &why, &started), COSMO_E_CONNECT);
	setup->client.auth = CLIENT_AUTH_BASIC; /* and no secret */
	assert_int_equal(device_flow_begin(setup, discovery, &why, &started), COSMO_E_IDP_CLIENT);
	assert_null(started.grant);
}

/* Start with these scopes at an IdP that refuses what is asked first. */
static enum cosmo_err begin_refused(
	const char *scopes, const char *answer, unsigned int status, struct device_start *ret)
{
	setup->scopes = scopes;
	fetch_lay_body(&fetch, 400, "{\"error\":\"invalid_scope\"}");
	if (answer)
		fetch_lay_body(&fetch, status, answer);
	return device_flow_begin(setup, discovery, &why, ret);
}

/* case: grant: where a client may not ask for offline_access the code is asked for once more,
 * without it */
static void test_device_flow_begin__offline_access_refused__asks_without_it(void **state)
{
	struct device_start started = {.grant = NULL};

	(void)state;
	assert_int_equal(begin_refused("openid profile", CODE, 200, &started), COSMO_OK);
	assert_false(started.has_offline_access);
	assert_string_equal(why.text, "");
	fetch_expect(&fetch, "/device", "scope=openid+profile+offline_access&client_id=cosmo");
	fetch_expect(&fetch, "/device", "scope=openid+profile&client_id=cosmo");
	fetch_expect_none(&fetch);
	assert_string_equal(device_grant_user_code(started.grant), "U");
	device_grant_free(started.grant);
}

/* case: grant: a scope that is configured and refused is refused, offline_access too; what is
 * refused without offline_access is not asked for a third time */
static void test_device_flow_begin__own_scope_refused__is_told(void **state)
{
	static const char refused[] = "{\"error\":\"invalid_scope\"}";
	struct device_start started = {.grant = NULL};

	(void)state;
	assert_int_equal(
		begin_refused("openid offline_access", NULL, 0, &started), COSMO_E_IDP_SCOPE);
	assert_string_equal(why.text, "error=invalid_scope status=400");
	fetch_expect(&fetch, "/device", "scope=openid+offline_access&client_id=cosmo");
	fetch_expect_none(&fetch);
	assert_int_equal(begin_refused("openid x", refused, 400, &started), COSMO_E_IDP_SCOPE);
	assert_string_equal(why.text, "error=invalid_scope status=400");
	fetch_expect(&fetch, "/device", "scope=openid+x+offline_access&client_id=cosmo");
	fetch_expect(&fetch, "/device", "scope=openid+x&client_id=cosmo");
	fetch_expect_none(&fetch);
	setup->is_once = true;
	assert_int_equal(begin_refused("openid", NULL, 0, &started), COSMO_E_IDP_SCOPE);
	fetch_expect(&fetch, "/device", "scope=openid&client_id=cosmo");
	fetch_expect_none(&fetch);
	assert_null(started.grant);
}

/* case: grant: slow_down adds five seconds to the interval each time, for good */
static void test_device_flow_finish__approval__is_found_at_the_interval(void **state)
{
	static const int64_t waits_s[] = {5, 5, 10, 10};
	COSMO_AUTO(device_grant_free) struct device_grant *grant = begun();

	(void)state;
	fetch_lay_body(&fetch, 400, PENDING);
	fetch_lay_body(&fetch, 400, SLOW_DOWN);
	fetch_lay_body(&fetch, 400, PENDING);
	fetch_lay_body(&fetch, 200, TOKENS);
	assert_int_equal(finish(grant), COSMO_OK);
	assert_waits(waits_s, COSMO_ARRAY_LEN(waits_s));
}

/* case: grant: one code is asked for, and that one is polled */
static void test_device_flow_finish__each_question__is_the_same(void **state)
{
	COSMO_AUTO(device_grant_free) struct device_grant *grant = begun();

	(void)state;
	fetch_expect(&fetch, "/device", "scope=openid+profile+offline_access&client_id=cosmo");
	fetch_lay_body(&fetch, 400, PENDING);
	fetch_lay_body(&fetch, 200, TOKENS);
	assert_int_equal(finish(grant), COSMO_OK);
	fetch_expect(&fetch, "/token", POLL_BODY);
	fetch_expect(&fetch, "/token", POLL_BODY);
	fetch_expect_none(&fetch);
}

/* case: grant: HTTP 500 and answers that are no JSON are asked again with a doubled wait, inside
 * the deadline */
static void test_device_flow_finish__faults__are_waited_out(void **state)
{
	static const int64_t waits_s[] = {5, 10, 20, 5};
	COSMO_AUTO(device_grant_free) struct device_grant *grant = begun();

	(void)state;
	fetch_lay_failure(&fetch, COSMO_E_CONNECT, "refused");
	fetch_lay_body(&fetch, 503, "busy");
	fetch_lay_body(&fetch, 400, PENDING);
	fetch_lay_body(&fetch, 200, TOKENS);
	assert_int_equal(finish(grant), COSMO_OK);
	assert_waits(waits_s, COSMO_ARRAY_LEN(waits_s));
	assert_string_equal(why.text, "");
}

/* case: grant: a token reply whose JSON breaks off is no answer, and is asked for again */
static void test_device_flow_finish__cut_json__is_asked_for_again(void **state)
{
	static const int64_t waits_s[] = {5, 10, 20};
	COSMO_AUTO(device_grant_free) struct device_grant *grant = begun();

	(void)state;
	fetch_lay_body(&fetch, 200, "{\"id_token\":\"i\",\"access_token\":\"a\",\"token_ty");
	fetch_lay_body(&fetch, 200, "{\"id_token\":\"i\"");
	fetch_lay_body(&fetch, 200, TOKENS);
	assert_int_equal(finish(grant), COSMO_OK);
	assert_waits(waits_s, COSMO_ARRAY_LEN(waits_s));
}

/* case: grant: a certificate that is not trusted, or a redirect, ends the wait at once */
static void test_device_flow_finish__not_trusted__asks_nobody_again(void **state)
{
	static const enum cosmo_err faults[] = {COSMO_E_TLS_TRUST, COSMO_E_IDP_REDIRECT};
	static const int64_t waits_s[] = {5, 5};

	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(faults); i++) {
		COSMO_AUTO(device_grant_free) struct device_grant *grant = begun();

		fetch_expect(
			&fetch, "/device", "scope=openid+profile+offline_access&client_id=cosmo");
		fetch_lay_failure(&fetch, faults[i], "told");
		assert_int_equal(finish(grant), faults[i]);
		assert_string_equal(why.text, "told");
		fetch_expect(&fetch, "/token", POLL_BODY);
		fetch_expect_none(&fetch);
	}
	assert_waits(waits_s, COSMO_ARRAY_LEN(waits_s));
}

/* case: grant: a fault that lasts to the end is the reason that is told */
static void test_device_flow_finish__fault_to_the_end__is_the_reason(void **state)
{
	static const int64_t waits_s[] = {5, 10, 20};
	COSMO_AUTO(device_grant_free) struct device_grant *grant = begun();

	(void)state;
	for (int i = 0; i < 3; i++)
		fetch_lay_failure(&fetch, COSMO_E_CONNECT, "refused");
	assert_int_equal(finish(grant), COSMO_E_CONNECT);
	assert_waits(waits_s, COSMO_ARRAY_LEN(waits_s));
	assert_string_equal(why.text, "refused");
}

/* case: grant: a code that nobody approves is polled to its end, and its expiry told */
static void test_device_flow_finish__code_runs_out__ends_when_it_does(void **state)
{
	COSMO_AUTO(device_grant_free) struct device_grant *grant = begun();

	(void)state;
	for (int i = 0; i < 11; i++)
		fetch_lay_body(&fetch, 400, PENDING);
	assert_int_equal(finish(grant), COSMO_E_CODE_EXPIRED);
	assert_int_equal(clock_now_ms(), CLOCK_START_MS + 60 * 1000);
	assert_int_equal(clock_waits(), 12);
}

/* case: grant: a denial ends the wait at once under every HTTP status */
static void test_device_flow_finish__denied__ends_at_once(void **state)
{
	static const int64_t waits_s[] = {5};
	COSMO_AUTO(device_grant_free) struct device_grant *grant = begun();

	(void)state;
	fetch_lay_body(&fetch, 403, "{\"error\":\"access_denied\"}");
	assert_int_equal(finish(grant), COSMO_E_DENIED);
	assert_waits(waits_s, 1);
}

/* The person went away: nobody is asked any more. */
static void test_device_flow_finish__peer_gone__ends_without_a_question(void **state)
{
	COSMO_AUTO(device_grant_free) struct device_grant *grant = begun();

	(void)state;
	fetch_expect(&fetch, "/device", "scope=openid+profile+offline_access&client_id=cosmo");
	fetch_lay_body(&fetch, 200, TOKENS);
	close(peer[1]);
	peer[1] = -1;
	assert_int_equal(finish(grant), COSMO_E_PEER_GONE);
	fetch_expect_none(&fetch);
}

static void test_device_flow_finish__peer_talks__ends_the_exchange(void **state)
{
	COSMO_AUTO(device_grant_free) struct device_grant *grant = begun();

	(void)state;
	assert_int_equal(send(peer[1], "x", 1, 0), 1);
	assert_int_equal(finish(grant), COSMO_E_PROTOCOL);
}

/* case: token: an access token is never taken for an identity */
static void test_device_flow_finish__no_id_token__is_refused(void **state)
{
	COSMO_AUTO(device_grant_free) struct device_grant *grant = begun();

	(void)state;
	fetch_lay_body(&fetch, 200, "{\"access_token\":\"a.b.c\",\"token_type\":\"Bearer\"}");
	assert_int_equal(finish(grant), COSMO_E_NO_ID_TOKEN);
}

/* Fetch that does not answer is not waited for beyond the request's own time. */
static void test_device_flow_finish__fetch_silent__ends(void **state)
{
	COSMO_AUTO(device_grant_free) struct device_grant *grant = begun();

	(void)state;
	assert_int_equal(finish(grant), COSMO_E_TIMEOUT);
	assert_int_equal(clock_now_ms(), CLOCK_START_MS + 5000 + IDP_TIMEOUT_MS + 2000);
}

int main(void)
{
#define ONE(test) cmocka_unit_test_setup_teardown(test, start, put_away)
	const struct CMUnitTest tests[] = {
		ONE(test_device_flow_begin__request__says_what_is_configured),
		ONE(test_device_flow_begin__offline_access__follows_the_idps_list),
		ONE(test_device_flow_begin__refused__is_told),
		ONE(test_device_flow_begin__offline_access_refused__asks_without_it),
		ONE(test_device_flow_begin__own_scope_refused__is_told),
		ONE(test_device_flow_finish__approval__is_found_at_the_interval),
		ONE(test_device_flow_finish__each_question__is_the_same),
		ONE(test_device_flow_finish__faults__are_waited_out),
		ONE(test_device_flow_finish__cut_json__is_asked_for_again),
		ONE(test_device_flow_finish__not_trusted__asks_nobody_again),
		ONE(test_device_flow_finish__fault_to_the_end__is_the_reason),
		ONE(test_device_flow_finish__code_runs_out__ends_when_it_does),
		ONE(test_device_flow_finish__denied__ends_at_once),
		ONE(test_device_flow_finish__peer_gone__ends_without_a_question),
		ONE(test_device_flow_finish__peer_talks__ends_the_exchange),
		ONE(test_device_flow_finish__no_id_token__is_refused),
		ONE(test_device_flow_finish__fetch_silent__ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
