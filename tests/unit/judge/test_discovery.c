/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "pam_cosmo_sso/judge/discovery.h"
#include "tests/unit/judge/signer.h"

#define ISSUER "https://idp.example/r"
#define DEVICE "\"device_authorization_endpoint\":\"https://idp.example/device\""
#define TOKEN  "\"token_endpoint\":\"https://idp.example/token\""
#define KEYS   "\"jwks_uri\":\"https://keys.example/jwks\""

static struct reason why;

static enum cosmo_err parse(const char *text)
{
	COSMO_AUTO(discovery_free) struct discovery *discovery = NULL;
	enum cosmo_err err = discovery_parse(text, strlen(text), ISSUER, &why, &discovery);

	assert_true((err == COSMO_OK) == (discovery != NULL));
	return err;
}

static void test_discovery_url__slash_at_the_end__goes(void **state)
{
	static const struct {
		const char *issuer, *url;
	} cases[] = {
		{"https://idp.example", "https://idp.example/.well-known/openid-configuration"},
		{"https://idp.example/", "https://idp.example/.well-known/openid-configuration"},
		{"https://idp.example/a/b/",
			"https://idp.example/a/b/.well-known/openid-configuration"},
	};
	char url[256] = "";

	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(cases); i++) {
		assert_int_equal(discovery_url(cases[i].issuer, url, sizeof(url)), COSMO_OK);
		assert_string_equal(url, cases[i].url);
	}
	for (size_t size = 0; size <= strlen(cases[0].url) + 1; size++)
		assert_int_equal(discovery_url(cases[0].issuer, url, size),
			size == strlen(cases[0].url) + 1 ? COSMO_OK : COSMO_E_RANGE);
}

static void test_discovery_parse__document__is_told(void **state)
{
	static const char text[] =
		"{\"issuer\":\"" ISSUER "\"," DEVICE "," TOKEN "," KEYS
		",\"userinfo_endpoint\":\"https://idp.example/me\",\"revocation_endpoint\":"
		"\"https://idp.example/revoke\",\"scopes_supported\":[\"openid\",7,null,\"a b\"]}";
	COSMO_AUTO(discovery_free) struct discovery *full = NULL;
	COSMO_AUTO(discovery_free) struct discovery *least = NULL;
	static const char least_text[] =
		"{\"issuer\":\"" ISSUER "\"," DEVICE "," TOKEN "," KEYS
		",\"userinfo_endpoint\":null,\"scopes_supported\":\"openid\"}";

	(void)state;
	assert_int_equal(discovery_parse(text, strlen(text), ISSUER, NULL, &full), COSMO_OK);
	assert_string_equal(discovery_device_endpoint(full), "https://idp.example/device");
	assert_string_equal(discovery_token_endpoint(full), "https://idp.example/token");
	assert_string_equal(discovery_jwks_uri(full), "https://keys.example/jwks");
	assert_string_equal(discovery_userinfo_endpoint(full), "https://idp.example/me");
	assert_string_equal(discovery_revocation_endpoint(full), "https://idp.example/revoke");
	assert_true(discovery_has_scope(full, "openid"));
	assert_true(discovery_has_scope(full, "a b"));
	assert_false(discovery_has_scope(full, "a"));
	assert_false(discovery_has_scope(full, "OpenID"));
	assert_int_equal(
		discovery_parse(least_text, strlen(least_text), ISSUER, NULL, &least), COSMO_OK);
	assert_null(discovery_userinfo_endpoint(least));
	assert_null(discovery_revocation_endpoint(least));
	assert_false(discovery_has_scope(least, "openid"));
	discovery_free(NULL);
}

/* case: token: an issuer with a slash more or less at its end is another one */
static void test_discovery_parse__issuer__is_bytewise_equal(void **state)
{
	static const char *const issuers[] = {"\"https://idp.example/r/\"",
		"\"https://idp.example/R\"", "\"https://idp.example/rr\"",
		"\"http://idp.example/r\"", "\"https://evil.example/r\""};
	static const char *const none[] = {
		"null", "7", "[]", "[\"https://idp.example/r\"]", "\"\""};

	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(issuers); i++) {
		COSMO_AUTO(free)
		char *text =
			signer_format("{\"issuer\":%s," DEVICE "," TOKEN "," KEYS "}", issuers[i]);

		print_message("%s\n", issuers[i]);
		assert_int_equal(parse(text), COSMO_E_IDP_ISSUER);
	}
	/* Whoever names nobody has not become somebody else. */
	for (size_t i = 0; i < COSMO_ARRAY_LEN(none); i++) {
		COSMO_AUTO(free)
		char *text =
			signer_format("{\"issuer\":%s," DEVICE "," TOKEN "," KEYS "}", none[i]);

		print_message("%s\n", none[i]);
		assert_int_equal(parse(text), COSMO_E_IDP_FIELD);
	}
	assert_int_equal(parse("{" DEVICE "," TOKEN "," KEYS "}"), COSMO_E_IDP_FIELD);
	assert_string_equal(why.text, "discovery document without an issuer");
}

