/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "pam_cosmo_sso/judge/claims.h"
#include "tests/unit/judge/signer.h"

#define THIRTY_TWO "abcdefghijklmnopqrstuvwxyz012345"

static struct json_object *parsed(const char *text)
{
	struct json_object *root = NULL;

	if (text)
		assert_int_equal(json_parse(text, strlen(text), &root), COSMO_OK);
	return root;
}

/* case: claim: a claim name with dots and slashes is that claim first, and a path only where there
 * is none */
static void test_claims_find__token__comes_before_userinfo(void **state)
{
	COSMO_AUTO(json_free)
	struct json_object *token =
		parsed("{\"a\":\"token\",\"n\":null,\"o\":{\"x\":\"token\"},"
		       "\"d.t\":\"token\",\"/p\":\"token\",\"d\":{\"t\":\"path\"},"
		       "\"z.y\":null,\"z\":{\"y\":\"path\"}}");
	COSMO_AUTO(json_free)
	struct json_object *userinfo =
		parsed("{\"a\":\"info\",\"b\":\"info\",\"n\":\"info\",\"o\":{\"y\":\"info\"}}");
	const struct claim_sources both = {.id_token = token, .userinfo = userinfo};
	const struct claim_sources one = {.id_token = token};
	const struct claim_sources none = {0};

	(void)state;
	assert_string_equal(json_text(claims_find(&both, "a")), "token");
	assert_string_equal(json_text(claims_find(&both, "b")), "info");
	assert_string_equal(json_text(claims_find(&both, "n")), "info");
	assert_string_equal(json_text(claims_find(&both, "o.x")), "token");
	assert_string_equal(json_text(claims_find(&both, "/o/y")), "info");
	/* A member of exactly that name wins over any path, even a null one. */
	assert_string_equal(json_text(claims_find(&one, "d.t")), "token");
	assert_string_equal(json_text(claims_find(&one, "/p")), "token");
	assert_null(claims_find(&one, "z.y"));
	assert_null(claims_find(&one, "b"));
	assert_null(claims_find(&none, "a"));
}

#define CLAIM "https://example.com/groups" /* dots and slashes, and no path */

/* case: claim: groups as array, string or names of an object are its values; a number is refused */
/* case: claim: a missing claim is told apart from an empty one, whatever its form */
static void test_claims_values__forms__become_texts(void **state)
{
	static const struct {
		const char *claim; /* NULL: absent */
		enum cosmo_err err;
		enum claim_state state;
		const char *values; /* joined by '|' */
	} cases[] = {
		{"\"one\"", COSMO_OK, CLAIM_PRESENT, "one|"},
		{"\"a b,c\"", COSMO_OK, CLAIM_PRESENT, "a b,c|"},
		{"[\"a\",\"b\",\"a\"]", COSMO_OK, CLAIM_PRESENT, "a|b|a|"},
		{"[\"\",\"b\",\"\"]", COSMO_OK, CLAIM_PRESENT, "b|"},
		{"{\"admin\":{\"1\":\"x\"},\"dev\":null}", COSMO_OK, CLAIM_PRESENT, "admin|dev|"},
		{"\"\"", COSMO_OK, CLAIM_EMPTY, ""},
		{"[]", COSMO_OK, CLAIM_EMPTY, ""},
		{"{}", COSMO_OK, CLAIM_EMPTY, ""},
		{"[\"\"]", COSMO_OK, CLAIM_EMPTY, ""},
		{"{\"\":1}", COSMO_OK, CLAIM_EMPTY, ""},
		{NULL, COSMO_OK, CLAIM_MISSING, ""},
		{"null", COSMO_OK, CLAIM_MISSING, ""},
		{"5", COSMO_E_CLAIM_TYPE, CLAIM_MISSING, ""},
		{"1.5", COSMO_E_CLAIM_TYPE, CLAIM_MISSING, ""},
		{"true", COSMO_E_CLAIM_TYPE, CLAIM_MISSING, ""},
		{"false", COSMO_E_CLAIM_TYPE, CLAIM_MISSING, ""},
		{"[\"a\",5]", COSMO_E_CLAIM_TYPE, CLAIM_MISSING, ""},
		{"[\"a\",null]", COSMO_E_CLAIM_TYPE, CLAIM_MISSING, ""},
		{"[[\"a\"]]", COSMO_E_CLAIM_TYPE, CLAIM_MISSING, ""},
		{"[{\"name\":\"a\"}]", COSMO_E_CLAIM_TYPE, CLAIM_MISSING, ""},
	};

	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(cases); i++) {
		COSMO_AUTO(free)
		char *text = cases[i].claim ? signer_format("{\"" CLAIM "\":%s}", cases[i].claim)
					    : signer_format("{\"groups\":[\"other\"]}");
		COSMO_AUTO(json_free) struct json_object *token = parsed(text);
		COSMO_AUTO(claim_values_free) struct claim_values *values = NULL;
		const struct claim_sources sources = {.id_token = token};
		enum claim_state claim = (enum claim_state)99;
		char joined[64] = "";

		print_message("%s\n", text);
		assert_int_equal(
			claims_values(&sources, CLAIM, NULL, &claim, &values), cases[i].err);
		if (cases[i].err) {
			assert_null(values);
			continue;
		}
		assert_int_equal(claim, cases[i].state);
		for (size_t k = 0; k < values->count; k++)
			strcat(strcat(joined, values->items[k]), "|");
		assert_string_equal(joined, cases[i].values);
	}
	claim_values_free(NULL);
}

