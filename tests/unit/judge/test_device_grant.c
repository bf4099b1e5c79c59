/* SPDX-License-Identifier: MIT */
/* The state machine on a clock of the test's own: what it wants next, and when to the millisecond.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "pam_cosmo_sso/judge/device_grant.h"
#include "tests/unit/judge/signer.h"

#define START    INT64_C(5000000)
#define DEADLINE (START + 110 * 1000)
#define FAR      (START + INT64_C(1000) * 1000 * 1000)

#define CODES                                                                                      \
	"\"device_code\":\"dc\",\"user_code\":\"WDJB-MJHT\","                                      \
	"\"verification_uri\":\"https://idp.example/device\""
#define GOOD "{" CODES ",\"expires_in\":600,\"interval\":5}"

static int64_t now_ms;
static struct reason why;

static enum cosmo_err open_status(
	unsigned int status, const char *text, int64_t deadline_ms, struct device_grant **ret)
{
	COSMO_AUTO(json_free) struct json_object *json = NULL;
	struct oauth_reply reply = {.http_status = status};

	if (text) {
		assert_int_equal(json_parse(text, strlen(text), &json), COSMO_OK);
		reply.json = json;
	}
	now_ms = START;
	return device_grant_open(&reply, START, deadline_ms, &why, ret);
}

static struct device_grant *opened(const char *text, int64_t deadline_ms)
{
	struct device_grant *grant = NULL;

	assert_int_equal(open_status(200, text, deadline_ms, &grant), COSMO_OK);
	return grant;
}

static enum cosmo_err open_err(const char *text)
{
	COSMO_AUTO(device_grant_free) struct device_grant *grant = NULL;
	enum cosmo_err err = open_status(200, text, DEADLINE, &grant);

	assert_true((err == COSMO_OK) == (grant != NULL));
	return err;
}

/* The reply @text (NULL: no JSON) comes the moment the question is put. */
static struct device_step reply(
	struct device_grant *grant, unsigned int status, const char *text, int64_t retry_after_s)
{
	COSMO_AUTO(json_free) struct json_object *json = NULL;
	struct oauth_reply reply = {.http_status = status, .retry_after_s = retry_after_s};

	if (text) {
		assert_int_equal(json_parse(text, strlen(text), &json), COSMO_OK);
		reply.json = json;
	}
	return device_grant_reply(grant, &reply, now_ms, &why);
}

static struct device_step error_reply(
	struct device_grant *grant, unsigned int status, const char *error)
{
	COSMO_AUTO(free) char *text = signer_format("{\"error\":\"%s\"}", error);

	return reply(grant, status, text, 0);
}

/* The step is to ask again, @wait_s from now; the clock goes there. */
static void assert_polls_after(struct device_step step, int64_t wait_s)
{
	assert_int_equal(step.action, DEVICE_POLL);
	assert_int_equal(step.err, COSMO_OK);
	assert_int_equal(step.at_ms - now_ms, wait_s * 1000);
	now_ms = step.at_ms;
}

static void assert_ends(struct device_step step, enum cosmo_err err, int64_t at_ms)
{
	assert_int_equal(step.action, DEVICE_END);
	assert_string_equal(cosmo_err_id(step.err), cosmo_err_id(err));
	assert_int_equal(step.at_ms, at_ms);
}

static void test_device_grant_open__good_answer__is_told(void **state)
{
	COSMO_AUTO(device_grant_free)
	struct device_grant *grant = opened(
		"{" CODES ",\"verification_uri_complete\":\"https://idp.example/device?c=1\","
		"\"expires_in\":900,\"interval\":7,\"message\":\"Entra\"}",
		DEADLINE);

	(void)state;
	assert_int_equal(secret_len(device_grant_device_code(grant)), 2);
	assert_string_equal(secret_peek(device_grant_device_code(grant)), "dc");
	assert_string_equal(device_grant_user_code(grant), "WDJB-MJHT");
	assert_string_equal(device_grant_verification_uri(grant), "https://idp.example/device");
	assert_string_equal(
		device_grant_verification_uri_complete(grant), "https://idp.example/device?c=1");
	assert_int_equal(device_grant_expires_in_s(grant), 900);
	assert_int_equal(device_grant_interval_s(grant), 7);
	device_grant_free(NULL);
}

/* case: grant: verification_url, as Google spells it, is taken; where both stand the standard
 * spelling counts */
