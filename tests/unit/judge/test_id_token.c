/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "pam_cosmo_sso/judge/id_token.h"
#include "tests/unit/judge/signer.h"

#define NOW      INT64_C(1800000000)
#define SKEW     60
#define CLIENT   "cosmo"
#define ISSUER   "https://idp.example/realms/r"
#define GOOD_ISS "\"iss\":\"" ISSUER "\""
#define GOOD_AUD "\"aud\":\"cosmo\""
#define GOOD_EXP "\"exp\":1800000300"
#define GOOD_IAT "\"iat\":1800000000"
#define GOOD_SUB "\"sub\":\"1000\""

static const struct id_token_policy usual = {.issuer = ISSUER, .client_id = CLIENT, .skew_s = SKEW};

static enum cosmo_err check_with(
	const char *text, const struct id_token_policy *policy, int64_t now_s)
{
	COSMO_AUTO(json_free) struct json_object *claims = NULL;

	assert_int_equal(json_parse(text, strlen(text), &claims), COSMO_OK);
	return id_token_check(claims, policy, now_s, NULL);
}

/* One claim replaced: what is good, but for the member named as @claim is, and then @claim. */
static enum cosmo_err check(const char *claim)
{
	static const char *const good[] = {GOOD_ISS, GOOD_AUD, GOOD_EXP, GOOD_IAT, GOOD_SUB};
	COSMO_AUTO(free) char *text = signer_format("{%s", claim);
	size_t name_len = strcspn(claim, ":") + 1;

	for (size_t i = 0; i < COSMO_ARRAY_LEN(good); i++) {
		bool is_replaced = strncmp(good[i], claim, name_len) == 0;
		char *longer = NULL;

		if (is_replaced)
			continue;
		longer = signer_format("%s%s%s", text, strlen(text) > 1 ? "," : "", good[i]);
		free(text);
		text = longer;
	}
	COSMO_AUTO(free) char *whole = signer_format("%s}", text);
	return check_with(whole, &usual, NOW);
}

struct claim_case {
	const char *claim;
	enum cosmo_err err;
};

static void check_all(const struct claim_case *cases, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		print_message("%s\n", cases[i].claim);
		assert_int_equal(check(cases[i].claim), cases[i].err);
	}
}

static void test_id_token_check__good_token__passes(void **state)
{
	(void)state;
	assert_int_equal(check("\"more\":{\"a\":[1]}"), COSMO_OK);
}

/* case: token: identifiers are compared whole, never by how they begin */
static void test_id_token_check__issuer__is_bytewise_equal(void **state)
{
	static const struct claim_case cases[] = {
		{"\"iss\":\"https://idp.example/realms/r/\"", COSMO_E_TOKEN_ISS},
		{"\"iss\":\"https://idp.example/realms/R\"", COSMO_E_TOKEN_ISS},
		{"\"iss\":\"https://IDP.example/realms/r\"", COSMO_E_TOKEN_ISS},
		{"\"iss\":\"https://idp.example:443/realms/r\"", COSMO_E_TOKEN_ISS},
		{"\"iss\":\"https://idp.example/realms/\"", COSMO_E_TOKEN_ISS},
		{"\"iss\":\"https://idp.example/realms/rr\"", COSMO_E_TOKEN_ISS},
		{"\"iss\":\"http://idp.example/realms/r\"", COSMO_E_TOKEN_ISS},
		{"\"iss\":\" https://idp.example/realms/r\"", COSMO_E_TOKEN_ISS},
		{"\"iss\":[\"https://idp.example/realms/r\"]", COSMO_E_TOKEN_ISS},
		{"\"iss\":\"\"", COSMO_E_TOKEN_ISS},
		{"\"iss\":null", COSMO_E_TOKEN_ISS},
		{"\"iss\":1", COSMO_E_TOKEN_ISS},
		{"\"iss\":{}", COSMO_E_TOKEN_ISS},
	};

	(void)state;
	check_all(cases, COSMO_ARRAY_LEN(cases));
	assert_int_equal(
		check_with("{" GOOD_AUD "," GOOD_EXP "," GOOD_IAT "," GOOD_SUB "}", &usual, NOW),
		COSMO_E_TOKEN_ISS);
}

