/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "pam_cosmo_sso/judge/jwks.h"
#include "tests/unit/judge/signer.h"

static const struct jws_allowed all = {
	.names = {"RS256", "PS256", "ES256", "ES384", "EdDSA"}, .count = 5};

static EVP_PKEY *rsa;
static EVP_PKEY *other_rsa;
static EVP_PKEY *ec;

static int make_keys(void **state)
{
	(void)state;
	rsa = signer_new_rsa(2048);
	other_rsa = signer_new_rsa(2048);
	ec = signer_new_ec("P-256");
	return 0;
}

static int free_keys(void **state)
{
	(void)state;
	EVP_PKEY_free(rsa);
	EVP_PKEY_free(other_rsa);
	EVP_PKEY_free(ec);
	return 0;
}

static enum cosmo_err parse(const char *text, size_t *ret_count)
{
	COSMO_AUTO(jwks_free) struct jwks *jwks = NULL;
	enum cosmo_err err = jwks_parse(text, strlen(text), NULL, &jwks);

	assert_true((err == COSMO_OK) == (jwks != NULL));
	if (ret_count)
		*ret_count = jwks ? jwks_count(jwks) : 0;
	return err;
}

static size_t prepare_all(struct jwks *jwks)
{
	size_t steps = 0;

	while (jwks_prepare(jwks))
		steps++;
	return steps;
}

static void assert_finds_in(
	const struct jwks *jwks, const char *kid, const char *alg, EVP_PKEY *wanted)
{
	COSMO_AUTO(EVP_PKEY_free) EVP_PKEY *found = NULL;
	enum cosmo_err err = jwks_find(jwks, kid, jws_alg_find(alg, &all), NULL, &found);

	assert_int_equal(err, wanted ? COSMO_OK : COSMO_E_JWS_KEY);
	if (wanted)
		assert_int_equal(EVP_PKEY_eq(found, wanted), 1);
	else
		assert_null(found);
}

/* Is it @wanted that a token with @kid signed by @alg is verified with? NULL: none may be found.
 * Keys that were loaded before change nothing of it. */
static void assert_finds(const char *set, const char *kid, const char *alg, EVP_PKEY *wanted)
{
	COSMO_AUTO(jwks_free) struct jwks *jwks = NULL;

	assert_int_equal(jwks_parse(set, strlen(set), NULL, &jwks), COSMO_OK);
	assert_finds_in(jwks, kid, alg, wanted);
	(void)prepare_all(jwks);
	assert_finds_in(jwks, kid, alg, wanted);
}

/* case: grant: a wrong type in any field of the key set is refused, or makes that key one that fits
 * nothing */
static void test_jwks_parse__not_a_set__is_refused_with_its_code(void **state)
{
	static const struct {
		const char *text;
		enum cosmo_err err;
	} cases[] = {
		{"", COSMO_E_IDP_NOT_JSON},
		{"<html>", COSMO_E_IDP_NOT_JSON},
		{"[]", COSMO_E_IDP_NOT_JSON},
		{"{\"keys\":[]", COSMO_E_IDP_NOT_JSON},
		{"{\"keys\":[],\"keys\":[]}", COSMO_E_IDP_NOT_JSON},
		{"{}", COSMO_E_IDP_NO_KEYS},
		{"{\"keys\":null}", COSMO_E_IDP_NO_KEYS},
		{"{\"keys\":[]}", COSMO_E_IDP_NO_KEYS},
		{"{\"keys\":{\"kty\":\"RSA\"}}", COSMO_E_IDP_NO_KEYS},
		{"{\"keys\":[null,5,\"RSA\",[]]}", COSMO_E_IDP_NO_KEYS},
		{"{\"keys\":[{\"kty\":\"oct\",\"k\":\"AAAA\"}]}", COSMO_E_IDP_NO_KEYS},
		{"{\"keys\":[{\"kty\":\"RSA\",\"use\":\"enc\"}]}", COSMO_E_IDP_NO_KEYS},
		{"{\"kty\":\"RSA\",\"n\":\"AQAB\",\"e\":\"AQAB\"}", COSMO_E_IDP_NO_KEYS},
	};

	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(cases); i++) {
		print_message("%s\n", cases[i].text);
		assert_int_equal(parse(cases[i].text, NULL), cases[i].err);
	}
	jwks_free(NULL);
}