static void test_device_grant_open__google_spelling__is_taken(void **state)
{
	COSMO_AUTO(device_grant_free)
	struct device_grant *grant =
		opened("{\"device_code\":\"d\",\"user_code\":\"u\",\"verification_url\":"
		       "\"https://www.google.com/device\",\"expires_in\":1800,\"interval\":5}",
			FAR);

	(void)state;
	assert_string_equal(device_grant_verification_uri(grant), "https://www.google.com/device");
	assert_null(device_grant_verification_uri_complete(grant));
	/* The standard's own spelling wins, even where it is useless. */
	assert_int_equal(
		open_err("{\"device_code\":\"d\",\"user_code\":\"u\",\"expires_in\":600,"
			 "\"verification_uri\":null,\"verification_url\":\"https://a.example/\"}"),
		COSMO_E_IDP_FIELD);
}

/* case: grant: numbers spelt as strings of digits are read as numbers, and nothing else is */
/* case: grant: without an interval, or with none that is more than zero, the wait is five seconds
 */
static void test_device_grant_open__numbers__are_read_in_every_form(void **state)
{
	static const struct {
		const char *times;
		int64_t expires_in_s; /* 0: refused */
		int64_t interval_s;
	} cases[] = {
		{"\"expires_in\":600", 600, DEVICE_GRANT_INTERVAL_S},
		{"\"expires_in\":600,\"interval\":null", 600, DEVICE_GRANT_INTERVAL_S},
		{"\"expires_in\":600,\"interval\":0", 600, DEVICE_GRANT_INTERVAL_S},
		{"\"expires_in\":600,\"interval\":0.5", 600, DEVICE_GRANT_INTERVAL_S},
		{"\"expires_in\":\"600\",\"interval\":\"7\"", 600, 7},
		{"\"expires_in\":600.9,\"interval\":1.9", 600, 1},
		{"\"expires_in\":6e2,\"interval\":1", 600, 1},
		{"\"expires_in\":1e300,\"interval\":1e300", DEVICE_GRANT_MAX_EXPIRES_S,
			DEVICE_GRANT_MAX_EXPIRES_S},
		{"\"expires_in\":9223372036854775807,\"interval\":9223372036854775807",
			DEVICE_GRANT_MAX_EXPIRES_S, DEVICE_GRANT_MAX_EXPIRES_S},
		{"\"interval\":5", 0, 0},
		{"\"expires_in\":null", 0, 0},
		{"\"expires_in\":0", 0, 0},
		{"\"expires_in\":0.9", 0, 0},
		{"\"expires_in\":-1", 0, 0},
		{"\"expires_in\":\"\"", 0, 0},
		{"\"expires_in\":\"ten\"", 0, 0},
		{"\"expires_in\":\"600s\"", 0, 0},
		{"\"expires_in\":true", 0, 0},
		{"\"expires_in\":600,\"interval\":-5", 0, 0},
		{"\"expires_in\":600,\"interval\":\"5s\"", 0, 0},
		{"\"expires_in\":600,\"interval\":[5]", 0, 0},
	};

	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(cases); i++) {
		COSMO_AUTO(free) char *text = signer_format("{" CODES ",%s}", cases[i].times);
		COSMO_AUTO(device_grant_free) struct device_grant *grant = NULL;
		enum cosmo_err err = open_status(200, text, DEADLINE, &grant);

		print_message("%s\n", cases[i].times);
		assert_int_equal(err, cases[i].expires_in_s ? COSMO_OK : COSMO_E_IDP_FIELD);
		if (err)
			continue;
		assert_int_equal(device_grant_expires_in_s(grant), cases[i].expires_in_s);
		assert_int_equal(device_grant_interval_s(grant), cases[i].interval_s);
	}
}