/* An issuer that is configured with a slash at its end is one with a slash at its end. */
/* case: token: an issuer with a slash more or less at its end is another one */
static void test_id_token_check__issuer_with_slash__is_not_the_one_without(void **state)
{
	struct id_token_policy policy = usual;

	(void)state;
	policy.issuer = ISSUER "/";
	assert_int_equal(check_with("{\"iss\":\"" ISSUER "/\"," GOOD_AUD "," GOOD_EXP "," GOOD_IAT
				    "," GOOD_SUB "}",
				 &policy, NOW),
		COSMO_OK);
	assert_int_equal(
		check_with("{" GOOD_ISS "," GOOD_AUD "," GOOD_EXP "," GOOD_IAT "," GOOD_SUB "}",
			&policy, NOW),
		COSMO_E_TOKEN_ISS);
}

/* case: token: aud is the client or an array that has it */
static void test_id_token_check__audience__has_the_client(void **state)
{
	static const struct claim_case cases[] = {
		{"\"aud\":\"cosmo\"", COSMO_OK},
		{"\"aud\":[\"cosmo\"]", COSMO_OK},
		{"\"aud\":\"other\"", COSMO_E_TOKEN_AUD},
		{"\"aud\":\"cosmo \"", COSMO_E_TOKEN_AUD},
		{"\"aud\":\"Cosmo\"", COSMO_E_TOKEN_AUD},
		{"\"aud\":\"cosmo2\"", COSMO_E_TOKEN_AUD},
		{"\"aud\":\"cosm\"", COSMO_E_TOKEN_AUD},
		{"\"aud\":\"other cosmo\"", COSMO_E_TOKEN_AUD},
		{"\"aud\":\"\"", COSMO_E_TOKEN_AUD},
		{"\"aud\":[]", COSMO_E_TOKEN_AUD},
		{"\"aud\":[\"other\"]", COSMO_E_TOKEN_AUD},
		{"\"aud\":[[\"cosmo\"]]", COSMO_E_TOKEN_AUD},
		{"\"aud\":[{\"cosmo\":1},null,5]", COSMO_E_TOKEN_AUD},
		{"\"aud\":{\"cosmo\":true}", COSMO_E_TOKEN_AUD},
		{"\"aud\":null", COSMO_E_TOKEN_AUD},
		{"\"aud\":1", COSMO_E_TOKEN_AUD},
		{"\"aud\":true", COSMO_E_TOKEN_AUD},
	};

	(void)state;
	check_all(cases, COSMO_ARRAY_LEN(cases));
	assert_int_equal(
		check_with("{" GOOD_ISS "," GOOD_EXP "," GOOD_IAT "," GOOD_SUB "}", &usual, NOW),
		COSMO_E_TOKEN_AUD);
}

/* case: token: azp is the client wherever it stands, and must stand beside several audiences */
static void test_id_token_check__azp__is_the_client_wherever_it_counts(void **state)
{
	static const struct claim_case cases[] = {
		{"\"azp\":\"cosmo\"", COSMO_OK},
		{"\"azp\":\"other\"", COSMO_E_TOKEN_AZP},
		{"\"azp\":\"cosmo2\"", COSMO_E_TOKEN_AZP},
		{"\"azp\":\"\"", COSMO_E_TOKEN_AZP},
		{"\"azp\":null", COSMO_E_TOKEN_AZP},
		{"\"azp\":[\"cosmo\"]", COSMO_E_TOKEN_AZP},
		{"\"azp\":1", COSMO_E_TOKEN_AZP},
		{"\"aud\":[\"cosmo\",\"api\"]", COSMO_E_TOKEN_AZP},
		{"\"aud\":[\"cosmo\",\"cosmo\"]", COSMO_E_TOKEN_AZP},
		{"\"aud\":[\"cosmo\",null]", COSMO_E_TOKEN_AZP},
		{"\"aud\":[\"cosmo\",\"api\"],\"azp\":\"cosmo\"", COSMO_OK},
		{"\"aud\":[\"api\",\"cosmo\"],\"azp\":\"cosmo\"", COSMO_OK},
		{"\"aud\":[\"cosmo\",\"api\"],\"azp\":\"api\"", COSMO_E_TOKEN_AZP},
		{"\"aud\":[\"cosmo\",\"api\"],\"azp\":null", COSMO_E_TOKEN_AZP},
		{"\"aud\":[\"api\"],\"azp\":\"cosmo\"", COSMO_E_TOKEN_AUD},
	};

	(void)state;
	check_all(cases, COSMO_ARRAY_LEN(cases));
}

