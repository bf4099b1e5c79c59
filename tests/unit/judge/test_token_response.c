/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "pam_cosmo_sso/judge/token_response.h"
#include "tests/unit/judge/signer.h"

static enum cosmo_err parse(const char *text, struct token_response **ret)
{
	COSMO_AUTO(json_free) struct json_object *json = NULL;

	assert_int_equal(json_parse(text, strlen(text), &json), COSMO_OK);
	return token_response_parse(json, 4711, NULL, ret); /* must not borrow from json */
}

static const char *text_of(const struct cosmo_secret *secret)
{
	return secret ? secret_peek(secret) : "(none)";
}

static void test_token_response_parse__tokens__are_taken_out(void **state)
{
	static const struct {
		const char *text, *id, *access, *refresh;
		int64_t refresh_expires_in_s;
	} cases[] = {
		{"{\"id_token\":\"i\",\"access_token\":\"a\",\"token_type\":\"Bearer\","
		 "\"refresh_token\":\"r\",\"refresh_expires_in\":1800,\"expires_in\":300}",
			"i", "a", "r", 1800},
		{"{\"id_token\":\"i\",\"access_token\":\"a\",\"token_type\":\"bearer\","
		 "\"refresh_expires_in\":\"60\"}",
			"i", "a", "(none)", 60},
		{"{\"id_token\":\"i\"}", "i", "(none)", "(none)", 0},
		/* an access token that is no bearer token is none for us */
		{"{\"id_token\":\"i\",\"access_token\":\"a\",\"token_type\":\"DPoP\"}", "i",
			"(none)", "(none)", 0},
		{"{\"id_token\":\"i\",\"access_token\":\"a\"}", "i", "(none)", "(none)", 0},
		{"{\"id_token\":\"i\",\"refresh_token\":null,\"refresh_expires_in\":0}", "i",
			"(none)", "(none)", 0},
		{"{\"id_token\":\"i\",\"refresh_expires_in\":-1}", "i", "(none)", "(none)", 0},
		{"{\"id_token\":\"i\",\"refresh_expires_in\":\"never\"}", "i", "(none)", "(none)",
			0},
	};

	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(cases); i++) {
		COSMO_AUTO(token_response_free) struct token_response *found = NULL;

		print_message("%s\n", cases[i].text);
		assert_int_equal(parse(cases[i].text, &found), COSMO_OK);
		assert_string_equal(text_of(found->id_token), cases[i].id);
		assert_string_equal(text_of(found->access_token), cases[i].access);
		assert_string_equal(text_of(found->refresh_token), cases[i].refresh);
		assert_int_equal(found->refresh_expires_in_s, cases[i].refresh_expires_in_s);
		assert_int_equal(found->date_s, 4711);
	}
	token_response_free(NULL);
}

/* case: token: an access token is never taken for an identity */
/* case: grant: a wrong type in any field of the token reply is refused, or as if it were not there
 */
static void test_token_response_parse__no_id_token__is_refused(void **state)
{
	static const struct {
		const char *text;
		enum cosmo_err err;
	} cases[] = {
		{"{}", COSMO_E_NO_ID_TOKEN},
		{"{\"id_token\":null}", COSMO_E_NO_ID_TOKEN},
		{"{\"access_token\":\"a\",\"token_type\":\"Bearer\",\"refresh_token\":\"r\"}",
			COSMO_E_NO_ID_TOKEN},
		/* an access token never stands in for an identity */
		{"{\"access_token\":\"a.b.c\",\"token_type\":\"Bearer\"}", COSMO_E_NO_ID_TOKEN},
		{"{\"id_token\":\"\"}", COSMO_E_IDP_FIELD},
		{"{\"id_token\":7}", COSMO_E_IDP_FIELD},
		{"{\"id_token\":{\"a\":1}}", COSMO_E_IDP_FIELD},
		{"{\"id_token\":[\"i\"]}", COSMO_E_IDP_FIELD},
		{"{\"id_token\":\"i\",\"access_token\":7,\"token_type\":\"Bearer\"}",
			COSMO_E_IDP_FIELD},
		{"{\"id_token\":\"i\",\"refresh_token\":7}", COSMO_E_IDP_FIELD},
	};

	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(cases); i++) {
		struct token_response *found = NULL;

		print_message("%s\n", cases[i].text);
		assert_int_equal(parse(cases[i].text, &found), cases[i].err);
		assert_null(found);
	}
}

