/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "pam_cosmo_sso/judge/jws_alg.h"

static void test_jws_alg_find__allowed__is_found_with_its_parameters(void **state)
{
	static const struct jws_alg cases[] = {
		{"RS256", JWK_RSA, NULL, "SHA256", 0, false},
		{"RS384", JWK_RSA, NULL, "SHA384", 0, false},
		{"RS512", JWK_RSA, NULL, "SHA512", 0, false},
		{"PS256", JWK_RSA, NULL, "SHA256", 0, true},
		{"PS384", JWK_RSA, NULL, "SHA384", 0, true},
		{"PS512", JWK_RSA, NULL, "SHA512", 0, true},
		{"ES256", JWK_EC, "P-256", "SHA256", 32, false},
		{"ES384", JWK_EC, "P-384", "SHA384", 48, false},
		{"ES512", JWK_EC, "P-521", "SHA512", 66, false},
		{"EdDSA", JWK_OKP, NULL, NULL, 0, false},
	};

	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(cases); i++) {
		const struct jws_allowed allowed = {.names = {cases[i].name}, .count = 1};
		const struct jws_allowed none = {.count = 0};
		const struct jws_alg *alg = jws_alg_find(cases[i].name, &allowed);

		print_message("%s\n", cases[i].name);
		assert_non_null(alg);
		assert_int_equal(alg->type, cases[i].type);
		assert_true(alg->curve == cases[i].curve || streq(alg->curve, cases[i].curve));
		assert_true(alg->digest == cases[i].digest || streq(alg->digest, cases[i].digest));
		assert_int_equal(alg->coordinate_bytes, cases[i].coordinate_bytes);
		assert_int_equal(alg->is_pss, cases[i].is_pss);
		assert_null(jws_alg_find(cases[i].name, &none));
	}
}

/* What is not to be believed stays so even if a configuration lists it. */
static void test_jws_alg_find__unknown__is_never_found(void **state)
{
	static const char *const cases[] = {"none", "None", "NONE", "HS256", "HS384", "HS512",
		"RS1", "RS128", "ES256K", "Ed25519", "rs256", "RS256 ", " RS256", "RS2561", "RS25",
		"eddsa", "dir", "RSA-OAEP", ""};

	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(cases); i++) {
		const struct jws_allowed allowed = {.names = {"RS256", cases[i]}, .count = 2};

		print_message("%s\n", cases[i]);
		assert_null(jws_alg_find(cases[i], &allowed));
	}
}

static void test_jws_alg_find__another_allowed__is_not_found(void **state)
{
	const struct jws_allowed allowed = {.names = {"PS256", "ES256"}, .count = 2};

	(void)state;
	assert_null(jws_alg_find("RS256", &allowed));
	assert_null(jws_alg_find("ES384", &allowed));
	assert_non_null(jws_alg_find("ES256", &allowed));
	assert_null(jws_alg_find(NULL, &allowed));
}

static void test_jws_alg_nth__each__is_found_by_its_name(void **state)
{
	size_t count = 0;

	(void)state;
	for (; jws_alg_nth(count); count++) {
		const struct jws_alg *alg = jws_alg_nth(count);
		const struct jws_allowed allowed = {.names = {alg->name}, .count = 1};

		assert_ptr_equal(jws_alg_find(alg->name, &allowed), alg);
	}
	assert_int_equal(count, 10);
	assert_null(jws_alg_nth(SIZE_MAX));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_jws_alg_find__allowed__is_found_with_its_parameters),
		cmocka_unit_test(test_jws_alg_find__unknown__is_never_found),
		cmocka_unit_test(test_jws_alg_find__another_allowed__is_not_found),
		cmocka_unit_test(test_jws_alg_nth__each__is_found_by_its_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