static void test_claims_values__many__are_all_there(void **state)
{
	COSMO_AUTO(free) char *text = malloc(64 * 1024);
	char *at = text;
	COSMO_AUTO(json_free) struct json_object *token = NULL;
	COSMO_AUTO(claim_values_free) struct claim_values *values = NULL;
	struct claim_sources sources = {0};
	enum claim_state claim = CLAIM_MISSING;

	(void)state;
	assert_non_null(text);
	at = stpcpy(at, "{\"g\":[");
	for (int i = 0; i < 5000; i++)
		at += sprintf(at, "\"g%d\",", i);
	strcpy(at - 1, "]}");
	token = parsed(text);
	sources.id_token = token;
	assert_int_equal(claims_values(&sources, "g", NULL, &claim, &values), COSMO_OK);
	assert_int_equal(values->count, 5000);
	assert_string_equal(values->items[4999], "g4999");
}

/* case: rule: value_strip_prefix takes its prefix off values; those without it match no rule */
static void test_claim_values_strip__prefix__others_are_passed_over(void **state)
{
	static const struct {
		const char *prefix;
		const char *left;
	} cases[] = {
		{NULL, "/hosts/admins|/hosts/|admins|/hosts|/other/admins|/hosts//x|"},
		{"/hosts/", "admins|/x|"},
		{"/", "hosts/admins|hosts/|hosts|other/admins|hosts//x|"},
		{"/HOSTS/", ""},
		{"/hosts/admins/", ""},
	};
	COSMO_AUTO(json_free)
	struct json_object *token = parsed("{\"g\":[\"/hosts/admins\",\"/hosts/\",\"admins\","
					   "\"/hosts\",\"/other/admins\",\"/hosts//x\"]}");
	const struct claim_sources sources = {.id_token = token};

	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(cases); i++) {
		COSMO_AUTO(claim_values_free) struct claim_values *values = NULL;
		enum claim_state claim = CLAIM_MISSING;
		char joined[256] = "";

		print_message("%s\n", cases[i].prefix ? cases[i].prefix : "(none)");
		assert_int_equal(claims_values(&sources, "g", NULL, &claim, &values), COSMO_OK);
		claim_values_strip(values, cases[i].prefix);
		for (size_t k = 0; k < values->count; k++)
			strcat(strcat(joined, values->items[k]), "|");
		assert_string_equal(joined, cases[i].left);
	}
}