static void test_token_response_parse__lengths__are_bounded(void **state)
{
	static const struct {
		const char *name;
		size_t most;
	} cases[] = {{"id_token", COSMO_MAX_SECRET_BYTES}, {"access_token", COSMO_MAX_SECRET_BYTES},
		{"refresh_token", TOKEN_RESPONSE_MAX_REFRESH_BYTES}};
	static char many[COSMO_MAX_SECRET_BYTES + 2];

	(void)state;
	memset(many, 'x', sizeof(many) - 1);
	for (size_t i = 0; i < COSMO_ARRAY_LEN(cases); i++) {
		for (size_t more = 0; more <= 1; more++) {
			COSMO_AUTO(token_response_free) struct token_response *found = NULL;
			COSMO_AUTO(free)
			char *text = signer_format("{\"token_type\":\"Bearer\",\"%s\":\"%.*s\"%s}",
				cases[i].name, (int)(cases[i].most + more), many,
				i == 0 ? "" : ",\"id_token\":\"i\"");

			print_message("%s %zu\n", cases[i].name, cases[i].most + more);
			assert_int_equal(parse(text, &found), more ? COSMO_E_IDP_FIELD : COSMO_OK);
		}
	}
}

/* case: refresh: nothing in the answer keeps a new refresh token from being stored */
static void test_token_response_parse_refreshed__refresh_token__is_taken_whatever_else(void **state)
{
	static const struct {
		const char *text, *id, *access, *refresh;
	} cases[] = {
		{"{\"refresh_token\":\"r\"}", "(none)", "(none)", "r"},
		{"{\"id_token\":\"i\"}", "i", "(none)", "(none)"},
		{"{\"access_token\":\"a\",\"token_type\":\"Bearer\"}", "(none)", "a", "(none)"},
		{"{\"id_token\":7,\"access_token\":[],\"token_type\":\"Bearer\","
		 "\"refresh_token\":\"r\"}",
			"(none)", "(none)", "r"},
		{"{\"id_token\":\"\",\"refresh_token\":\"r\",\"refresh_expires_in\":\"soon\"}",
			"(none)", "(none)", "r"},
		{"{\"access_token\":\"a\",\"token_type\":{},\"refresh_token\":\"r\"}", "(none)",
			"(none)", "r"},
	};

	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(cases); i++) {
		COSMO_AUTO(token_response_free) struct token_response *found = NULL;
		COSMO_AUTO(json_free) struct json_object *json = NULL;

		print_message("%s\n", cases[i].text);
		assert_int_equal(json_parse(cases[i].text, strlen(cases[i].text), &json), COSMO_OK);
		assert_int_equal(
			token_response_parse_refreshed(json, 4711, NULL, &found), COSMO_OK);
		assert_string_equal(text_of(found->id_token), cases[i].id);
		assert_string_equal(text_of(found->access_token), cases[i].access);
		assert_string_equal(text_of(found->refresh_token), cases[i].refresh);
		assert_int_equal(found->refresh_expires_in_s, 0);
		assert_int_equal(found->date_s, 4711);
	}
}

static void test_token_response_parse_refreshed__unusable_refresh_token__is_told(void **state)
{
	static const char *const texts[] = {"{\"id_token\":\"i\",\"refresh_token\":7}",
		"{\"id_token\":\"i\",\"refresh_token\":\"\"}"};

	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(texts); i++) {
		COSMO_AUTO(json_free) struct json_object *json = NULL;
		struct token_response *found = NULL;

		assert_int_equal(json_parse(texts[i], strlen(texts[i]), &json), COSMO_OK);
		assert_int_equal(
			token_response_parse_refreshed(json, 0, NULL, &found), COSMO_E_IDP_FIELD);
		assert_null(found);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_token_response_parse__tokens__are_taken_out),
		cmocka_unit_test(test_token_response_parse__no_id_token__is_refused),
		cmocka_unit_test(test_token_response_parse__lengths__are_bounded),
		cmocka_unit_test(
			test_token_response_parse_refreshed__refresh_token__is_taken_whatever_else),
		cmocka_unit_test(
			test_token_response_parse_refreshed__unusable_refresh_token__is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