static void test_jwks_parse__usable_keys__are_counted(void **state)
{
	size_t count = 0;

	(void)state;
	assert_int_equal(
		parse("{\"keys\":[{\"kty\":\"RSA\"},{\"kty\":\"RSA\",\"use\":\"enc\"},null,"
		      "{\"kty\":\"EC\",\"crv\":\"P-256\"},{\"kty\":\"new\"},"
		      "{\"kty\":\"RSA\",\"alg\":\"RSA-OAEP\"},"
		      "{\"kty\":\"OKP\",\"crv\":\"X25519\"}],\"more\":1}",
			&count),
		COSMO_OK);
	assert_int_equal(count, 2);
}

static void test_jwks_parse__number_of_keys__is_bounded(void **state)
{
	static const char key[] = "{\"kty\":\"RSA\"},";
	static char text[(JWKS_MAX_KEYS + 2) * sizeof(key) + 32];

	(void)state;
	for (size_t count = JWKS_MAX_KEYS; count <= JWKS_MAX_KEYS + 1; count++) {
		char *at = stpcpy(text, "{\"keys\":[");

		for (size_t i = 0; i < count; i++)
			at = stpcpy(at, key);
		strcpy(at - 1, "]}");
		assert_int_equal(
			parse(text, NULL), count == JWKS_MAX_KEYS ? COSMO_OK : COSMO_E_IDP_NO_KEYS);
	}
}

static void test_jwks_find__kid__names_the_key(void **state)
{
	COSMO_AUTO(free) char *first = signer_jwk(rsa, "\"kid\":\"1\",\"use\":\"sig\"");
	COSMO_AUTO(free) char *second = signer_jwk(other_rsa, "\"kid\":\"2\",\"alg\":\"RS256\"");
	COSMO_AUTO(free) char *third = signer_jwk(ec, "\"kid\":\"3\"");
	COSMO_AUTO(free) char *nameless = signer_jwk(ec, NULL);
	COSMO_AUTO(free) char *set = signer_jwks(first, second, third, nameless, NULL);

	(void)state;
	assert_finds(set, "1", "RS256", rsa);
	assert_finds(set, "2", "RS256", other_rsa);
	assert_finds(set, "3", "ES256", ec);
	assert_finds(set, "2", "PS256", NULL); /* its "alg" is another */
	assert_finds(set, "3", "ES384", NULL);
	assert_finds(set, "1", "ES256", NULL);
	assert_finds(set, "4", "RS256", NULL);
	assert_finds(set, "", "ES256", NULL);
	assert_finds(set, "12", "RS256", NULL);
	assert_finds(set, " 1", "RS256", NULL);
}

/* OpenID Connect Core 1.0, 10.1: a token without a kid must leave no choice. */
static void test_jwks_find__no_kid__takes_the_only_one_that_fits(void **state)
{
	COSMO_AUTO(free) char *first = signer_jwk(rsa, "\"kid\":\"1\"");
	COSMO_AUTO(free) char *second = signer_jwk(other_rsa, "\"kid\":\"2\"");
	COSMO_AUTO(free) char *by_pss = signer_jwk(other_rsa, "\"kid\":\"2\",\"alg\":\"PS256\"");
	COSMO_AUTO(free) char *third = signer_jwk(ec, NULL);
	COSMO_AUTO(free) char *one = signer_jwks(first, NULL);
	COSMO_AUTO(free) char *two_types = signer_jwks(first, third, NULL);
	COSMO_AUTO(free) char *two_of_a_type = signer_jwks(first, second, third, NULL);
	COSMO_AUTO(free) char *told_by_alg = signer_jwks(first, by_pss, NULL);

	(void)state;
	assert_finds(one, NULL, "RS256", rsa);
	assert_finds(one, NULL, "ES256", NULL);
	assert_finds(two_types, NULL, "RS256", rsa);
	assert_finds(two_types, NULL, "ES256", ec);
	assert_finds(two_of_a_type, NULL, "RS256", NULL);
	assert_finds(two_of_a_type, NULL, "ES256", ec);
	assert_finds(told_by_alg, NULL, "RS256", rsa);
	assert_finds(told_by_alg, NULL, "PS256", NULL);
}