/* Expired from the second on that "exp" names, the skew granted; begun up to the skew ahead. */
/* case: token: the skew holds to the second at both edges */
/* case: token: an iat in the future is refused */
static void test_id_token_check__times__hold_to_the_second_at_both_edges(void **state)
{
	static const struct {
		const char *format;
		int64_t offset_s;
		enum cosmo_err err;
	} cases[] = {
		{"\"exp\":%lld", 1, COSMO_OK},
		{"\"exp\":%lld", 0, COSMO_OK},
		{"\"exp\":%lld", -SKEW + 1, COSMO_OK},
		{"\"exp\":%lld", -SKEW, COSMO_E_TOKEN_EXPIRED},
		{"\"exp\":%lld", -SKEW - 1, COSMO_E_TOKEN_EXPIRED},
		{"\"exp\":%lld.9", -SKEW, COSMO_E_TOKEN_EXPIRED},
		{"\"iat\":%lld", 0, COSMO_OK},
		{"\"iat\":%lld", -100000, COSMO_OK},
		{"\"iat\":%lld", SKEW, COSMO_OK},
		{"\"iat\":%lld.9", SKEW, COSMO_OK},
		{"\"iat\":%lld", SKEW + 1, COSMO_E_TOKEN_EARLY},
		{"\"nbf\":%lld", -1, COSMO_OK},
		{"\"nbf\":%lld", SKEW, COSMO_OK},
		{"\"nbf\":%lld", SKEW + 1, COSMO_E_TOKEN_EARLY},
	};

	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(cases); i++) {
		const char *hole = strstr(cases[i].format, "%lld");
		COSMO_AUTO(free)
		char *claim = signer_format("%.*s%lld%s", (int)(hole - cases[i].format),
			cases[i].format, (long long)(NOW + cases[i].offset_s), hole + 4);

		print_message("%s\n", claim);
		assert_int_equal(check(claim), cases[i].err);
	}
}

/* case: token: a time that is missing or no number is refused */
static void test_id_token_check__times_of_other_forms__are_refused(void **state)
{
	static const struct claim_case cases[] = {
		{"\"exp\":\"1800000300\"", COSMO_E_TOKEN_CLAIM},
		{"\"exp\":null", COSMO_E_TOKEN_CLAIM},
		{"\"exp\":true", COSMO_E_TOKEN_CLAIM},
		{"\"exp\":[1800000300]", COSMO_E_TOKEN_CLAIM},
		{"\"exp\":{}", COSMO_E_TOKEN_CLAIM},
		{"\"iat\":\"1800000000\"", COSMO_E_TOKEN_CLAIM},
		{"\"iat\":null", COSMO_E_TOKEN_CLAIM},
		{"\"nbf\":\"1800000000\"", COSMO_E_TOKEN_CLAIM},
		{"\"nbf\":null", COSMO_E_TOKEN_CLAIM},
		{"\"nbf\":false", COSMO_E_TOKEN_CLAIM},
		/* huge and negative ones mean what they say */
		{"\"exp\":1800000300.5", COSMO_OK},
		{"\"exp\":1.8000003e9", COSMO_OK},
		{"\"exp\":9223372036854775807", COSMO_OK},
		{"\"exp\":99999999999999999999999999", COSMO_OK},
		{"\"exp\":1e400", COSMO_OK},
		{"\"exp\":0", COSMO_E_TOKEN_EXPIRED},
		{"\"exp\":-1", COSMO_E_TOKEN_EXPIRED},
		{"\"exp\":-9223372036854775808", COSMO_E_TOKEN_EXPIRED},
		{"\"exp\":-1e400", COSMO_E_TOKEN_EXPIRED},
		{"\"iat\":-9223372036854775808", COSMO_OK},
		{"\"iat\":9223372036854775807", COSMO_E_TOKEN_EARLY},
		{"\"iat\":1e400", COSMO_E_TOKEN_EARLY},
		{"\"nbf\":9223372036854775807", COSMO_E_TOKEN_EARLY},
		{"\"nbf\":-1e400", COSMO_OK},
	};

	(void)state;
	check_all(cases, COSMO_ARRAY_LEN(cases));
	assert_int_equal(
		check_with("{" GOOD_ISS "," GOOD_AUD "," GOOD_IAT "," GOOD_SUB "}", &usual, NOW),
		COSMO_E_TOKEN_CLAIM);
	assert_int_equal(
		check_with("{" GOOD_ISS "," GOOD_AUD "," GOOD_EXP "," GOOD_SUB "}", &usual, NOW),
		COSMO_E_TOKEN_CLAIM);
}