/* Left out because there are too many is not the same as none. */
/* case: claim: groups left out because there are too many are an error of its own, never no groups
 */
/* case: claim: an overage marker that names another claim changes nothing */
static void test_claims_values__overage__is_an_error_of_its_own(void **state)
{
	static const struct {
		const char *token, *userinfo;
		enum cosmo_err err;
	} cases[] = {
		{"{\"_claim_names\":{\"groups\":\"src1\"},\"_claim_sources\":{\"src1\":{}}}", NULL,
			COSMO_E_CLAIM_OVERAGE},
		{"{\"_claim_names\":{\"groups\":\"src1\"},\"groups\":[\"a\"]}", NULL,
			COSMO_E_CLAIM_OVERAGE},
		{"{\"_claim_names\":{\"groups\":null}}", NULL, COSMO_E_CLAIM_OVERAGE},
		{"{}", "{\"_claim_names\":{\"groups\":\"src1\"}}", COSMO_E_CLAIM_OVERAGE},
		{"{\"_claim_names\":{\"other\":\"src1\"},\"groups\":[\"a\"]}", NULL, COSMO_OK},
		{"{\"_claim_names\":\"groups\",\"groups\":[\"a\"]}", NULL, COSMO_OK},
		{"{\"groups\":[\"_claim_names\"]}", NULL, COSMO_OK},
		/* Entra ID's short form of the same */
		{"{\"hasgroups\":true}", NULL, COSMO_E_CLAIM_OVERAGE},
		{"{\"hasgroups\":\"true\"}", NULL, COSMO_E_CLAIM_OVERAGE},
		{"{}", "{\"hasgroups\":true}", COSMO_E_CLAIM_OVERAGE},
		{"{\"hasgroups\":true,\"groups\":[]}", NULL, COSMO_OK},
		{"{\"hasgroups\":false}", NULL, COSMO_OK},
		{"{\"hasgroups\":null}", NULL, COSMO_OK},
		{"{\"hasgroups\":1}", NULL, COSMO_OK},
		{"{}", NULL, COSMO_OK},
	};

	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(cases); i++) {
		COSMO_AUTO(json_free) struct json_object *token = parsed(cases[i].token);
		COSMO_AUTO(json_free) struct json_object *userinfo = parsed(cases[i].userinfo);
		COSMO_AUTO(claim_values_free) struct claim_values *values = NULL;
		const struct claim_sources sources = {.id_token = token, .userinfo = userinfo};
		enum claim_state claim = CLAIM_MISSING;

		print_message("%s\n", cases[i].token);
		assert_int_equal(
			claims_values(&sources, "groups", NULL, &claim, &values), cases[i].err);
	}
}

/* The same, where the claim is named by a path. */
/* case: claim: groups left out because there are too many are an error of its own, never no groups
 */
static void test_claims_values__overage_of_a_path__is_seen(void **state)
{
	COSMO_AUTO(json_free)
	struct json_object *token = parsed("{\"_claim_names\":{\"groups\":\"src1\"}}");
	const struct claim_sources sources = {.id_token = token};
	struct claim_values *values = NULL;
	enum claim_state claim = CLAIM_MISSING;

	(void)state;
	assert_int_equal(
		claims_values(&sources, "/groups", NULL, &claim, &values), COSMO_E_CLAIM_OVERAGE);
	assert_int_equal(
		claims_values(&sources, "groups.x", NULL, &claim, &values), COSMO_E_CLAIM_OVERAGE);
	COSMO_AUTO(json_free) struct json_object *has = parsed("{\"hasgroups\":true,\"x\":[]}");
	const struct claim_sources short_form = {.id_token = has};
	assert_int_equal(claims_values(&short_form, "/groups", NULL, &claim, &values),
		COSMO_E_CLAIM_OVERAGE);
	assert_int_equal(claims_values(&short_form, "x", NULL, &claim, &values), COSMO_OK);
	claim_values_free(values);
}