/* case: grant: a device reply without a usable code or address is refused */
static void test_device_grant_open__member_missing_or_unusable__is_refused(void **state)
{
	static const struct {
		const char *device_code, *user_code, *uri;
	} cases[] = {
		{"null", "\"u\"", "\"https://a.example/\""},
		{"\"\"", "\"u\"", "\"https://a.example/\""},
		{"5", "\"u\"", "\"https://a.example/\""},
		{"\"d\"", "null", "\"https://a.example/\""},
		{"\"d\"", "\"\"", "\"https://a.example/\""},
		{"\"d\"", "7", "\"https://a.example/\""},
		{"\"d\"", "\"A\\u001b[2J\"", "\"https://a.example/\""},
		{"\"d\"", "\"A\\nB\"", "\"https://a.example/\""},
		{"\"d\"", "\"\xc3\xa9\"", "\"https://a.example/\""},
		{"\"d\"", "\"\\u202eAB\"", "\"https://a.example/\""},
		{"\"d\"", "\"u\"", "null"},
		{"\"d\"", "\"u\"", "\"http://a.example/\""},
		{"\"d\"", "\"u\"", "\"javascript:alert(1)\""},
		{"\"d\"", "\"u\"", "\"https://\""},
		{"\"d\"", "\"u\"", "\"https://a.example/\\u001b[2J\""},
		{"\"d\"", "\"u\"", "\"https://good.example@evil.example/\""},
	};

	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(cases); i++) {
		COSMO_AUTO(free)
		char *text = signer_format("{\"device_code\":%s,\"user_code\":%s,"
					   "\"verification_uri\":%s,\"expires_in\":600}",
			cases[i].device_code, cases[i].user_code, cases[i].uri);

		print_message("%s\n", text);
		assert_int_equal(open_err(text), COSMO_E_IDP_FIELD);
	}
	assert_int_equal(open_err("{}"), COSMO_E_IDP_FIELD);
}

static void test_device_grant_open__texts__are_bounded(void **state)
{
	static const struct {
		size_t code, user, uri;
		enum cosmo_err err;
	} cases[] = {
		{DEVICE_GRANT_MAX_CODE_BYTES, 63, 511, COSMO_OK},
		{DEVICE_GRANT_MAX_CODE_BYTES + 1, 63, 511, COSMO_E_IDP_FIELD},
		{DEVICE_GRANT_MAX_CODE_BYTES, 64, 511, COSMO_E_IDP_FIELD},
		{DEVICE_GRANT_MAX_CODE_BYTES, 63, 512, COSMO_E_IDP_FIELD},
	};
	static char many[DEVICE_GRANT_MAX_CODE_BYTES + 2];

	(void)state;
	memset(many, 'x', sizeof(many) - 1);
	for (size_t i = 0; i < COSMO_ARRAY_LEN(cases); i++) {
		COSMO_AUTO(free)
		char *text =
			signer_format("{\"device_code\":\"%.*s\",\"user_code\":\"%.*s\","
				      "\"verification_uri\":\"https://%.*s\",\"expires_in\":1}",
				(int)cases[i].code, many, (int)cases[i].user, many,
				(int)cases[i].uri - 8, many);

		assert_int_equal(open_err(text), cases[i].err);
	}
}

/* The complete address is a convenience: without a usable one the plain one serves. */
/* case: grant: without a complete address, or with one that cannot be used, the plain one is shown
 */
static void test_device_grant_open__unusable_complete_uri__is_left_out(void **state)
{
	static const char *const cases[] = {"null", "\"\"", "7", "\"http://a.example/?c=1\"",
		"\"https://a.example/?c=\\n\"", "\"https://a.example/?c=\\\"\"", "[]"};

	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(cases); i++) {
		COSMO_AUTO(free)
		char *text = signer_format("{" CODES ",\"expires_in\":600,"
					   "\"verification_uri_complete\":%s}",
			cases[i]);
		COSMO_AUTO(device_grant_free) struct device_grant *grant = opened(text, FAR);

		print_message("%s\n", cases[i]);
		assert_null(device_grant_verification_uri_complete(grant));
	}
}

/* case: grant: an error at the device endpoint means the same under every HTTP status */
/* case: grant: slow_down with status 429 at the device endpoint is told as the rate limit of the
 * provider */
static void test_device_grant_open__error__has_its_code_under_every_status(void **state)
{
	static const struct {
		const char *error;
		enum cosmo_err err;
	} cases[] = {
		{"invalid_client", COSMO_E_IDP_CLIENT},
		{"unauthorized_client", COSMO_E_IDP_GRANT_TYPE},
		{"unsupported_grant_type", COSMO_E_IDP_GRANT_TYPE},
		{"invalid_grant", COSMO_E_IDP_GRANT_TYPE}, /* Keycloak */
		{"invalid_scope", COSMO_E_IDP_SCOPE},
		{"slow_down", COSMO_E_IDP_RATE}, /* Authentik */
		{"rate_limit_exceeded", COSMO_E_IDP_RATE},
		{"access_denied", COSMO_E_DENIED},
		{"authorization_pending", COSMO_E_IDP_ERROR},
		{"expired_token", COSMO_E_IDP_ERROR},
		{"server_error", COSMO_E_IDP_ERROR},
		{"something", COSMO_E_IDP_ERROR},
	};
	static const unsigned int statuses[] = {200, 400, 401, 403, 428, 429, 500, 503};

	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(cases); i++) {
		COSMO_AUTO(free)
		char *text = signer_format(
			"{\"error\":\"%s\"," CODES ",\"expires_in\":600}", cases[i].error);

		print_message("%s\n", cases[i].error);
		for (size_t k = 0; k < COSMO_ARRAY_LEN(statuses); k++) {
			struct device_grant *grant = NULL;

			assert_int_equal(
				open_status(statuses[k], text, DEADLINE, &grant), cases[i].err);
			assert_null(grant);
		}
	}
}