static void test_id_token_check__no_skew__is_exact(void **state)
{
	static const char token[] =
		"{" GOOD_ISS "," GOOD_AUD "," GOOD_SUB ",\"iat\":100,\"nbf\":100,\"exp\":200}";
	struct id_token_policy policy = usual;

	(void)state;
	policy.skew_s = 0;
	assert_int_equal(check_with(token, &policy, 99), COSMO_E_TOKEN_EARLY);
	assert_int_equal(check_with(token, &policy, 100), COSMO_OK);
	assert_int_equal(check_with(token, &policy, 199), COSMO_OK);
	assert_int_equal(check_with(token, &policy, 200), COSMO_E_TOKEN_EXPIRED);
}

/* case: token: a token without a usable sub is refused */
static void test_id_token_check__subject__is_a_text_of_bounded_length(void **state)
{
	static const struct claim_case cases[] = {
		{"\"sub\":\"\"", COSMO_E_TOKEN_SUB},
		{"\"sub\":null", COSMO_E_TOKEN_SUB},
		{"\"sub\":1000", COSMO_E_TOKEN_SUB},
		{"\"sub\":[\"1000\"]", COSMO_E_TOKEN_SUB},
		{"\"sub\":\"\xc3\xa9 |/:\"", COSMO_OK},
	};
	char sub[ID_TOKEN_MAX_SUB_BYTES + 2] = "";

	(void)state;
	check_all(cases, COSMO_ARRAY_LEN(cases));
	assert_int_equal(
		check_with("{" GOOD_ISS "," GOOD_AUD "," GOOD_EXP "," GOOD_IAT "}", &usual, NOW),
		COSMO_E_TOKEN_SUB);
	for (size_t len = ID_TOKEN_MAX_SUB_BYTES; len <= ID_TOKEN_MAX_SUB_BYTES + 1; len++) {
		memset(sub, 's', len);
		COSMO_AUTO(free) char *claim = signer_format("\"sub\":\"%s\"", sub);

		assert_int_equal(
			check(claim), len == ID_TOKEN_MAX_SUB_BYTES ? COSMO_OK : COSMO_E_TOKEN_SUB);
	}
}

static enum cosmo_err check_strength(const char *more, const char *acr, int64_t max_age_s)
{
	struct id_token_policy policy = usual;
	COSMO_AUTO(free)
	char *text = signer_format(
		"{" GOOD_ISS "," GOOD_AUD "," GOOD_EXP "," GOOD_IAT "," GOOD_SUB "%s}", more);

	policy.acr = acr;
	policy.max_age_s = max_age_s;
	return check_with(text, &policy, NOW);
}

static void test_id_token_check__acr_demanded__must_be_told(void **state)
{
	(void)state;
	assert_int_equal(check_strength("", NULL, 0), COSMO_OK);
	assert_int_equal(check_strength(",\"acr\":\"1\"", NULL, 0), COSMO_OK);
	assert_int_equal(check_strength(",\"acr\":\"mfa\"", "mfa", 0), COSMO_OK);
	assert_int_equal(check_strength("", "mfa", 0), COSMO_E_STEP_UP);
	assert_int_equal(check_strength(",\"acr\":\"pwd\"", "mfa", 0), COSMO_E_STEP_UP);
	assert_int_equal(check_strength(",\"acr\":\"mfa2\"", "mfa", 0), COSMO_E_STEP_UP);
	assert_int_equal(check_strength(",\"acr\":[\"mfa\"]", "mfa", 0), COSMO_E_STEP_UP);
	assert_int_equal(check_strength(",\"acr\":null", "mfa", 0), COSMO_E_STEP_UP);
}