/* A claim of @count groups, with more members behind it. */
static char *groups_claim(int count, const char *more)
{
	COSMO_AUTO(free) char *text = calloc(1, 8192);
	char *at = text;

	assert_non_null(text);
	for (int i = 0; i < count; i++)
		at += sprintf(at, "%s\"g%d\"", i ? "," : "", i);
	return signer_format("{\"groups\":[%s]%s}", text, more);
}

/* case: claim: 200 groups are all there; where the provider leaves out the 201st, it is an error */
static void test_claims_values__two_hundred_groups__and_one_more(void **state)
{
	COSMO_AUTO(free) char *text = groups_claim(200, "");
	COSMO_AUTO(json_free) struct json_object *full = parsed(text);
	COSMO_AUTO(json_free)
	struct json_object *over = parsed("{\"_claim_names\":{\"groups\":\"src1\"},"
					  "\"_claim_sources\":{\"src1\":{\"endpoint\":"
					  "\"https://graph.example/getMemberObjects\"}}}");
	const struct claim_sources all = {.id_token = full};
	const struct claim_sources cut = {.id_token = over};
	COSMO_AUTO(claim_values_free) struct claim_values *values = NULL;
	struct claim_values *none = NULL;
	enum claim_state claim = CLAIM_MISSING;

	(void)state;
	assert_int_equal(claims_values(&all, "groups", NULL, &claim, &values), COSMO_OK);
	assert_int_equal(values->count, 200);
	assert_string_equal(values->items[199], "g199");
	assert_int_equal(claims_values(&cut, "groups", NULL, &claim, &none), COSMO_E_CLAIM_OVERAGE);
	assert_null(none);
}

static enum cosmo_err username(const char *value, const struct username_policy *policy, char *ret)
{
	COSMO_AUTO(free)
	char *text = signer_format("{\"login\":%s,\"name\":\"other\","
				   "\"email\":\"other@corp.example\"}",
		value);
	COSMO_AUTO(json_free) struct json_object *token = parsed(text);
	const struct claim_sources sources = {.id_token = token};

	return claims_username(&sources, policy, NULL, ret);
}

/* case: claim: a name with a colon, a newline, two dots, a leading dash or any look-alike letter is
 * refused */