static void test_device_grant_open__no_answer_of_an_idp__is_told_as_that(void **state)
{
	struct device_grant *grant = NULL;

	(void)state;
	assert_int_equal(open_status(200, NULL, DEADLINE, &grant), COSMO_E_IDP_NOT_JSON);
	assert_int_equal(open_status(429, NULL, DEADLINE, &grant), COSMO_E_IDP_RATE);
	assert_int_equal(open_status(502, NULL, DEADLINE, &grant), COSMO_E_IDP_STATUS);
	assert_int_equal(
		open_status(404, "{\"message\":\"no\"}", DEADLINE, &grant), COSMO_E_IDP_STATUS);
	assert_int_equal(
		open_status(200, "{\"message\":\"no\"}", DEADLINE, &grant), COSMO_E_IDP_FIELD);
	assert_null(grant);
}

/* case: grant: authorization_pending is asked again at the interval, until the deadline and not
 * after it */
static void test_device_grant__pending__polls_at_the_interval(void **state)
{
	COSMO_AUTO(device_grant_free) struct device_grant *grant = opened(GOOD, DEADLINE);

	(void)state;
	assert_polls_after(device_grant_begin(grant, now_ms), 5);
	for (int i = 0; i < 20; i++)
		assert_polls_after(error_reply(grant, 400, "authorization_pending"), 5);
	assert_int_equal(now_ms, START + 105 * 1000);
	/* The next question would come at the deadline. */
	assert_ends(error_reply(grant, 400, "authorization_pending"), COSMO_E_DEADLINE, DEADLINE);
}

/* case: grant: without an interval, or with none that is more than zero, the wait is five seconds
 */
static void test_device_grant__interval_not_told__is_five_seconds(void **state)
{
	COSMO_AUTO(device_grant_free)
	struct device_grant *grant = opened("{" CODES ",\"expires_in\":600}", DEADLINE);

	(void)state;
	assert_polls_after(device_grant_begin(grant, now_ms), 5);
	assert_polls_after(error_reply(grant, 400, "authorization_pending"), 5);
}

/* case: grant: slow_down adds five seconds to the interval each time, for good */
static void test_device_grant__slow_down__adds_five_seconds_for_good(void **state)
{
	COSMO_AUTO(device_grant_free) struct device_grant *grant = opened(GOOD, FAR);

	(void)state;
	assert_polls_after(device_grant_begin(grant, now_ms), 5);
	assert_polls_after(error_reply(grant, 400, "slow_down"), 10);
	assert_polls_after(error_reply(grant, 400, "authorization_pending"), 10);
	assert_polls_after(error_reply(grant, 429, "slow_down"), 15);
	assert_polls_after(error_reply(grant, 200, "slow_down"), 20);
	assert_polls_after(error_reply(grant, 400, "authorization_pending"), 20);
	assert_int_equal(device_grant_interval_s(grant), 20);
	/* A fault in between takes nothing of it away. */
	assert_polls_after(device_grant_fault(grant, COSMO_E_CONNECT, now_ms), 40);
	assert_polls_after(error_reply(grant, 400, "authorization_pending"), 20);
}

/* Overload is told with its end: asking before it would be asking in vain. */
static void test_device_grant__slow_down_with_retry_after__waits_that_long_once(void **state)
{
	COSMO_AUTO(device_grant_free) struct device_grant *grant = opened(GOOD, FAR);

	(void)state;
	assert_polls_after(reply(grant, 429, "{\"error\":\"slow_down\"}", 30), 30);
	assert_polls_after(reply(grant, 429, "{\"error\":\"slow_down\"}", 3), 15);
	assert_polls_after(error_reply(grant, 400, "authorization_pending"), 15);
}