/* case: grant: a wrong type in any field of the discovery document is refused, or as if it were not
 * there */
static void test_discovery_parse__address_missing_or_unusable__has_its_code(void **state)
{
	static const struct {
		const char *name;
		enum cosmo_err missing;
	} members[] = {
		{"device_authorization_endpoint", COSMO_E_IDP_NO_DEVICE_GRANT},
		{"token_endpoint", COSMO_E_IDP_FIELD},
		{"jwks_uri", COSMO_E_IDP_FIELD},
		{"userinfo_endpoint", COSMO_OK},
		{"revocation_endpoint", COSMO_OK},
	};
	static const char *const bad[] = {"\"http://idp.example/x\"", "\"\"", "7", "[]", "{}",
		"true", "\"idp.example/x\"", "\"https://idp.example/\\u001b\"",
		"\"https://u:p@idp.example/\"", "\"https://\""};

	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(members); i++) {
		COSMO_AUTO(free) char *rest = signer_format("\"issuer\":\"" ISSUER "\"");
		COSMO_AUTO(free) char *without = NULL;
		COSMO_AUTO(free) char *null = NULL;

		for (size_t k = 0; k < 3; k++) {
			static const char *const good[] = {DEVICE, TOKEN, KEYS};
			char *longer = NULL;

			if (k == i)
				continue;
			longer = signer_format("%s,%s", rest, good[k]);
			free(rest);
			rest = longer;
		}
		print_message("%s\n", members[i].name);
		without = signer_format("{%s}", rest);
		null = signer_format("{%s,\"%s\":null}", rest, members[i].name);
		assert_int_equal(parse(without), members[i].missing);
		assert_int_equal(parse(null), members[i].missing);
		for (size_t k = 0; k < COSMO_ARRAY_LEN(bad); k++) {
			COSMO_AUTO(free)
			char *text = signer_format("{%s,\"%s\":%s}", rest, members[i].name, bad[k]);

			print_message("  %s\n", bad[k]);
			assert_int_equal(parse(text), COSMO_E_IDP_FIELD);
		}
	}
}

static void test_discovery_parse__address__is_bounded(void **state)
{
	char path[DISCOVERY_MAX_URL_BYTES + 2] = "";

	(void)state;
	for (size_t len = DISCOVERY_MAX_URL_BYTES; len <= DISCOVERY_MAX_URL_BYTES + 1; len++) {
		memset(path, 'x', len);
		memcpy(path, "https://", 8);
		COSMO_AUTO(free)
		char *text = signer_format("{\"issuer\":\"" ISSUER "\"," DEVICE "," TOKEN
					   ",\"jwks_uri\":\"%s\"}",
			path);
		assert_int_equal(
			parse(text), len == DISCOVERY_MAX_URL_BYTES ? COSMO_OK : COSMO_E_IDP_FIELD);
	}
}

/* case: grant: a member that stands twice makes the whole answer unreadable */
static void test_discovery_parse__not_a_document__is_no_json(void **state)
{
	static const char *const cases[] = {"", "<html></html>", "[]", "null",
		"{\"issuer\":", "{\"issuer\":\"" ISSUER "\",\"issuer\":\"" ISSUER "\"}"};

	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(cases); i++)
		assert_int_equal(parse(cases[i]), COSMO_E_IDP_NOT_JSON);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_discovery_url__slash_at_the_end__goes),
		cmocka_unit_test(test_discovery_parse__document__is_told),
		cmocka_unit_test(test_discovery_parse__issuer__is_bytewise_equal),
		cmocka_unit_test(test_discovery_parse__address_missing_or_unusable__has_its_code),
		cmocka_unit_test(test_discovery_parse__address__is_bounded),
		cmocka_unit_test(test_discovery_parse__not_a_document__is_no_json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
