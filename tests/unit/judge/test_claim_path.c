/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "pam_cosmo_sso/judge/claim_path.h"
#include "tests/unit/judge/signer.h"

/* case: claim: a path with dots or slashes leads into objects, and nowhere is a missing claim */
static void test_claim_path_follow__paths__lead_to_members(void **state)
{
	static const char claims[] =
		"{\"realm_access\":{\"roles\":[\"a\"]},\"resource_access\":{\"my.client\":{\"roles\":"
		"[\"b\"]}},\"a\":{\"b\":{\"c\":\"deep\"},\"\":\"empty\"},\"s\":\"text\",\"list\":[{"
		"\"x\":\"in\"}],\"m/n\":{\"t~u\":\"escaped\"},\"n\":null,\"~1\":\"tilde\"}";
	static const struct {
		const char *path;
		const char *text; /* of a string; "[" for an array; NULL: nowhere */
	} cases[] = {
		{"realm_access.roles", "["},
		{"/realm_access/roles", "["},
		{"/resource_access/my.client/roles", "["},
		{"resource_access.my.client.roles", NULL}, /* dots part names; the pointer helps */
		{"a.b.c", "deep"},
		{"/a/b/c", "deep"},
		{"/m~1n/t~0u", "escaped"},
		{"/~01", "tilde"},
		{"/s", "text"},
		{"s", NULL}, /* a single name is the caller's */
		{"", NULL},
		{"/", NULL},
		{".", NULL},
		{"a.", NULL},
		{".a", NULL},
		{"a..b", NULL},
		{"/a/", NULL},
		{"/a//b", NULL},
		{"//a", NULL},
		{"a.b.c.d", NULL},
		{"s.x", NULL},
		{"list.0", NULL},
		{"/list/0", NULL},
		{"/list/0/x", NULL},
		{"n.x", NULL},
		{"/n", NULL},
		{"a.x", NULL},
		{"x.b", NULL},
		{"/m~n", NULL},
		{"/m~2n", NULL},
		{"/m~", NULL},
		{"A.b.c", NULL},
	};
	COSMO_AUTO(json_free) struct json_object *root = NULL;

	(void)state;
	assert_int_equal(json_parse(claims, strlen(claims), &root), COSMO_OK);
	for (size_t i = 0; i < COSMO_ARRAY_LEN(cases); i++) {
		struct json_object *found = claim_path_follow(root, cases[i].path);

		print_message("%s\n", cases[i].path);
		assert_int_equal(found != NULL, cases[i].text != NULL);
		if (!found)
			continue;
		if (cases[i].text[0] == '[')
			assert_true(json_is_array(found));
		else
			assert_string_equal(json_text(found), cases[i].text);
	}
	assert_null(claim_path_follow(NULL, "a.b"));
}

static void test_claim_path_follow__long_step__is_bounded(void **state)
{
	char name[258] = "";

	(void)state;
	for (size_t len = 255; len <= 256; len++) {
		memset(name, 'x', len);
		COSMO_AUTO(free) char *text = signer_format("{\"%s\":{\"y\":1}}", name);
		COSMO_AUTO(free) char *path = signer_format("%s.y", name);
		COSMO_AUTO(json_free) struct json_object *root = NULL;

		assert_int_equal(json_parse(text, strlen(text), &root), COSMO_OK);
		assert_int_equal(claim_path_follow(root, path) != NULL, len == 255);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_claim_path_follow__paths__lead_to_members),
		cmocka_unit_test(test_claim_path_follow__long_step__is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