/* case: claim: a name claim that is empty, an array, a number or an object is refused */
/* case: claim: a domain that is not listed is never cut off */
static void test_claims_username__forms__are_taken_or_refused(void **state)
{
	static const struct username_policy policy = {.claim = "login",
		.strip_domains = {"corp.example", "Other.EXAMPLE"},
		.strip_domain_count = 2};
	static const struct {
		const char *value;
		const char *name; /* NULL: COSMO_E_NAME_FORM */
	} cases[] = {
		{"\"ada\"", "ada"},
		{"\"Ada\"", "ada"},
		{"\"ADA.Lovelace-1_x\"", "ada.lovelace-1_x"},
		{"\"ada@corp.example\"", "ada"},
		{"\"Ada@CORP.Example\"", "ada"},
		{"\"ada@other.example\"", "ada"},
		{"\"" THIRTY_TWO "\"", THIRTY_TWO},
		{"\"" THIRTY_TWO "@corp.example\"", THIRTY_TWO},
		{"\"" THIRTY_TWO "6\"", NULL},
		{"\"ada@evil.example\"", NULL},
		{"\"ada@corp.example.evil\"", NULL},
		{"\"ada@xcorp.example\"", NULL},
		{"\"ada@corp.exampl\"", NULL},
		{"\"ada@corp\"", NULL},
		{"\"ada@\"", NULL},
		{"\"@corp.example\"", NULL},
		{"\"ada@evil.example@corp.example\"", NULL},
		{"\"ada@@corp.example\"", NULL},
		{"\"ada@corp.example@\"", NULL},
		{"\"ada@corp.example \"", NULL},
		{"\"corp.example\\\\ada\"", NULL},
		{"\"ada:x:0:0\"", NULL},
		{"\"ada\\nroot\"", NULL},
		{"\"..\"", NULL},
		{"\"../x\"", NULL},
		{"\"a/b\"", NULL},
		{"\"-ada\"", NULL},
		{"\"_ada\"", NULL},
		{"\"1ada\"", NULL},
		{"\".ada\"", NULL},
		{"\"ada.\"", NULL},
		{"\"ada lovelace\"", NULL},
		{"\" ada\"", NULL},
		{"\"ada$\"", NULL},
		{"\"ad\xc3\xa4\"", NULL},
		{"\"\xd0\xb0"
		 "da\"",
			NULL},              /* a Cyrillic letter */
		{"\"\xe2\x84\xaa\"", NULL}, /* the Kelvin sign, k in some lower cases */
		{"\"\xef\xbd\x81\xef\xbd\x84\xef\xbd\x81\"", NULL}, /* full-width letters */
		{"\"ada\\uff20corp.example\"", NULL},               /* and a full-width '@' */
		{"\"a\xcc\x81"
		 "da\"",
			NULL},                /* a combining accent */
		{"\"ad\\u200ba\"", NULL},     /* a blank without width */
		{"\"\\u202eada\"", NULL},     /* from right to left */
		{"\"ada\\u00ad\"", NULL},     /* a soft hyphen */
		{"\"\\ud83d\\udc69\"", NULL}, /* outside the first plane */
		{"\"ada\\u0131\"", NULL},     /* dotless i: I in some lower cases */
		{"\"ada\\t\"", NULL},
		{"\"ada\\u007f\"", NULL},
		{"\"\"", NULL},
		{"7", NULL},
		{"[\"ada\"]", NULL},
		{"{\"ada\":1}", NULL},
		{"true", NULL},
	};

	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(cases); i++) {
		char name[COSMO_MAX_NAME_BYTES + 1] = "kept";

		print_message("%s\n", cases[i].value);
		assert_int_equal(username(cases[i].value, &policy, name),
			cases[i].name ? COSMO_OK : COSMO_E_NAME_FORM);
		assert_string_equal(name, cases[i].name ? cases[i].name : "kept");
	}
}

/* case: claim: a name of 256 bytes is refused */
static void test_claims_username__long_ones__are_refused(void **state)
{
	static const struct username_policy policy = {.claim = "login"};
	static const size_t lens[] = {33, 255, 256, 319, 320, 321, 4096};
	static char many[5000];

	(void)state;
	memset(many, 'a', sizeof(many) - 1);
	for (size_t i = 0; i < COSMO_ARRAY_LEN(lens); i++) {
		COSMO_AUTO(free) char *value = signer_format("\"%.*s\"", (int)lens[i], many);
		char name[COSMO_MAX_NAME_BYTES + 1] = "";

		assert_int_equal(username(value, &policy, name), COSMO_E_NAME_FORM);
	}
}

/* No other claim ever stands in for the configured one. */
/* case: claim: where the name claim is missing no other claim stands in */
static void test_claims_username__missing__is_a_code_of_its_own(void **state)
{
	static const struct username_policy policy = {.claim = "preferred_username"};
	char name[COSMO_MAX_NAME_BYTES + 1] = "";

	(void)state;
	assert_int_equal(username("\"ada\"", &policy, name), COSMO_E_NAME_MISSING);
	assert_int_equal(username("null", &policy, name), COSMO_E_NAME_MISSING);
	static const struct username_policy null = {.claim = "login"};
	assert_int_equal(username("null", &null, name), COSMO_E_NAME_MISSING);
}

