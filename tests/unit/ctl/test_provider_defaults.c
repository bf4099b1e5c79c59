/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ctl/provider_defaults.h"

struct choice {
	int asked;
	bool leave_persons;
};

static enum cosmo_err choose(const struct provider_default *row, void *context, bool *ret_put)
{
	struct choice *choice = context;

	choice->asked++;
	assert_true(*ret_put);
	*ret_put = !(choice->leave_persons && row->kind == PROVIDER_DEFAULT_PERSON);
	return COSMO_OK;
}

static enum cosmo_err break_off(const struct provider_default *row, void *context, bool *ret_put)
{
	(void)row;
	(void)context;
	(void)ret_put;
	return COSMO_E_SPAWN;
}

static void check_choice(
	const char *issuer, const char *before, bool leave_persons, int asked, const char *after)
{
	struct choice choice = {.leave_persons = leave_persons};
	char *text = strdup(before);

	print_message("%s\n", issuer);
	assert_non_null(text);
	assert_int_equal(provider_defaults_put(&text, issuer, choose, &choice), COSMO_OK);
	assert_string_equal(text, after);
	assert_int_equal(choice.asked, asked);
	free(text);
}

/* What becomes of @before, and how many rows were asked about. */
static void check(const char *issuer, const char *before, int asked, const char *after)
{
	check_choice(issuer, before, false, asked, after);
}

#define ENTRA "[integration]\nclaim = groups\nsubject_claim = oid\n"
#define EMPTY "[integration]\n"
#define GOOGLE                                                                                     \
	"[integration]\nclaim = hd\nusername_claim = email\nscopes = openid email profile\n"       \
	"client_auth = post\n"

static void test_provider_defaults_put__known_host__sets_what_it_needs(void **state)
{
	(void)state;
	check("https://login.microsoftonline.com/T/v2.0", EMPTY, 2, ENTRA);
	check("https://login.microsoftonline.us/T/v2.0", "[integration]\n#claim = ssoGroups\n", 2,
		ENTRA);
	check("https://accounts.google.com", EMPTY, 6,
		GOOGLE "\n[roles]\nno_match = deny\nno_claim = deny\n");
	check("https://accounts.google.com", "[roles]\n#no_match = viewer\n[integration]\n", 6,
		"[roles]\nno_match = deny\nno_claim = deny\n" GOOGLE);
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

/* Never overwritten: what to make of it is told by provider_defaults_opened(). */
static void test_provider_defaults_put__open_to_anybody__is_left(void **state)
{
	static const char text[] = GOOGLE "[roles]\nno_match = viewer\nno_claim = viewer\n";

	(void)state;
	check("https://accounts.google.com", text, 0, text);
}

static void test_provider_defaults_put__not_chosen__is_left_out(void **state)
{
	(void)state;
	check_choice("https://login.microsoftonline.com/T/v2.0", EMPTY, true, 2,
		"[integration]\nclaim = groups\n");
	check_choice("https://login.microsoftonline.us/T/v2.0", EMPTY, true, 2,
		"[integration]\nclaim = groups\n");
	check_choice("https://login.partner.microsoftonline.cn/T/v2.0", EMPTY, true, 2,
		"[integration]\nclaim = groups\n");
}

static void test_provider_defaults_put__choice_fails__ends(void **state)
{
	char *text = strdup(EMPTY);

	(void)state;
	assert_int_equal(
		provider_defaults_put(&text, "https://accounts.google.com", break_off, NULL),
		COSMO_E_SPAWN);
	assert_string_equal(text, EMPTY);
	free(text);
}

static void test_provider_defaults_opened__each_text__told_where_it_is_open(void **state)
{
	static const struct {
		const char *issuer;
		const char *text;
		const char *key; /* NULL: it is not open */
	} cases[] = {
		{"https://accounts.google.com", "[roles]\nno_match = viewer\n", "no_match"},
		{"https://accounts.google.com/", "[ roles ]\n no_match=viewer \n", "no_match"},
		{"https://accounts.google.com", "[roles]\nno_match = den\n", "no_match"},
		{"https://accounts.google.com", "[roles]\nno_match = denyx\n", "no_match"},
		{"https://accounts.google.com", "[roles]\nno_match =\n", "no_match"},
		{"https://accounts.google.com", "[roles]\nno_match = deny\nno_claim = viewer",
			"no_claim"},
		{"https://accounts.google.com",
			"[roles]\nno_match = deny\n[x]\n[roles]\nno_match = viewer\n", "no_match"},
		{"https://accounts.google.com", "[roles]\n no_match\t=\tdeny \nno_claim=deny",
			NULL},
		{"https://accounts.google.com", "[roles]\n#no_match = viewer\n", NULL},
		{"https://accounts.google.com", "[x]\nno_match = viewer\n", NULL},
		{"https://accounts.google.com", "", NULL},
		{"https://login.microsoftonline.com/T", "[roles]\nno_match = viewer\n", NULL},
		{"https://example.com", "[roles]\nno_match = viewer\n", NULL},
	};

	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(cases); i++) {
		const struct provider_default *row =
			provider_defaults_opened(cases[i].text, cases[i].issuer);

		print_message("%s", cases[i].text);
		assert_int_equal(row != NULL, cases[i].key != NULL);
		if (row)
			assert_string_equal(row->key, cases[i].key);
	}
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

static void test_provider_defaults_is_public__google_alone__is(void **state)
{
	(void)state;
	assert_true(provider_defaults_is_public("https://accounts.google.com"));
	assert_false(provider_defaults_is_public("https://accounts.google.com.example"));
	assert_false(provider_defaults_is_public("https://login.microsoftonline.com/1/v2.0"));
}

static void test_provider_defaults_value__of_a_row__is_told(void **state)
{
	static const struct {
		const char *issuer;
		const char *section;
		const char *key;
		const char *value; /* NULL: none */
	} cases[] = {
		{"https://login.microsoftonline.com/T", "integration", "claim", "groups"},
		{"https://accounts.google.com", "integration", "claim", "hd"},
		{"https://accounts.google.com", "roles", "no_match", "deny"},
		{"https://accounts.google.com", "integration", "no_match", NULL},
		{"https://a.zitadel.cloud/", "integration", "claim",
			"urn:zitadel:iam:org:project:roles"},
		{"https://a.zitadel.cloud/", "integration", "scopes", NULL},
		{"https://example.com", "integration", "claim", NULL},
	};

	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(cases); i++) {
		const char *value =
			provider_defaults_value(cases[i].issuer, cases[i].section, cases[i].key);

		print_message("%s %s\n", cases[i].issuer, cases[i].key);
		assert_int_equal(value != NULL, cases[i].value != NULL);
		if (value)
			assert_string_equal(value, cases[i].value);
	}
}