/* FIELD: 400 most, 401 Dex, 403 Auth0, 428 Google; the word counts, never the number. */
/* case: grant: the same JSON error means the same under HTTP 200, 400, 401, 403, 428 and 429 */
/* case: grant: a denial ends the wait at once under every HTTP status */
/* case: grant: authorization_declined, as Entra ID says it, is a denial */
static void test_device_grant__same_error__means_the_same_under_every_status(void **state)
{
	static const struct {
		const char *error;
		enum cosmo_err err; /* COSMO_OK: asks again */
	} cases[] = {
		{"authorization_pending", COSMO_OK},
		{"slow_down", COSMO_OK},
		{"access_denied", COSMO_E_DENIED},
		{"authorization_declined", COSMO_E_DENIED}, /* Entra ID */
		{"expired_token", COSMO_E_CODE_EXPIRED},
		{"code_expired", COSMO_E_CODE_EXPIRED},
		{"invalid_grant", COSMO_E_INVALID_GRANT},
		{"bad_verification_code", COSMO_E_INVALID_GRANT},
		{"invalid_client", COSMO_E_IDP_CLIENT},
		{"unauthorized_client", COSMO_E_IDP_GRANT_TYPE},
		{"unsupported_grant_type", COSMO_E_IDP_GRANT_TYPE},
		{"invalid_scope", COSMO_E_IDP_SCOPE},
		{"invalid_request", COSMO_E_IDP_ERROR},
		{"ACCESS_DENIED", COSMO_E_IDP_ERROR},
		{"authorization_pending ", COSMO_E_IDP_ERROR},
		{"", COSMO_E_IDP_ERROR},
	};
	static const unsigned int statuses[] = {200, 400, 401, 403, 428, 429};

	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(cases); i++) {
		print_message("%s\n", cases[i].error);
		for (size_t k = 0; k < COSMO_ARRAY_LEN(statuses); k++) {
			COSMO_AUTO(device_grant_free)
			struct device_grant *grant = opened(GOOD, FAR);
			struct device_step step = error_reply(grant, statuses[k], cases[i].error);

			if (cases[i].err)
				assert_ends(step, cases[i].err, START);
			else
				assert_int_equal(step.action, DEVICE_POLL);
		}
	}
}

/* A member "error" of any kind is no success, whatever stands beside it. */
/* case: grant: tokens beside an error of any kind are no success, and an error is no token */
static void test_device_grant__error_beside_tokens__is_no_success(void **state)
{
	static const char *const errors[] = {"null", "5", "[]", "{}", "\"\"", "false"};

	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(errors); i++) {
		COSMO_AUTO(free)
		char *text = signer_format(
			"{\"error\":%s,\"id_token\":\"a\",\"access_token\":\"b\"}", errors[i]);
		COSMO_AUTO(device_grant_free) struct device_grant *grant = opened(GOOD, FAR);

		print_message("%s\n", errors[i]);
		assert_ends(reply(grant, 200, text, 0), COSMO_E_IDP_ERROR, START);
	}
	COSMO_AUTO(device_grant_free) struct device_grant *grant = opened(GOOD, FAR);
	assert_polls_after(
		reply(grant, 200, "{\"error\":\"authorization_pending\",\"id_token\":\"a\"}", 0),
		5);
}

static void test_device_grant__tokens__are_handed_on_at_once(void **state)
{
	COSMO_AUTO(device_grant_free) struct device_grant *grant = opened(GOOD, FAR);
	struct device_step step = {.action = DEVICE_END};

	(void)state;
	now_ms += 1234;
	step = reply(grant, 200, "{\"access_token\":\"a\",\"id_token\":\"i\"}", 0);
	assert_int_equal(step.action, DEVICE_TOKENS);
	assert_int_equal(step.at_ms, now_ms);
	/* Without an ID token it is token_response_parse() that says so. */
	step = reply(grant, 200, "{\"access_token\":\"a\"}", 0);
	assert_int_equal(step.action, DEVICE_TOKENS);
	assert_ends(reply(grant, 200, "{}", 0), COSMO_E_NO_ID_TOKEN, now_ms);
	assert_ends(
		reply(grant, 200, "{\"token_type\":\"Bearer\"}", 0), COSMO_E_NO_ID_TOKEN, now_ms);
}

