/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ctl/provider_defaults.h"

static void count(const struct provider_default *used, void *context)
{
	(void)used;
	++*(int *)context;
}

/* What becomes of @before, and how many were told. */
static void check(const char *issuer, const char *before, int told, const char *after)
{
	char *text = strdup(before);
	int counted = 0;

	print_message("%s\n", issuer);
	assert_non_null(text);
	assert_int_equal(provider_defaults_put(&text, issuer, count, &counted), COSMO_OK);
	assert_string_equal(text, after);
	assert_int_equal(counted, told);
	free(text);
}

#define ENTRA "[integration]\nclaim = groups\nsubject_claim = oid\n"
#define EMPTY "[integration]\n"

static void test_provider_defaults_put__known_host__sets_what_it_needs(void **state)
{
	(void)state;
	check("https://login.microsoftonline.com/T/v2.0", EMPTY, 2, ENTRA);
	check("https://login.microsoftonline.us/T/v2.0", "[integration]\n#claim = ssoGroups\n", 2,
		ENTRA);
	check("https://accounts.google.com", EMPTY, 4,
		"[integration]\nclaim = hd\nusername_claim = email\nscopes = openid email profile\n"
		"client_auth = post\n");
	check("https://a.zitadel.cloud", EMPTY, 1,
		"[integration]\nclaim = urn:zitadel:iam:org:project:roles\n");
}

static void test_provider_defaults_put__set_by_the_file__is_left(void **state)
{
	(void)state;
	check("https://login.microsoftonline.com/T/v2.0", "[integration]\nclaim = roles\n", 1,
		"[integration]\nclaim = roles\nsubject_claim = oid\n");
	check("https://login.microsoftonline.com/T/v2.0",
		"[x]\nclaim = y\n[integration]\n  claim=ssoGroups\n", 1,
		"[x]\nclaim = y\n[integration]\n  claim=ssoGroups\nsubject_claim = oid\n");
}

static void test_provider_defaults_put__any_other_host__gets_nothing(void **state)
{
	static const char *const others[] = {"https://login.microsoftonline.com.evil.example/T",
		"https://xlogin.microsoftonline.com/T", "https://login.microsoftonline.com:8443/T",
		"http://login.microsoftonline.com/T",
		"https://evil.example/login.microsoftonline.com", "https://zitadel.cloud",
		"https://evilzitadel.cloud", "https://.zitadel.cloud.evil",
		"https://example.com/accounts.google.com", "https://example.okta.com", "https://",
		""};

	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(others); i++)
		check(others[i], EMPTY, 0, EMPTY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_provider_defaults_put__known_host__sets_what_it_needs),
		cmocka_unit_test(test_provider_defaults_put__set_by_the_file__is_left),
		cmocka_unit_test(test_provider_defaults_put__any_other_host__gets_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