static void test_provider_device_switch__each_issuer__its_own_words_or_none(void **state)
{
	static const struct {
		const char *issuer;
		const char *begins; /* NULL: nothing is said */
	} cases[] = {
		{"https://login.microsoftonline.com/T/v2.0", "At Entra ID: "},
		{"https://login.microsoftonline.us/T/v2.0", "At Entra ID: "},
		{"https://login.partner.microsoftonline.cn/T/v2.0", "At Entra ID: "},
		{"https://accounts.google.com", "At Google: "},
		{"https://example.okta.com/oauth2/default", "At Okta: "},
		{"https://example.oktapreview.com", "At Okta: "},
		{"https://example.okta-emea.com", "At Okta: "},
		{"https://example.eu.auth0.com/", "At Auth0: "},
		{"https://a.zitadel.cloud", "At Zitadel: "},
		{"https://sso.example.com/realms/staff", "If this is Keycloak: "},
		{"https://sso.example.com:8443/auth/realms/staff", "If this is Keycloak: "},
		{"https://sso.example.com/application/o/hosts/", "If this is authentik: "},
		{"https://evilokta.com", NULL},
		{"https://okta.com", NULL},
		{"https://example.okta.com.evil.example", NULL},
		{"https://example.okta.com:8443", NULL},
		{"https://realms/staff", NULL},
		{"http://sso.example.com/realms/staff", NULL},
		{"https://sso.example.com/", NULL},
		{"https://", NULL},
		{"", NULL},
	};

	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(cases); i++) {
		const char *text = provider_device_switch(cases[i].issuer);

		print_message("%s\n", cases[i].issuer);
		assert_int_equal(text != NULL, cases[i].begins != NULL);
		if (text)
			assert_memory_equal(text, cases[i].begins, strlen(cases[i].begins));
	}
}

static void test_provider_defaults_lacks_slash__auth0_alone__and_without_a_path(void **state)
{
	(void)state;
	assert_true(provider_defaults_lacks_slash("https://tenant.eu.auth0.com"));
	assert_false(provider_defaults_lacks_slash("https://tenant.eu.auth0.com/"));
	assert_false(provider_defaults_lacks_slash("https://tenant.eu.auth0.com/path"));
	assert_false(provider_defaults_lacks_slash("https://tenant.eu.auth0.com:8443"));
	assert_false(provider_defaults_lacks_slash("http://tenant.eu.auth0.com"));
	assert_false(provider_defaults_lacks_slash("https://tenant.auth0.com.evil.example"));
	assert_false(provider_defaults_lacks_slash("https://example.okta.com"));
	assert_false(provider_defaults_lacks_slash("https://"));
	assert_false(provider_defaults_lacks_slash(""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_provider_defaults_put__known_host__sets_what_it_needs),
		cmocka_unit_test(test_provider_defaults_put__set_by_the_file__is_left),
		cmocka_unit_test(test_provider_defaults_put__open_to_anybody__is_left),
		cmocka_unit_test(test_provider_defaults_put__not_chosen__is_left_out),
		cmocka_unit_test(test_provider_defaults_put__choice_fails__ends),
		cmocka_unit_test(test_provider_defaults_opened__each_text__told_where_it_is_open),
		cmocka_unit_test(test_provider_defaults_put__any_other_host__gets_nothing),
		cmocka_unit_test(test_provider_defaults_is_public__google_alone__is),
		cmocka_unit_test(test_provider_defaults_value__of_a_row__is_told),
		cmocka_unit_test(
			test_provider_defaults_lacks_slash__auth0_alone__and_without_a_path),
		cmocka_unit_test(test_provider_device_switch__each_issuer__its_own_words_or_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