/* case: grant: the end of the code and the end of the time the service allows are told apart */
static void test_device_grant__end_of_the_code__is_told_apart_from_the_deadline(void **state)
{
	COSMO_AUTO(device_grant_free)
	struct device_grant *code =
		opened("{" CODES ",\"expires_in\":12,\"interval\":5}", DEADLINE);

	(void)state;
	assert_polls_after(device_grant_begin(code, now_ms), 5);
	assert_polls_after(error_reply(code, 400, "authorization_pending"), 5);
	assert_ends(error_reply(code, 400, "authorization_pending"), COSMO_E_CODE_EXPIRED,
		START + 12 * 1000);
	COSMO_AUTO(device_grant_free)
	struct device_grant *deadline = opened(GOOD, START + 12 * 1000);
	now_ms = START + 10 * 1000;
	assert_ends(error_reply(deadline, 400, "authorization_pending"), COSMO_E_DEADLINE,
		START + 12 * 1000);
}

/* case: grant: a code that lives no longer than the interval is waited out, and its end is told */
static void test_device_grant__code_shorter_than_the_interval__ends_with_it(void **state)
{
	COSMO_AUTO(device_grant_free)
	struct device_grant *grant =
		opened("{" CODES ",\"expires_in\":3,\"interval\":5}", DEADLINE);
	COSMO_AUTO(device_grant_free)
	struct device_grant *equal =
		opened("{" CODES ",\"expires_in\":5,\"interval\":5}", DEADLINE);

	(void)state;
	assert_ends(device_grant_begin(grant, START), COSMO_E_CODE_EXPIRED, START + 3000);
	assert_ends(device_grant_begin(equal, START), COSMO_E_CODE_EXPIRED, START + 5000);
}

/* Auth0 says expired_token once and invalid_grant from then on. */
/* case: grant: expired_token said once and invalid_grant from then on are both told as expiry */
static void test_device_grant__invalid_grant_after_the_end__is_expiry(void **state)
{
	COSMO_AUTO(device_grant_free)
	struct device_grant *grant = opened("{" CODES ",\"expires_in\":10}", FAR);

	(void)state;
	now_ms = START + 9999;
	assert_ends(error_reply(grant, 400, "invalid_grant"), COSMO_E_INVALID_GRANT, now_ms);
	now_ms = START + 10000;
	assert_ends(error_reply(grant, 400, "invalid_grant"), COSMO_E_CODE_EXPIRED, now_ms);
	assert_ends(error_reply(grant, 403, "expired_token"), COSMO_E_CODE_EXPIRED, now_ms);
	assert_ends(error_reply(grant, 403, "invalid_grant"), COSMO_E_CODE_EXPIRED, now_ms);
	assert_ends(error_reply(grant, 400, "access_denied"), COSMO_E_DENIED, now_ms);
}

/* case: grant: DNS, connection, TLS and proxy faults are asked again with a doubled wait, and an
 * answer ends that */
static void test_device_grant__network_faults__back_off_and_recover(void **state)
{
	static const enum cosmo_err faults[] = {COSMO_E_DNS, COSMO_E_CONNECT, COSMO_E_TLS,
		COSMO_E_PROXY, COSMO_E_IDP_TIMEOUT, COSMO_E_IDP_DROPPED};
	static const int64_t waits_s[] = {10, 20, 40, 80, 80, 80};

	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(faults); i++) {
		COSMO_AUTO(device_grant_free) struct device_grant *grant = opened(GOOD, FAR);

		print_message("%s\n", cosmo_err_id(faults[i]));
		for (size_t k = 0; k < COSMO_ARRAY_LEN(waits_s); k++)
			assert_polls_after(
				device_grant_fault(grant, faults[i], now_ms), waits_s[k]);
		/* One answer and the interval is what it was. */
		assert_polls_after(error_reply(grant, 400, "authorization_pending"), 5);
		assert_polls_after(device_grant_fault(grant, faults[i], now_ms), 10);
	}
}

/* case: grant: DNS, connection, TLS and proxy faults are tried again inside the deadline and not
 * after it */
static void test_device_grant__faults_to_the_deadline__end_as_what_they_are(void **state)
{
	static const enum cosmo_err faults[] = {COSMO_E_DNS, COSMO_E_CONNECT, COSMO_E_TLS,
		COSMO_E_PROXY, COSMO_E_IDP_TIMEOUT, COSMO_E_IDP_DROPPED};

	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(faults); i++) {
		COSMO_AUTO(device_grant_free) struct device_grant *grant = opened(GOOD, DEADLINE);

		print_message("%s\n", cosmo_err_id(faults[i]));
		assert_polls_after(device_grant_begin(grant, now_ms), 5);
		assert_polls_after(device_grant_fault(grant, faults[i], now_ms), 10);
		assert_polls_after(device_grant_fault(grant, faults[i], now_ms), 20);
		assert_polls_after(device_grant_fault(grant, faults[i], now_ms), 40);
		/* 80 s more, and 35 left: nobody will be asked any more */
		assert_ends(device_grant_fault(grant, faults[i], now_ms), faults[i], now_ms);
	}
}