/* Two keys of one name: never the first, never the last. */
/* case: token: two keys of one kid are none */
static void test_jwks_find__one_kid_twice__is_nobody(void **state)
{
	COSMO_AUTO(free) char *first = signer_jwk(rsa, "\"kid\":\"1\"");
	COSMO_AUTO(free) char *second = signer_jwk(other_rsa, "\"kid\":\"1\"");
	COSMO_AUTO(free) char *third = signer_jwk(ec, "\"kid\":\"1\"");
	COSMO_AUTO(free) char *set = signer_jwks(first, second, third, NULL);

	(void)state;
	assert_finds(set, "1", "RS256", NULL);
	assert_finds(set, "1", "ES256", ec);
}

/* case: token: a key of another kty, use or alg than the token needs is passed over */
static void test_jwks_find__unusable_keys__are_passed_over(void **state)
{
	COSMO_AUTO(free) char *enc = signer_jwk(other_rsa, "\"kid\":\"1\",\"use\":\"enc\"");
	COSMO_AUTO(free)
	char *ops = signer_jwk(other_rsa, "\"kid\":\"1\",\"key_ops\":[\"encrypt\"]");
	COSMO_AUTO(free) char *good = signer_jwk(rsa, "\"kid\":\"1\"");
	COSMO_AUTO(free)
	char *set = signer_jwks("null", enc, "{\"kty\":\"oct\",\"kid\":\"1\"}", ops, good, NULL);

	(void)state;
	assert_finds(set, "1", "RS256", rsa);
}

/* case: token: a weak or broken key verifies nothing */
static void test_jwks_find__weak_or_broken_key__is_refused(void **state)
{
	COSMO_AUTO(EVP_PKEY_free) EVP_PKEY *weak = signer_new_rsa(1024);
	COSMO_AUTO(free) char *key = signer_jwk(weak, "\"kid\":\"1\"");
	COSMO_AUTO(free) char *set = signer_jwks(key, NULL);

	(void)state;
	assert_finds(set, "1", "RS256", NULL);
	assert_finds(
		"{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"kid\":\"1\",\"x\":\"AA\",\"y\":"
		"\"AA\"}]}",
		"1", "ES256", NULL);
}

static void test_jwks_find__reason__tells_which_it_was(void **state)
{
	COSMO_AUTO(free) char *first = signer_jwk(rsa, "\"kid\":\"1\"");
	COSMO_AUTO(free) char *second = signer_jwk(other_rsa, "\"kid\":\"2\"");
	COSMO_AUTO(free) char *set = signer_jwks(first, second, NULL);
	COSMO_AUTO(jwks_free) struct jwks *jwks = NULL;
	struct reason why = {.text = ""};
	EVP_PKEY *key = NULL;

	(void)state;
	assert_int_equal(jwks_parse(set, strlen(set), NULL, &jwks), COSMO_OK);
	assert_int_equal(
		jwks_find(jwks, "x\n", jws_alg_find("RS256", &all), &why, &key), COSMO_E_JWS_KEY);
	assert_string_equal(why.text, "no key with kid \"x?\"");
	assert_int_equal(
		jwks_find(jwks, "1", jws_alg_find("ES256", &all), &why, &key), COSMO_E_JWS_KEY);
	assert_string_equal(why.text, "no key of the kid is meant for algorithm ES256");
	assert_int_equal(
		jwks_find(jwks, NULL, jws_alg_find("RS256", &all), &why, &key), COSMO_E_JWS_KEY);
	assert_string_equal(why.text, "2 keys fit, the token does not say which");
}

