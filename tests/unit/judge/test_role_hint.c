/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "pam_cosmo_sso/judge/role_hint.h"

static struct json_object *parsed(const char *text)
{
	struct json_object *root = NULL;

	if (text)
		assert_int_equal(json_parse(text, strlen(text), &root), COSMO_OK);
	return root;
}

/* The hint for the claim "groups", by a @prefix. */
static void check(const char *token, const char *userinfo, const char *prefix, const char *expected)
{
	COSMO_AUTO(json_free) struct json_object *claims = parsed(token);
	COSMO_AUTO(json_free) struct json_object *more = parsed(userinfo);
	COSMO_AUTO(claim_values_free) struct claim_values *values = NULL;
	const struct claim_sources sources = {.id_token = claims, .userinfo = more};
	struct role_hint hint = {.sources = &sources, .claim = "groups", .prefix = prefix};
	struct reason text = {.text = ""};

	print_message("%s\n", token);
	assert_int_equal(claims_values(&sources, "groups", NULL, &hint.state, &values), COSMO_OK);
	claim_values_strip(values, prefix);
	hint.values = values;
	role_hint_give(&hint, &text);
	assert_string_equal(text.text, expected);
}

/* case: claim: a claim that is missing is told with the names of those that could be meant */
static void test_role_hint__claim_missing__names_others(void **state)
{
	(void)state;
	check("{\"sub\":\"1\",\"aud\":[\"x\"],\"amr\":[\"pwd\"],\"roles\":[\"secret\"]}", NULL,
		NULL,
		"claim groups is not in the ID token, and there is no userinfo answer; "
		"lists and objects there: roles");
	check("{\"roles\":[\"a\"],\"n\":1}", "{\"roles\":[],\"realm_access\":{\"roles\":[\"b\"]}}",
		NULL,
		"claim groups is in neither the ID token nor the userinfo answer; "
		"lists and objects there: roles, realm_access");
	check("{\"hd\":\"x\"}", NULL, NULL,
		"claim groups is not in the ID token, and there is no userinfo answer; "
		"no claim there is a list or an object");
}

static void test_role_hint__many_and_long_names__are_cut(void **state)
{
	COSMO_AUTO(free) char *text = malloc(8192);
	COSMO_AUTO(json_free) struct json_object *claims = NULL;
	const struct claim_sources sources = {.id_token = NULL};
	struct claim_sources many = sources;
	struct claim_values none = {.count = 0};
	struct role_hint hint = {
		.sources = &many, .claim = "groups", .state = CLAIM_MISSING, .values = &none};
	struct reason why = {.text = ""};
	char *at = text;

	(void)state;
	assert_non_null(text);
	*at++ = '{';
	for (int i = 0; i < 20; i++)
		at += sprintf(at, "%s\"%c%0200d\":[]", i ? "," : "", 'a' + i, i);
	strcpy(at, "}");
	claims = parsed(text);
	many.id_token = claims;
	role_hint_give(&hint, &why);
	assert_non_null(strstr(why.text, "a000"));
	assert_null(strstr(why.text, "i000"));
}

/* case: rule: values of which none matches are told by their number and their form, never
 * themselves */
static void test_role_hint__no_match__tells_the_form(void **state)
{
	(void)state;
	check("{\"groups\":[\"a\",\"b\"]}", NULL, NULL,
		"none of 2 value(s) of claim groups matches a rule");
	check("{\"groups\":[\"/a\",\"/b/c\"]}", NULL, NULL,
		"none of 2 value(s) of claim groups matches a rule; all of them are paths that "
		"begin with '/'");
	check("{\"groups\":\"6d1c9e5a-7b1f-4f0e-9a43-2f6F2f7c1a10\"}", NULL, NULL,
		"none of 1 value(s) of claim groups matches a rule; all of them are object ids "
		"(GUIDs), no names");
	check("{\"groups\":[\"6d1c9e5a-7b1f-4f0e-9a43-2f6f2f7c1a1g\"]}", NULL, NULL,
		"none of 1 value(s) of claim groups matches a rule");
	check("{\"groups\":[]}", NULL, NULL, "claim groups has no value");
	check("{\"groups\":[\"a\"]}", NULL, "/",
		"no value of claim groups begins with value_strip_prefix");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_role_hint__claim_missing__names_others),
		cmocka_unit_test(test_role_hint__many_and_long_names__are_cut),
		cmocka_unit_test(test_role_hint__no_match__tells_the_form),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
