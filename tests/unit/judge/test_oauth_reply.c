/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "pam_cosmo_sso/judge/oauth_reply.h"

static struct reason why;

static enum cosmo_err judge(unsigned int status, const char *text, bool *ret_is_passing)
{
	COSMO_AUTO(json_free) struct json_object *json = NULL;
	struct oauth_reply reply = {.http_status = status};
	enum cosmo_err err = COSMO_OK;

	if (text) {
		assert_int_equal(json_parse(text, strlen(text), &json), COSMO_OK);
		reply.json = json;
	}
	err = oauth_reply_error(&reply, &why);
	*ret_is_passing = oauth_reply_is_passing(&reply, err);
	return err;
}

static void test_oauth_reply_error__each_answer__has_its_code_and_says_if_it_passes(void **state)
{
	static const struct {
		unsigned int status;
		const char *text;
		enum cosmo_err err;
		bool is_passing;
	} cases[] = {
		{400, "{\"error\":\"authorization_pending\"}", COSMO_E_PENDING, true},
		{400, "{\"error\":\"slow_down\"}", COSMO_E_SLOW_DOWN, true},
		{400, "{\"error\":\"access_denied\"}", COSMO_E_DENIED, false},
		{400, "{\"error\":\"authorization_declined\"}", COSMO_E_DENIED, false},
		{400, "{\"error\":\"expired_token\"}", COSMO_E_CODE_EXPIRED, false},
		{400, "{\"error\":\"invalid_grant\"}", COSMO_E_INVALID_GRANT, false},
		{401, "{\"error\":\"invalid_client\"}", COSMO_E_IDP_CLIENT, false},
		{401, "{\"error\":\"deleted_client\"}", COSMO_E_IDP_CLIENT, false},
		{401, "{\"error\":\"disabled_client\"}", COSMO_E_IDP_CLIENT, false},
		{400, "{\"error\":\"unauthorized_client\"}", COSMO_E_IDP_GRANT_TYPE, false},
		{400, "{\"error\":\"invalid_scope\"}", COSMO_E_IDP_SCOPE, false},
		{400, "{\"error\":\"server_error\"}", COSMO_E_IDP_ERROR, true},
		{400, "{\"error\":\"temporarily_unavailable\"}", COSMO_E_IDP_ERROR, true},
		{403, "{\"error\":\"rate_limit_exceeded\"}", COSMO_E_IDP_RATE, true},
		{400, "{\"error\":\"else\"}", COSMO_E_IDP_ERROR, false},
		{499, "{\"error\":\"else\"}", COSMO_E_IDP_ERROR, false},
		{500, "{\"error\":\"else\"}", COSMO_E_IDP_ERROR, true},
		{500, "{\"error\":\"access_denied\"}", COSMO_E_DENIED, false},
		{400, "{\"error\":7}", COSMO_E_IDP_ERROR, false},
		{200, "{\"error\":null}", COSMO_E_IDP_ERROR, false},
		{200, NULL, COSMO_E_IDP_NOT_JSON, true},
		{299, NULL, COSMO_E_IDP_NOT_JSON, true},
		{199, NULL, COSMO_E_IDP_STATUS, true},
		{302, NULL, COSMO_E_IDP_STATUS, true},
		{429, NULL, COSMO_E_IDP_RATE, true},
		{0, NULL, COSMO_E_IDP_STATUS, true},
	};

	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(cases); i++) {
		bool is_passing = !cases[i].is_passing;

		print_message("%u %s\n", cases[i].status, cases[i].text ? cases[i].text : "");
		assert_int_equal(judge(cases[i].status, cases[i].text, &is_passing), cases[i].err);
		assert_int_equal(is_passing, cases[i].is_passing);
	}
	bool ignored = false;
	assert_int_equal(judge(500, "{\"id_token\":\"x\"}", &ignored), COSMO_OK);
	assert_int_equal(judge(200, "{}", &ignored), COSMO_OK);
}

/* Only what a second try may cure. */
/* case: grant: only faults that a second try may cure are tried again */
static void test_oauth_fault_is_passing__every_code__is_sorted(void **state)
{
	static const enum cosmo_err passing[] = {COSMO_E_DNS, COSMO_E_CONNECT, COSMO_E_TLS,
		COSMO_E_PROXY, COSMO_E_IDP_TIMEOUT, COSMO_E_IDP_DROPPED, COSMO_E_IDP_STATUS,
		COSMO_E_IDP_NOT_JSON, COSMO_E_IDP_RATE, COSMO_E_USERINFO};

	(void)state;
	for (size_t code = 0; code < cosmo_err_count(); code++) {
		bool wanted = false;

		for (size_t i = 0; i < COSMO_ARRAY_LEN(passing); i++)
			wanted |= passing[i] == (enum cosmo_err)code;
		print_message("%s\n", cosmo_err_id((enum cosmo_err)code));
		assert_int_equal(oauth_fault_is_passing((enum cosmo_err)code), wanted);
	}
}

static void test_oauth_reply_error__reason__is_bounded_and_filtered(void **state)
{
	char text[2048] = "";
	char description[1024] = "";
	bool ignored = false;

	(void)state;
	memset(description, 'd', sizeof(description) - 1);
	snprintf(text, sizeof(text),
		"{\"error\":\"a\\u001b\\n\xc3\xa9\",\"error_description\":\"%s\"}", description);
	assert_int_equal(judge(418, text, &ignored), COSMO_E_IDP_ERROR);
	assert_true(strncmp(why.text, "error=a??", 9) == 0);
	assert_null(strpbrk(why.text, "\x1b\n\xc3"));
	assert_true(strlen(why.text) < 450);
	assert_int_equal(
		judge(400, "{\"error\":[],\"error_description\":{}}", &ignored), COSMO_E_IDP_ERROR);
	assert_string_equal(why.text, "error=(malformed) status=400");
}

static void test_oauth_reply_error__what_was_sent_is_repeated__is_left_out(void **state)
{
	COSMO_AUTO(secret_free) struct cosmo_secret *sent = NULL;
	COSMO_AUTO(json_free) struct json_object *json = NULL;
	static const char text[] =
		"{\"error\":\"invalid_grant\",\"error_description\":\"Bad token: s3cret\"}";
	struct oauth_reply reply = {.http_status = 400};

	(void)state;
	assert_int_equal(secret_new("s3cret", 6, &sent), COSMO_OK);
	assert_int_equal(json_parse(text, strlen(text), &json), COSMO_OK);
	reply.json = json;
	assert_int_equal(oauth_reply_error(&reply, &why), COSMO_E_INVALID_GRANT);
	assert_non_null(strstr(why.text, "Bad token: s3cret"));
	reply.sent = sent;
	assert_int_equal(oauth_reply_error(&reply, &why), COSMO_E_INVALID_GRANT);
	assert_string_equal(
		why.text, "error=invalid_grant status=400 description=(repeats what was sent)");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			test_oauth_reply_error__each_answer__has_its_code_and_says_if_it_passes),
		cmocka_unit_test(test_oauth_fault_is_passing__every_code__is_sorted),
		cmocka_unit_test(test_oauth_reply_error__reason__is_bounded_and_filtered),
		cmocka_unit_test(test_oauth_reply_error__what_was_sent_is_repeated__is_left_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
