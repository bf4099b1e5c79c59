/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "pam_cosmo_sso/judge/client.h"

static enum cosmo_err authenticate(const char *id, enum client_auth auth, const char *secret_text,
	char *ret_body, char *ret_authorization)
{
	COSMO_AUTO(secret_free) struct cosmo_secret *secret = NULL;
	COSMO_AUTO(secret_free) struct cosmo_secret *authorization = NULL;
	COSMO_AUTO(form_free) struct form *form = NULL;
	const char *body = NULL;
	size_t len = 0;
	enum cosmo_err err = COSMO_OK;

	if (secret_text)
		assert_int_equal(secret_new(secret_text, strlen(secret_text), &secret), COSMO_OK);
	const struct client client = {.id = id, .auth = auth, .secret = secret};
	assert_int_equal(form_new(&form), COSMO_OK);
	form_add(form, "scope", "openid");
	err = client_authenticate(&client, form, &authorization);
	assert_int_equal(form_body(form, &body, &len), COSMO_OK);
	strcpy(ret_body, body);
	strcpy(ret_authorization, authorization ? secret_peek(authorization) : "(none)");
	return err;
}

static void test_client_authenticate__each_way__says_who_in_its_place(void **state)
{
	static const struct {
		enum client_auth auth;
		const char *id, *secret, *body, *authorization;
	} cases[] = {
		{CLIENT_AUTH_NONE, "cosmo", NULL, "scope=openid&client_id=cosmo", "(none)"},
		/* a secret that is there all the same is not told */
		{CLIENT_AUTH_NONE, "cosmo", "s", "scope=openid&client_id=cosmo", "(none)"},
		{CLIENT_AUTH_POST, "a b", "s&=+",
			"scope=openid&client_id=a+b&client_secret=s%26%3D%2B", "(none)"},
		/* RFC 6749 section 2.3.1, its own example */
		{CLIENT_AUTH_BASIC, "s6BhdRkqt3", "7Fjfp0ZBr1KtDRbnfVdmIw", "scope=openid",
			"Basic czZCaGRSa3F0Mzo3RmpmcDBaQnIxS3REUmJuZlZkbUl3"},
		/* "a%3Ab:c+d%2F%C3%A9%25": encoded before base64 */
		{CLIENT_AUTH_BASIC, "a:b", "c d/\xc3\xa9%", "scope=openid",
			"Basic YSUzQWI6YytkJTJGJUMzJUE5JTI1"},
		{CLIENT_AUTH_BASIC, "a", "", "scope=openid", "Basic YTo="},
	};

	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(cases); i++) {
		char body[256] = "";
		char authorization[256] = "";

		print_message("%zu\n", i);
		assert_int_equal(authenticate(cases[i].id, cases[i].auth, cases[i].secret, body,
					 authorization),
			COSMO_OK);
		assert_string_equal(body, cases[i].body);
		assert_string_equal(authorization, cases[i].authorization);
	}
}

static void test_client_authenticate__secret_missing__is_refused(void **state)
{
	char body[256] = "";
	char authorization[256] = "";

	(void)state;
	assert_int_equal(authenticate("cosmo", CLIENT_AUTH_BASIC, NULL, body, authorization),
		COSMO_E_IDP_CLIENT);
	assert_int_equal(authenticate("cosmo", CLIENT_AUTH_POST, NULL, body, authorization),
		COSMO_E_IDP_CLIENT);
	assert_string_equal(body, "scope=openid");
	assert_int_equal(authenticate("cosmo", (enum client_auth)3, "s", body, authorization),
		COSMO_E_IDP_CLIENT);
}

static enum cosmo_err bearer(const char *text, size_t len, char *ret)
{
	COSMO_AUTO(secret_free) struct cosmo_secret *token = NULL;
	COSMO_AUTO(secret_free) struct cosmo_secret *authorization = NULL;
	enum cosmo_err err = COSMO_OK;

	assert_int_equal(secret_new(text, len, &token), COSMO_OK);
	err = client_bearer(token, &authorization);
	if (!err)
		strcpy(ret, secret_peek(authorization));
	return err;
}

static void test_client_bearer__token__becomes_a_header_value(void **state)
{
	char value[64] = "";

	(void)state;
	assert_int_equal(bearer("a.b-c_d~e+f/g=", 14, value), COSMO_OK);
	assert_string_equal(value, "Bearer a.b-c_d~e+f/g=");
}

/* A header line must end where we end it. */
static void test_client_bearer__byte_that_ends_a_line__is_refused(void **state)
{
	char value[64] = "";

	(void)state;
	assert_int_equal(bearer("", 0, value), COSMO_E_FORMAT);
	for (unsigned int c = 0; c < 256; c++) {
		const char text[3] = {'a', (char)c, 'b'};

		assert_int_equal(
			bearer(text, 3, value), c > ' ' && c <= '~' ? COSMO_OK : COSMO_E_FORMAT);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_client_authenticate__each_way__says_who_in_its_place),
		cmocka_unit_test(test_client_authenticate__secret_missing__is_refused),
		cmocka_unit_test(test_client_bearer__token__becomes_a_header_value),
		cmocka_unit_test(test_client_bearer__byte_that_ends_a_line__is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
