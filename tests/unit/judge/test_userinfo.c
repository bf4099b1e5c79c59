/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "pam_cosmo_sso/judge/userinfo.h"
#include "tests/unit/judge/fetch_stand_in.h"
#include "tests/unit/judge/signer.h"

static struct fetch_stand_in fetch;
static struct reason why;

static bool has_id_token = true;

/* @document as discovery, @access as access token (NULL: none), the ID token's sub being "1000". */
static enum cosmo_err get(const char *document, const char *access, struct json_object **ret)
{
	COSMO_AUTO(message_free) struct message *question = fetch_question();
	COSMO_AUTO(setup_free) struct setup *setup = NULL;
	COSMO_AUTO(provider_free) struct provider *provider = NULL;
	COSMO_AUTO(json_free) struct json_object *id_token = NULL;
	COSMO_AUTO(secret_free) struct cosmo_secret *secret = NULL;
	static const char claims[] = "{\"sub\":\"1000\"}";

	message_put_bytes(question, FIELD_DISCOVERY, document, strlen(document));
	assert_int_equal(setup_read(question, &fetch.dialogue, &setup), COSMO_OK);
	assert_int_equal(provider_open(setup, &why, &provider), COSMO_OK);
	assert_int_equal(json_parse(claims, strlen(claims), &id_token), COSMO_OK);
	if (access)
		assert_int_equal(secret_new(access, strlen(access), &secret), COSMO_OK);
	const struct token_response tokens = {.access_token = secret};
	return userinfo_get(setup, provider, &tokens, has_id_token ? id_token : NULL, &why, ret);
}

static void test_userinfo_get__same_sub__is_handed_on(void **state)
{
	COSMO_AUTO(json_free) struct json_object *userinfo = NULL;
	COSMO_AUTO(message_free) struct message *request = NULL;
	size_t len = 0;

	(void)state;
	fetch_lay_body(&fetch, 200, "{\"sub\":\"1000\",\"groups\":[\"a\"]}");
	assert_int_equal(get(fetch_discovery, "at", &userinfo), COSMO_OK);
	assert_int_equal(json_array_count(json_member(userinfo, "groups")), 1);
	request = fetch_request(&fetch);
	assert_string_equal(message_str(request, FIELD_URL), FETCH_ISSUER "/me");
	assert_memory_equal(message_bytes(request, FIELD_AUTHORIZATION, &len), "Bearer at", 9);
	assert_int_equal(len, 9);
	assert_false(message_has(request, FIELD_BODY));
}

/* case: token: userinfo with another sub, or none, is refused */
/* case: grant: a wrong type in any field of userinfo is refused, or as if it were not there */
static void test_userinfo_get__another_or_no_sub__is_refused(void **state)
{
	static const char *const subs[] = {"\"1001\"", "\"1000 \"", "\"100\"", "\"\"", "null",
		"1000", "[\"1000\"]", "\"01000\"", "{}", "[]", "true", "1000.0",
		"{\"1000\":\"1000\"}"};

	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(subs); i++) {
		COSMO_AUTO(free)
		char *body = signer_format("{\"sub\":%s,\"groups\":[\"admins\"]}", subs[i]);
		struct json_object *userinfo = NULL;

		print_message("%s\n", subs[i]);
		fetch_lay_body(&fetch, 200, body);
		assert_int_equal(get(fetch_discovery, "at", &userinfo), COSMO_E_USERINFO_SUB);
		assert_null(userinfo);
	}
	struct json_object *userinfo = NULL;
	fetch_lay_body(&fetch, 200, "{\"groups\":[\"admins\"]}");
	assert_int_equal(get(fetch_discovery, "at", &userinfo), COSMO_E_USERINFO_SUB);
}

/* After a refresh there need not be one; who asks compares the subject. */
static void test_userinfo_get__no_id_token__demands_a_sub_all_the_same(void **state)
{
	static const char *const bad[] = {"{\"groups\":[]}", "{\"sub\":\"\"}", "{\"sub\":7}"};
	COSMO_AUTO(json_free) struct json_object *userinfo = NULL;

	(void)state;
	has_id_token = false;
	fetch_lay_body(&fetch, 200, "{\"sub\":\"2000\"}");
	assert_int_equal(get(fetch_discovery, "at", &userinfo), COSMO_OK);
	assert_string_equal(json_text(json_member(userinfo, "sub")), "2000");
	for (size_t i = 0; i < COSMO_ARRAY_LEN(bad); i++) {
		struct json_object *none = NULL;

		fetch_lay_body(&fetch, 200, bad[i]);
		assert_int_equal(get(fetch_discovery, "at", &none), COSMO_E_USERINFO_SUB);
		assert_null(none);
	}
	has_id_token = true;
}

/* case: token: userinfo as a JWT is not read, and told as a fault of the provider */
static void test_userinfo_get__no_answer_of_use__is_cannot_tell(void **state)
{
	static const struct {
		unsigned int status;
		const char *body;
	} cases[] = {{401, "{\"sub\":\"1000\"}"}, {403, ""}, {500, "{\"sub\":\"1000\"}"},
		{201, "{\"sub\":\"1000\"}"}, {200, ""}, {200, "eyJhbGciOiJub25lIn0.e30."},
		{200, "[]"}, {200, "{\"sub\":\"1000\",\"sub\":\"1000\"}"}};

	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(cases); i++) {
		struct json_object *userinfo = NULL;

		print_message("%u %s\n", cases[i].status, cases[i].body);
		fetch_lay_body(&fetch, cases[i].status, cases[i].body);
		assert_int_equal(get(fetch_discovery, "at", &userinfo), COSMO_E_USERINFO);
		assert_null(userinfo);
	}
	struct json_object *userinfo = NULL;
	fetch_lay_failure(&fetch, COSMO_E_IDP_TIMEOUT, NULL);
	assert_int_equal(get(fetch_discovery, "at", &userinfo), COSMO_E_IDP_TIMEOUT);
}

static void test_userinfo_get__nothing_to_ask_with__asks_nobody(void **state)
{
	static const char without[] =
		"{\"issuer\":\"" FETCH_ISSUER "\",\"device_authorization_endpoint\":\"" FETCH_ISSUER
		"/device\",\"token_endpoint\":\"" FETCH_ISSUER
		"/token\",\"jwks_uri\":\"" FETCH_ISSUER "/jwks\"}";
	struct json_object *userinfo = NULL;

	(void)state;
	assert_int_equal(get(fetch_discovery, NULL, &userinfo), COSMO_OK);
	assert_null(userinfo);
	assert_int_equal(get(without, "at", &userinfo), COSMO_OK);
	assert_null(userinfo);
	/* A token that would end the header line is not sent. */
	assert_int_equal(get(fetch_discovery, "a\r\nX: y", &userinfo), COSMO_E_USERINFO);
	fetch_expect_none(&fetch);
}

int main(void)
{
#define ONE(test) WITH_FETCH(test, &fetch)
	const struct CMUnitTest tests[] = {
		ONE(test_userinfo_get__same_sub__is_handed_on),
		ONE(test_userinfo_get__another_or_no_sub__is_refused),
		ONE(test_userinfo_get__no_id_token__demands_a_sub_all_the_same),
		ONE(test_userinfo_get__no_answer_of_use__is_cannot_tell),
		ONE(test_userinfo_get__nothing_to_ask_with__asks_nobody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
