/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "pam_cosmo_sso/judge/refresh_grant.h"

static enum cosmo_err judge(unsigned int status, const char *text)
{
	COSMO_AUTO(json_free) struct json_object *json = NULL;
	struct oauth_reply reply = {.http_status = status};
	struct reason why = {.text = ""};

	if (text) {
		assert_int_equal(json_parse(text, strlen(text), &json), COSMO_OK);
		reply.json = json;
	}
	return refresh_grant_reply(&reply, &why);
}

/* case: refresh: invalid_grant is the IdP's no, under every HTTP status, and beside tokens too */
static void test_refresh_grant_reply__invalid_grant__is_a_no_under_every_status(void **state)
{
	static const unsigned int statuses[] = {200, 400, 401, 403, 429, 500, 502, 503};

	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(statuses); i++) {
		assert_int_equal(
			judge(statuses[i], "{\"error\":\"invalid_grant\"}"), COSMO_E_INVALID_GRANT);
		assert_int_equal(
			judge(statuses[i], "{\"error\":\"invalid_grant\",\"access_token\":\"a\","
					   "\"refresh_token\":\"r\"}"),
			COSMO_E_INVALID_GRANT);
	}
}

/* case: refresh: every other answer without tokens says nothing about the person */
static void test_refresh_grant_reply__any_other_answer__is_no_word_about_the_person(void **state)
{
	static const struct {
		unsigned int status;
		const char *text;
		enum cosmo_err err;
	} cases[] = {
		{401, "{\"error\":\"invalid_client\"}", COSMO_E_IDP_CLIENT},
		{400, "{\"error\":\"unauthorized_client\"}", COSMO_E_IDP_GRANT_TYPE},
		{400, "{\"error\":\"unsupported_grant_type\"}", COSMO_E_IDP_GRANT_TYPE},
		{400, "{\"error\":\"invalid_scope\"}", COSMO_E_IDP_SCOPE},
		{400, "{\"error\":\"invalid_request\"}", COSMO_E_IDP_ERROR},
		{400, "{\"error\":\"interaction_required\"}", COSMO_E_IDP_ERROR},
		{503, "{\"error\":\"temporarily_unavailable\"}", COSMO_E_IDP_ERROR},
		{500, "{\"error\":\"server_error\"}", COSMO_E_IDP_ERROR},
		{429, "{\"error\":\"too_many_requests\"}", COSMO_E_IDP_RATE},
		/* words of the device grant */
		{400, "{\"error\":\"access_denied\"}", COSMO_E_IDP_ERROR},
		{400, "{\"error\":\"authorization_declined\"}", COSMO_E_IDP_ERROR},
		{400, "{\"error\":\"authorization_pending\"}", COSMO_E_IDP_ERROR},
		{400, "{\"error\":\"expired_token\"}", COSMO_E_IDP_ERROR},
		{400, "{\"error\":\"bad_verification_code\"}", COSMO_E_IDP_ERROR},
		{400, "{\"error\":\"slow_down\"}", COSMO_E_IDP_RATE},
		/* nearly the word */
		{400, "{\"error\":\"INVALID_GRANT\"}", COSMO_E_IDP_ERROR},
		{400, "{\"error\":\"invalid_grant \"}", COSMO_E_IDP_ERROR},
		{400, "{\"error\":[\"invalid_grant\"]}", COSMO_E_IDP_ERROR},
		{400, "{\"error\":null}", COSMO_E_IDP_ERROR},
		{400, "{\"error\":{\"error\":\"invalid_grant\"}}", COSMO_E_IDP_ERROR},
		{400, "{\"error_description\":\"invalid_grant\"}", COSMO_E_IDP_STATUS},
		{400, "{}", COSMO_E_IDP_STATUS},
		{200, "{}", COSMO_E_IDP_FIELD},
		{200, NULL, COSMO_E_IDP_NOT_JSON},
		{400, NULL, COSMO_E_IDP_STATUS},
		{404, NULL, COSMO_E_IDP_STATUS},
		{429, NULL, COSMO_E_IDP_RATE},
		{502, NULL, COSMO_E_IDP_STATUS},
	};

	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(cases); i++) {
		print_message("%u %s\n", cases[i].status, cases[i].text ? cases[i].text : "");
		assert_int_equal(judge(cases[i].status, cases[i].text), cases[i].err);
	}
}

static void test_refresh_grant_reply__tokens__are_a_yes(void **state)
{
	(void)state;
	assert_int_equal(judge(200, "{\"access_token\":\"a\"}"), COSMO_OK);
	assert_int_equal(judge(200, "{\"id_token\":\"i\"}"), COSMO_OK);
	/* it has to be stored, whatever else lacks */
	assert_int_equal(judge(200, "{\"refresh_token\":\"r\"}"), COSMO_OK);
	assert_int_equal(judge(201, "{\"access_token\":\"a\"}"), COSMO_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			test_refresh_grant_reply__invalid_grant__is_a_no_under_every_status),
		cmocka_unit_test(
			test_refresh_grant_reply__any_other_answer__is_no_word_about_the_person),
		cmocka_unit_test(test_refresh_grant_reply__tokens__are_a_yes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