static void test_id_token_check__max_age_demanded__holds_to_the_second(void **state)
{
	static const struct {
		int64_t ago_s;
		enum cosmo_err err;
	} cases[] = {{0, COSMO_OK}, {300, COSMO_OK}, {300 + SKEW, COSMO_OK},
		{300 + SKEW + 1, COSMO_E_STEP_UP}, {NOW, COSMO_E_STEP_UP}};

	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(cases); i++) {
		COSMO_AUTO(free)
		char *more =
			signer_format(",\"auth_time\":%lld", (long long)(NOW - cases[i].ago_s));

		print_message("%s\n", more);
		assert_int_equal(check_strength(more, NULL, 300), cases[i].err);
		assert_int_equal(check_strength(more, NULL, 0), COSMO_OK);
	}
	assert_int_equal(check_strength("", NULL, 300), COSMO_E_STEP_UP);
	assert_int_equal(check_strength(",\"auth_time\":null", NULL, 300), COSMO_E_STEP_UP);
	assert_int_equal(
		check_strength(",\"auth_time\":\"1800000000\"", NULL, 300), COSMO_E_STEP_UP);
	assert_int_equal(check_strength(",\"auth_time\":-1e400", NULL, 300), COSMO_E_STEP_UP);
}

/* Only for looking at a token offline: what is not told is not checked, all else is. */
static void test_id_token_check__no_policy__leaves_issuer_and_audience(void **state)
{
	const struct id_token_policy none = {.skew_s = SKEW};

	(void)state;
	assert_int_equal(
		check_with("{" GOOD_EXP "," GOOD_IAT "," GOOD_SUB "}", &none, NOW), COSMO_OK);
	assert_int_equal(check_with("{\"exp\":1," GOOD_IAT "," GOOD_SUB "}", &none, NOW),
		COSMO_E_TOKEN_EXPIRED);
	assert_int_equal(check_with("{" GOOD_EXP "," GOOD_IAT "}", &none, NOW), COSMO_E_TOKEN_SUB);
}

/* Nothing of these members is looked at in any place but its own. */
static void test_id_token_check__claims_elsewhere__do_not_count(void **state)
{
	(void)state;
	assert_int_equal(check_with("{\"x\":{" GOOD_ISS "," GOOD_AUD "," GOOD_EXP "," GOOD_IAT
				    "," GOOD_SUB "}}",
				 &usual, NOW),
		COSMO_E_TOKEN_ISS);
	assert_int_equal(check("\"ISS\":\"https://evil.example\""), COSMO_OK);
}

static void test_id_token_check__reason__is_filtered(void **state)
{
	static const char text[] = "{\"iss\":\"https://evil.example/\\u001b[2J\"}";
	COSMO_AUTO(json_free) struct json_object *claims = NULL;
	struct reason why = {.text = ""};

	(void)state;
	assert_int_equal(json_parse(text, strlen(text), &claims), COSMO_OK);
	assert_int_equal(id_token_check(claims, &usual, NOW, &why), COSMO_E_TOKEN_ISS);
	assert_string_equal(why.text, "token: iss is \"https://evil.example/?[2J\", expected "
				      "\"" ISSUER "\"");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_id_token_check__good_token__passes),
		cmocka_unit_test(test_id_token_check__issuer__is_bytewise_equal),
		cmocka_unit_test(test_id_token_check__issuer_with_slash__is_not_the_one_without),
		cmocka_unit_test(test_id_token_check__audience__has_the_client),
		cmocka_unit_test(test_id_token_check__azp__is_the_client_wherever_it_counts),
		cmocka_unit_test(test_id_token_check__times__hold_to_the_second_at_both_edges),
		cmocka_unit_test(test_id_token_check__times_of_other_forms__are_refused),
		cmocka_unit_test(test_id_token_check__no_skew__is_exact),
		cmocka_unit_test(test_id_token_check__subject__is_a_text_of_bounded_length),
		cmocka_unit_test(test_id_token_check__acr_demanded__must_be_told),
		cmocka_unit_test(test_id_token_check__max_age_demanded__holds_to_the_second),
		cmocka_unit_test(test_id_token_check__no_policy__leaves_issuer_and_audience),
		cmocka_unit_test(test_id_token_check__claims_elsewhere__do_not_count),
		cmocka_unit_test(test_id_token_check__reason__is_filtered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