/* Two people of two domains never become one, unless the administrator lists both. */
/* case: claim: two people of one name in two domains stay two people */
static void test_claims_username__kept_domains__stay_apart(void **state)
{
	static const struct username_policy policy = {.claim = "login",
		.strip_domains = {"corp.example"},
		.strip_domain_count = 1,
		.keep_domains = true};
	static const struct {
		const char *value, *name;
	} cases[] = {
		{"\"ada@corp.example\"", "ada"},
		{"\"Ada@a.example\"", "ada@a.example"},
		{"\"ada@b.example\"", "ada@b.example"},
		{"\"ada\"", "ada"},
		{"\"ada@\"", NULL},
		{"\"@a.example\"", NULL},
		{"\"ada@a.example@b.example\"", NULL},
		{"\"ada@corp.example@b.example\"", NULL},
		{"\"ada@" THIRTY_TWO "\"", NULL},
	};

	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(cases); i++) {
		char name[COSMO_MAX_NAME_BYTES + 1] = "kept";

		print_message("%s\n", cases[i].value);
		assert_int_equal(username(cases[i].value, &policy, name),
			cases[i].name ? COSMO_OK : COSMO_E_NAME_FORM);
		assert_string_equal(name, cases[i].name ? cases[i].name : "kept");
	}
}

static enum cosmo_err subject(const char *claims, const char *names, char *ret)
{
	COSMO_AUTO(json_free) struct json_object *token = parsed(claims);

	return claims_subject(token, names, NULL, ret);
}

/* case: claim: two claims joined to a subject cannot be mistaken for two others */
static void test_claims_subject__claims__are_joined_without_confusion(void **state)
{
	static const struct {
		const char *claims, *names, *subject;
	} cases[] = {
		{"{\"sub\":\"1\"}", "sub", "1"},
		{"{\"sub\":\"a/b c\"}", "sub", "a/b c"},
		{"{\"tid\":\"t\",\"oid\":\"o\"}", "tid oid", "t/o"},
		{"{\"tid\":\"t\",\"oid\":\"o\"}", "oid  tid", "o/t"},
		{"{\"x\":{\"id\":\"deep\"}}", "x.id", "deep"},
		/* "t/" with "o" and "t" with "/o" would be one person */
		{"{\"tid\":\"t/\",\"oid\":\"o\"}", "tid oid", NULL},
		{"{\"tid\":\"t\",\"oid\":\"/o\"}", "tid oid", NULL},
		{"{\"tid\":\"t\"}", "tid oid", NULL},
		{"{\"tid\":\"t\",\"oid\":\"\"}", "tid oid", NULL},
		{"{\"tid\":\"t\",\"oid\":null}", "tid oid", NULL},
		{"{\"tid\":\"t\",\"oid\":7}", "tid oid", NULL},
		{"{\"sub\":\"\"}", "sub", NULL},
		{"{\"sub\":7}", "sub", NULL},
		{"{\"sub\":[\"1\"]}", "sub", NULL},
		{"{\"other\":\"1\"}", "sub", NULL},
		{"{\"sub\":\"1\"}", "", NULL},
		{"{\"sub\":\"1\"}", "  ", NULL},
	};

	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(cases); i++) {
		char found[CLAIMS_MAX_SUBJECT_BYTES + 1] = "kept";

		print_message("%s of %s\n", cases[i].names, cases[i].claims);
		assert_int_equal(subject(cases[i].claims, cases[i].names, found),
			cases[i].subject ? COSMO_OK : COSMO_E_TOKEN_SUB);
		assert_string_equal(found, cases[i].subject ? cases[i].subject : "kept");
	}
}