/* It is loaded once, and not for each who asks. */
static void assert_is_at_hand(const struct jwks *jwks, const char *kid, const char *alg)
{
	COSMO_AUTO(EVP_PKEY_free) EVP_PKEY *one = NULL;
	COSMO_AUTO(EVP_PKEY_free) EVP_PKEY *other = NULL;

	assert_int_equal(jwks_find(jwks, kid, jws_alg_find(alg, &all), NULL, &one), COSMO_OK);
	assert_int_equal(jwks_find(jwks, kid, jws_alg_find(alg, &all), NULL, &other), COSMO_OK);
	assert_ptr_equal(one, other);
}

static void test_jwks_prepare__some_keys__are_the_ones_that_are_found(void **state)
{
	COSMO_AUTO(free) char *first = signer_jwk(rsa, "\"kid\":\"1\"");
	COSMO_AUTO(free) char *sealing = signer_jwk(other_rsa, "\"kid\":\"e\",\"use\":\"enc\"");
	COSMO_AUTO(free) char *second = signer_jwk(ec, "\"kid\":\"2\"");
	COSMO_AUTO(free) char *third = signer_jwk(other_rsa, "\"kid\":\"3\"");
	COSMO_AUTO(free) char *set = signer_jwks(first, sealing, second, third, NULL);
	COSMO_AUTO(jwks_free) struct jwks *jwks = NULL;

	(void)state;
	assert_int_equal(jwks_parse(set, strlen(set), NULL, &jwks), COSMO_OK);
	assert_int_equal(prepare_all(jwks), JWKS_MAX_PREPARED);
	assert_is_at_hand(jwks, "1", "RS256");
	assert_is_at_hand(jwks, "2", "ES256");
	assert_finds_in(jwks, "1", "RS256", rsa);
	assert_finds_in(jwks, "2", "ES256", ec);
	assert_finds_in(jwks, "3", "RS256", other_rsa);
	assert_finds_in(jwks, "1", "PS256", rsa);
	assert_finds_in(jwks, "1", "ES256", NULL);
}

static void test_jwks_prepare__key_that_cannot_be_loaded__is_refused_when_needed(void **state)
{
	static const char weak[] = "{\"kty\":\"RSA\",\"kid\":\"1\",\"n\":\"AQ\",\"e\":\"AQAB\"}";
	COSMO_AUTO(free) char *good = signer_jwk(ec, "\"kid\":\"2\"");
	COSMO_AUTO(free) char *set = signer_jwks(weak, good, NULL);
	COSMO_AUTO(jwks_free) struct jwks *jwks = NULL;

	(void)state;
	assert_int_equal(jwks_parse(set, strlen(set), NULL, &jwks), COSMO_OK);
	assert_int_equal(prepare_all(jwks), 1);
	assert_finds_in(jwks, "1", "RS256", NULL);
	assert_finds_in(jwks, "2", "ES256", ec);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_jwks_parse__not_a_set__is_refused_with_its_code),
		cmocka_unit_test(test_jwks_parse__usable_keys__are_counted),
		cmocka_unit_test(test_jwks_parse__number_of_keys__is_bounded),
		cmocka_unit_test(test_jwks_find__kid__names_the_key),
		cmocka_unit_test(test_jwks_find__no_kid__takes_the_only_one_that_fits),
		cmocka_unit_test(test_jwks_find__one_kid_twice__is_nobody),
		cmocka_unit_test(test_jwks_find__unusable_keys__are_passed_over),
		cmocka_unit_test(test_jwks_find__weak_or_broken_key__is_refused),
		cmocka_unit_test(test_jwks_find__reason__tells_which_it_was),
		cmocka_unit_test(test_jwks_prepare__some_keys__are_the_ones_that_are_found),
		cmocka_unit_test(
			test_jwks_prepare__key_that_cannot_be_loaded__is_refused_when_needed),
	};

	return cmocka_run_group_tests(tests, make_keys, free_keys);
}