/*
 * An address that was good a moment ago and now shows another certificate, or sends the question
 * elsewhere, is somebody else's; or the provider is being changed. Neither passes while one waits,
 * and the person should hear it at once.
 */
/* case: grant: a certificate that is not trusted, or a redirect, ends the wait at once */
static void test_device_grant__lasting_faults__end_at_once(void **state)
{
	static const enum cosmo_err faults[] = {COSMO_E_TLS_TRUST, COSMO_E_IDP_REDIRECT,
		COSMO_E_IDP_BODY_TOO_BIG, COSMO_E_DEADLINE, COSMO_E_PEER_GONE, COSMO_E_TIMEOUT,
		COSMO_E_PROTOCOL, COSMO_E_NOMEM, COSMO_E_IDP_CLIENT, COSMO_E_TOO_BIG};

	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(faults); i++) {
		COSMO_AUTO(device_grant_free) struct device_grant *grant = opened(GOOD, FAR);

		print_message("%s\n", cosmo_err_id(faults[i]));
		now_ms += 5000;
		assert_ends(device_grant_fault(grant, faults[i], now_ms), faults[i], now_ms);
	}
}

/* What is no word of the IdP's is a fault on the way to it. */
/* case: grant: HTTP 500 and answers that are no JSON are asked again with a doubled wait, inside
 * the deadline */
static void test_device_grant__answers_of_others__are_retried_with_back_off(void **state)
{
	static const struct {
		unsigned int status;
		const char *text;
		enum cosmo_err err;
	} cases[] = {
		{500, NULL, COSMO_E_IDP_STATUS},
		{502, NULL, COSMO_E_IDP_STATUS},
		{503, NULL, COSMO_E_IDP_STATUS},
		{200, NULL, COSMO_E_IDP_NOT_JSON},
		{404, NULL, COSMO_E_IDP_STATUS},
		{429, NULL, COSMO_E_IDP_RATE},
		{500, "{\"message\":\"oops\"}", COSMO_E_IDP_STATUS},
		{502, "{\"error\":\"Bad Gateway\",\"status\":502}", COSMO_E_IDP_ERROR},
		{500, "{\"error\":{\"code\":500}}", COSMO_E_IDP_ERROR},
		{400, "{\"error\":\"server_error\"}", COSMO_E_IDP_ERROR},
		{400, "{\"error\":\"temporarily_unavailable\"}", COSMO_E_IDP_ERROR},
		{403, "{\"error\":\"rate_limit_exceeded\"}", COSMO_E_IDP_RATE}, /* Google */
		{429, "{\"error\":\"too_many_requests\"}", COSMO_E_IDP_RATE},
	};

	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(cases); i++) {
		COSMO_AUTO(device_grant_free) struct device_grant *grant = opened(GOOD, DEADLINE);

		print_message("%u %s\n", cases[i].status, cases[i].text ? cases[i].text : "");
		assert_polls_after(reply(grant, cases[i].status, cases[i].text, 0), 10);
		assert_polls_after(reply(grant, cases[i].status, cases[i].text, 0), 20);
		assert_polls_after(reply(grant, cases[i].status, cases[i].text, 0), 40);
		/* 80 s more would be beyond the deadline: said as what it is, and at once. */
		assert_ends(reply(grant, cases[i].status, cases[i].text, 0), cases[i].err, now_ms);
	}
}

/* case: grant: a denial ends the wait at once under every HTTP status */
static void test_device_grant__definite_word_under_5xx__still_counts(void **state)
{
	COSMO_AUTO(device_grant_free) struct device_grant *grant = opened(GOOD, FAR);

	(void)state;
	assert_polls_after(error_reply(grant, 500, "authorization_pending"), 5);
	assert_ends(error_reply(grant, 500, "access_denied"), COSMO_E_DENIED, now_ms);
	assert_ends(error_reply(grant, 503, "expired_token"), COSMO_E_CODE_EXPIRED, now_ms);
}

/* case: grant: Retry-After is the least to wait; longer than there is time, and nobody is asked any
 * more */