static void test_claims_subject__length__is_bounded_as_told(void **state)
{
	char many[CLAIMS_MAX_SUBJECT_BYTES + 2] = "";

	(void)state;
	for (size_t len = CLAIMS_MAX_SUBJECT_BYTES; len <= CLAIMS_MAX_SUBJECT_BYTES + 1; len++) {
		char found[CLAIMS_MAX_SUBJECT_BYTES + 1] = "";
		enum cosmo_err wanted =
			len == CLAIMS_MAX_SUBJECT_BYTES ? COSMO_OK : COSMO_E_TOKEN_SUB;

		memset(many, 's', len);
		COSMO_AUTO(free) char *one = signer_format("{\"sub\":\"%s\"}", many);
		COSMO_AUTO(free)
		char *two = signer_format("{\"a\":\"%.250s\",\"b\":\"%s\"}", many, many + 251);
		assert_int_equal(subject(one, "sub", found), wanted);
		assert_int_equal(subject(two, "a b", found), wanted);
	}
}

/* case: account: a uid_claim is a whole number or its digits, and nothing else */
static void test_claims_uid__numbers__are_whole_and_in_range(void **state)
{
	static const struct {
		const char *value;
		enum cosmo_err err;
		uint32_t uid;
	} cases[] = {
		{"70000", COSMO_OK, 70000},
		{"\"70000\"", COSMO_OK, 70000},
		{"0", COSMO_OK, 0}, /* refused where uids are decided about, by its range */
		{"4294967294", COSMO_OK, 4294967294},
		{"4294967295", COSMO_E_TOKEN_CLAIM, 0},
		{"4294967296", COSMO_E_TOKEN_CLAIM, 0},
		{"4295037296", COSMO_E_TOKEN_CLAIM, 0}, /* 70000 in 32 bits */
		{"18446744073709551616", COSMO_E_TOKEN_CLAIM, 0},
		{"-1", COSMO_E_TOKEN_CLAIM, 0},
		{"70000.0", COSMO_E_TOKEN_CLAIM, 0},
		{"70000.5", COSMO_E_TOKEN_CLAIM, 0},
		{"7e4", COSMO_E_TOKEN_CLAIM, 0},
		{"\"0x10\"", COSMO_E_TOKEN_CLAIM, 0},
		{"\"070000\"", COSMO_E_TOKEN_CLAIM, 0},
		{"\" 7\"", COSMO_E_TOKEN_CLAIM, 0},
		{"\"\"", COSMO_E_TOKEN_CLAIM, 0},
		{"true", COSMO_E_TOKEN_CLAIM, 0},
		{"[70000]", COSMO_E_TOKEN_CLAIM, 0},
		{"null", COSMO_E_NOT_FOUND, 0},
	};

	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(cases); i++) {
		COSMO_AUTO(free) char *text = signer_format("{\"uid\":%s}", cases[i].value);
		COSMO_AUTO(json_free) struct json_object *token = parsed(text);
		const struct claim_sources sources = {.id_token = token};
		uint32_t uid = 4711;

		print_message("%s\n", cases[i].value);
		assert_int_equal(claims_uid(&sources, "uid", NULL, &uid), cases[i].err);
		assert_int_equal(uid, cases[i].err ? 4711 : cases[i].uid);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_claims_find__token__comes_before_userinfo),
		cmocka_unit_test(test_claims_values__forms__become_texts),
		cmocka_unit_test(test_claims_values__many__are_all_there),
		cmocka_unit_test(test_claim_values_strip__prefix__others_are_passed_over),
		cmocka_unit_test(test_claims_values__overage__is_an_error_of_its_own),
		cmocka_unit_test(test_claims_values__overage_of_a_path__is_seen),
		cmocka_unit_test(test_claims_values__two_hundred_groups__and_one_more),
		cmocka_unit_test(test_claims_username__forms__are_taken_or_refused),
		cmocka_unit_test(test_claims_username__long_ones__are_refused),
		cmocka_unit_test(test_claims_username__missing__is_a_code_of_its_own),
		cmocka_unit_test(test_claims_username__kept_domains__stay_apart),
		cmocka_unit_test(test_claims_subject__claims__are_joined_without_confusion),
		cmocka_unit_test(test_claims_subject__length__is_bounded_as_told),
		cmocka_unit_test(test_claims_uid__numbers__are_whole_and_in_range),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
