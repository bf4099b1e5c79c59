/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "pam_cosmo_sso/judge/form.h"

static void assert_body(const struct form *form, const char *wanted)
{
	const char *body = NULL;
	size_t len = 0;

	assert_int_equal(form_body(form, &body, &len), COSMO_OK);
	assert_string_equal(body, wanted);
	assert_int_equal(len, strlen(wanted));
}

/* RFC 6749 appendix B, its own example. */
static void test_form_add__example_of_rfc6749__is_encoded_so(void **state)
{
	COSMO_AUTO(form_free) struct form *form = NULL;

	(void)state;
	assert_int_equal(form_new(&form), COSMO_OK);
	assert_body(form, "");
	form_append_encoded(form, " %&+\xc2\xa3\xe2\x82\xac", 9);
	assert_body(form, "+%25%26%2B%C2%A3%E2%82%AC");
	form_free(NULL);
}

static void test_form_append_encoded__every_byte__stands_for_itself_or_is_escaped(void **state)
{
	static const char plain[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._*";

	(void)state;
	for (unsigned int c = 0; c < 256; c++) {
		COSMO_AUTO(form_free) struct form *form = NULL;
		const char byte = (char)c;
		char wanted[4] = "";

		assert_int_equal(form_new(&form), COSMO_OK);
		form_append_encoded(form, &byte, 1);
		if (c != 0 && strchr(plain, (int)c))
			wanted[0] = byte;
		else if (c == ' ')
			wanted[0] = '+';
		else
			snprintf(wanted, sizeof(wanted), "%%%02X", c);
		assert_body(form, wanted);
	}
}

static void test_form_add__pairs__are_joined_and_null_adds_nothing(void **state)
{
	COSMO_AUTO(form_free) struct form *form = NULL;
	COSMO_AUTO(secret_free) struct cosmo_secret *secret = NULL;

	(void)state;
	assert_int_equal(form_new(&form), COSMO_OK);
	assert_int_equal(secret_new("a\0&=b", 5, &secret), COSMO_OK);
	form_add(form, "scope", NULL);
	form_add_secret(form, "none", NULL);
	form_add(form, "scope", "openid profile");
	form_add(form, "empty", "");
	form_add(form, "a&b=c", "d=e&f");
	form_add_secret(form, "code", secret);
	assert_body(form, "scope=openid+profile&empty=&a%26b%3Dc=d%3De%26f&code=a%00%26%3Db");
}

/* What does not fit is an error, never a request with something cut off. */
static void test_form_body__too_much__is_an_error_for_good(void **state)
{
	static char text[FORM_MAX_BYTES + 1];

	(void)state;
	for (size_t len = FORM_MAX_BYTES - 2; len <= FORM_MAX_BYTES - 1; len++) {
		COSMO_AUTO(form_free) struct form *form = NULL;
		const char *body = NULL;
		size_t body_len = 0;
		bool fits = len == FORM_MAX_BYTES - 2;

		assert_int_equal(form_new(&form), COSMO_OK);
		memset(text, 'x', len);
		text[len] = '\0';
		form_add(form, "a", text); /* "a=" makes it two longer */
		assert_int_equal(
			form_body(form, &body, &body_len), fits ? COSMO_OK : COSMO_E_TOO_BIG);
		form_add(form, "b", "c");
		form_append_raw(form, "", 0);
		assert_int_equal(form_body(form, &body, &body_len), COSMO_E_TOO_BIG);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_form_add__example_of_rfc6749__is_encoded_so),
		cmocka_unit_test(
			test_form_append_encoded__every_byte__stands_for_itself_or_is_escaped),
		cmocka_unit_test(test_form_add__pairs__are_joined_and_null_adds_nothing),
		cmocka_unit_test(test_form_body__too_much__is_an_error_for_good),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