static void test_device_grant__retry_after__is_the_least_to_wait(void **state)
{
	COSMO_AUTO(device_grant_free) struct device_grant *grant = opened(GOOD, DEADLINE);

	(void)state;
	assert_polls_after(reply(grant, 429, NULL, 3), 10);
	assert_polls_after(reply(grant, 429, NULL, 33), 33);
	assert_polls_after(reply(grant, 503, NULL, 41), 41);
	assert_polls_after(error_reply(grant, 400, "authorization_pending"), 5);
	/* Longer than there is time: nobody will be asked any more. */
	assert_ends(reply(grant, 429, NULL, 3600), COSMO_E_IDP_RATE, now_ms);
	assert_ends(reply(grant, 503, NULL, INT64_MAX), COSMO_E_IDP_STATUS, now_ms);
}

/* case: grant: times without bounds are cut, and no sum of them overflows */
static void test_device_grant__huge_interval__cannot_overflow(void **state)
{
	COSMO_AUTO(device_grant_free)
	struct device_grant *grant =
		opened("{" CODES ",\"expires_in\":1e300,\"interval\":1e300}", INT64_MAX / 2);

	(void)state;
	for (int i = 0; i < 1000; i++)
		(void)error_reply(grant, 400, "slow_down");
	assert_ends(error_reply(grant, 400, "slow_down"), COSMO_E_CODE_EXPIRED,
		START + INT64_C(1000) * DEVICE_GRANT_MAX_EXPIRES_S);
	assert_ends(device_grant_fault(grant, COSMO_E_DNS, now_ms), COSMO_E_DNS, now_ms);
}

/* The reason is for the log: the IdP's words, cleaned, never a code. */
/* case: grant: what the provider says reaches the log filtered, and never a code */
static void test_device_grant__reason__is_what_the_idp_said(void **state)
{
	COSMO_AUTO(device_grant_free) struct device_grant *grant = opened(GOOD, FAR);

	(void)state;
	(void)reply(grant, 403,
		"{\"error\":\"access_denied\",\"error_description\":\"No.\\n\\u001b[31mNever\"}",
		0);
	assert_string_equal(why.text, "error=access_denied status=403 description=No.??[31mNever");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_device_grant_open__good_answer__is_told),
		cmocka_unit_test(test_device_grant_open__google_spelling__is_taken),
		cmocka_unit_test(test_device_grant_open__numbers__are_read_in_every_form),
		cmocka_unit_test(test_device_grant_open__member_missing_or_unusable__is_refused),
		cmocka_unit_test(test_device_grant_open__texts__are_bounded),
		cmocka_unit_test(test_device_grant_open__unusable_complete_uri__is_left_out),
		cmocka_unit_test(test_device_grant_open__error__has_its_code_under_every_status),
		cmocka_unit_test(test_device_grant_open__no_answer_of_an_idp__is_told_as_that),
		cmocka_unit_test(test_device_grant__pending__polls_at_the_interval),
		cmocka_unit_test(test_device_grant__interval_not_told__is_five_seconds),
		cmocka_unit_test(test_device_grant__slow_down__adds_five_seconds_for_good),
		cmocka_unit_test(
			test_device_grant__slow_down_with_retry_after__waits_that_long_once),
		cmocka_unit_test(test_device_grant__same_error__means_the_same_under_every_status),
		cmocka_unit_test(test_device_grant__error_beside_tokens__is_no_success),
		cmocka_unit_test(test_device_grant__tokens__are_handed_on_at_once),
		cmocka_unit_test(
			test_device_grant__end_of_the_code__is_told_apart_from_the_deadline),
		cmocka_unit_test(test_device_grant__code_shorter_than_the_interval__ends_with_it),
		cmocka_unit_test(test_device_grant__invalid_grant_after_the_end__is_expiry),
		cmocka_unit_test(test_device_grant__network_faults__back_off_and_recover),
		cmocka_unit_test(test_device_grant__faults_to_the_deadline__end_as_what_they_are),
		cmocka_unit_test(test_device_grant__lasting_faults__end_at_once),
		cmocka_unit_test(test_device_grant__answers_of_others__are_retried_with_back_off),
		cmocka_unit_test(test_device_grant__definite_word_under_5xx__still_counts),
		cmocka_unit_test(test_device_grant__retry_after__is_the_least_to_wait),
		cmocka_unit_test(test_device_grant__huge_interval__cannot_overflow),
		cmocka_unit_test(test_device_grant__reason__is_what_the_idp_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
