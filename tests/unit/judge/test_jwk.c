/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <openssl/bn.h>

#include "pam_cosmo_sso/judge/jwk.h"
#include "pam_cosmo_sso/judge/jwks.h"
#include "tests/unit/judge/signer.h"

static const struct jws_allowed all = {.names = {"RS256", "RS384", "RS512", "PS256", "PS384",
					       "PS512", "ES256", "ES384", "ES512", "EdDSA"},
	.count = 10};

static struct json_object *parsed(const char *text)
{
	struct json_object *root = NULL;

	assert_int_equal(json_parse(text, strlen(text), &root), COSMO_OK);
	return root;
}

static bool is_for_signatures(const char *text)
{
	COSMO_AUTO(json_free) struct json_object *key = parsed(text);

	return jwk_is_for_signatures(key);
}

static bool fits(const char *text, const char *alg)
{
	COSMO_AUTO(json_free) struct json_object *key = parsed(text);

	return jwk_fits(key, jws_alg_find(alg, &all));
}

static enum cosmo_err load(const char *text)
{
	COSMO_AUTO(json_free) struct json_object *key = parsed(text);
	COSMO_AUTO(EVP_PKEY_free) EVP_PKEY *loaded = NULL;
	enum cosmo_err err = jwk_load(key, NULL, &loaded);

	assert_true((err == COSMO_OK) == (loaded != NULL));
	return err;
}

static void test_jwk_is_for_signatures__use_and_type__decide(void **state)
{
	static const struct {
		const char *key;
		bool is;
	} cases[] = {
		{"{\"kty\":\"RSA\"}", true},
		{"{\"kty\":\"RSA\",\"use\":\"sig\"}", true},
		{"{\"kty\":\"RSA\",\"use\":null}", true},
		{"{\"kty\":\"RSA\",\"use\":\"enc\"}", false},
		{"{\"kty\":\"RSA\",\"use\":\"\"}", false},
		{"{\"kty\":\"RSA\",\"use\":[\"sig\"]}", false},
		{"{\"kty\":\"RSA\",\"use\":\"Sig\"}", false},
		{"{\"kty\":\"RSA\",\"key_ops\":[\"verify\"]}", true},
		{"{\"kty\":\"RSA\",\"key_ops\":[\"sign\",\"verify\"]}", true},
		{"{\"kty\":\"RSA\",\"key_ops\":[\"sign\"]}", false},
		{"{\"kty\":\"RSA\",\"key_ops\":[]}", false},
		{"{\"kty\":\"RSA\",\"key_ops\":\"verify\"}", false},
		{"{\"kty\":\"RSA\",\"key_ops\":[\"encrypt\",7,null]}", false},
		{"{\"kty\":\"RSA\",\"alg\":\"RS256\"}", true},
		{"{\"kty\":\"RSA\",\"alg\":\"PS512\"}", true},
		{"{\"kty\":\"RSA\",\"alg\":\"RSA-OAEP\"}", false},
		{"{\"kty\":\"RSA\",\"alg\":\"ES256\"}", false},
		{"{\"kty\":\"RSA\",\"alg\":7}", false},
		{"{\"kty\":\"EC\",\"crv\":\"P-256\"}", true},
		{"{\"kty\":\"EC\",\"crv\":\"P-384\",\"alg\":\"ES384\"}", true},
		{"{\"kty\":\"EC\",\"crv\":\"P-384\",\"alg\":\"ES256\"}", false},
		{"{\"kty\":\"EC\",\"crv\":\"P-256\",\"alg\":\"ECDH-ES\"}", false},
		{"{\"kty\":\"EC\",\"crv\":\"P-521\"}", true},
		{"{\"kty\":\"EC\",\"crv\":\"secp256k1\"}", false},
		{"{\"kty\":\"EC\",\"crv\":\"p-256\"}", false},
		{"{\"kty\":\"EC\"}", false},
		{"{\"kty\":\"EC\",\"crv\":\"Ed25519\"}", false},
		{"{\"kty\":\"OKP\",\"crv\":\"Ed25519\"}", true},
		{"{\"kty\":\"OKP\",\"crv\":\"Ed448\",\"alg\":\"EdDSA\"}", true},
		{"{\"kty\":\"OKP\",\"crv\":\"X25519\"}", false},
		{"{\"kty\":\"OKP\",\"crv\":\"P-256\"}", false},
		{"{\"kty\":\"oct\",\"k\":\"AAAA\"}", false},
		{"{\"kty\":\"rsa\"}", false},
		{"{\"kty\":[\"RSA\"]}", false},
		{"{}", false},
	};

	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(cases); i++) {
		print_message("%s\n", cases[i].key);
		assert_int_equal(is_for_signatures(cases[i].key), cases[i].is);
	}
	assert_false(jwk_is_for_signatures(NULL));
}

/* case: token: a key of another kty, use or alg than the token needs is passed over */
static void test_jwk_fits__type_curve_use_and_alg__must_agree(void **state)
{
	static const struct {
		const char *key;
		const char *alg;
		bool fits;
	} cases[] = {
		{"{\"kty\":\"RSA\"}", "RS256", true},
		{"{\"kty\":\"RSA\"}", "PS512", true},
		{"{\"kty\":\"RSA\"}", "ES256", false},
		{"{\"kty\":\"RSA\"}", "EdDSA", false},
		{"{\"kty\":\"RSA\",\"alg\":\"RS256\"}", "RS256", true},
		{"{\"kty\":\"RSA\",\"alg\":\"RS256\"}", "RS512", false},
		{"{\"kty\":\"RSA\",\"alg\":\"RS256\"}", "PS256", false},
		{"{\"kty\":\"RSA\",\"alg\":\"RSA-OAEP\"}", "RS256", false},
		{"{\"kty\":\"RSA\",\"alg\":null}", "RS256", true},
		{"{\"kty\":\"RSA\",\"alg\":[\"RS256\"]}", "RS256", false},
		{"{\"kty\":\"RSA\",\"use\":\"enc\"}", "RS256", false},
		{"{\"kty\":\"RSA\",\"key_ops\":[\"encrypt\"]}", "RS256", false},
		{"{\"kty\":\"RSA\",\"crv\":\"P-256\"}", "ES256", false},
		{"{\"kty\":\"EC\",\"crv\":\"P-256\"}", "ES256", true},
		{"{\"kty\":\"EC\",\"crv\":\"P-256\"}", "ES384", false},
		{"{\"kty\":\"EC\",\"crv\":\"P-384\"}", "ES384", true},
		{"{\"kty\":\"EC\",\"crv\":\"P-521\"}", "ES512", true},
		{"{\"kty\":\"EC\",\"crv\":\"P-256\"}", "RS256", false},
		{"{\"kty\":\"EC\",\"crv\":\"secp256k1\"}", "ES256", false},
		{"{\"kty\":\"EC\"}", "ES256", false},
		{"{\"kty\":\"OKP\",\"crv\":\"Ed25519\"}", "EdDSA", true},
		{"{\"kty\":\"OKP\",\"crv\":\"Ed448\"}", "EdDSA", true},
		{"{\"kty\":\"OKP\",\"crv\":\"X25519\"}", "EdDSA", false},
		{"{\"kty\":\"OKP\"}", "EdDSA", false},
		{"{\"kty\":\"oct\",\"alg\":\"RS256\"}", "RS256", false},
	};

	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(cases); i++) {
		print_message("%s %s\n", cases[i].key, cases[i].alg);
		assert_int_equal(fits(cases[i].key, cases[i].alg), cases[i].fits);
	}
}

static void test_jwk_load__rsa_size__is_bounded(void **state)
{
	static const struct {
		unsigned int bits;
		enum cosmo_err err;
	} cases[] = {{1024, COSMO_E_JWS_KEY}, {2047, COSMO_E_JWS_KEY}, {2048, COSMO_OK}};

	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(cases); i++) {
		COSMO_AUTO(EVP_PKEY_free) EVP_PKEY *key = signer_new_rsa(cases[i].bits);
		COSMO_AUTO(free) char *text = signer_jwk(key, NULL);

		print_message("%u bits\n", cases[i].bits);
		assert_int_equal(load(text), cases[i].err);
	}
}

/* Numbers that no key has; a key of that size would take its time to make. */
static void test_jwk_load__rsa_too_large_or_malformed__is_refused(void **state)
{
	COSMO_AUTO(EVP_PKEY_free) EVP_PKEY *key = signer_new_rsa(2048);
	COSMO_AUTO(free) char *good = signer_jwk(key, NULL);
	COSMO_AUTO(json_free) struct json_object *json = parsed(good);
	const char *n = json_text(json_member(json, "n"));
	char many[1400] = "";
	const struct {
		const char *n, *e;
	} cases[] = {
		{"", "AQAB"},
		{"AQAB", "AQAB"},
		{many, "AQAB"}, /* 8400 bits */
		{n, ""},
		{n, "AQ"},           /* 1 */
		{n, "AA"},           /* 0 */
		{n, "AQAA"},         /* even */
		{n, "AQAAAAAAAAAB"}, /* 65 bits */
		{n, "AQAB="},
		{n, "AQ AB"},
		{n, "AQA+"},
	};

	(void)state;
	memset(many, '_', sizeof(many) - 1);
	many[1396] = '\0';
	for (size_t i = 0; i < COSMO_ARRAY_LEN(cases); i++) {
		COSMO_AUTO(free)
		char *text = signer_format(
			"{\"kty\":\"RSA\",\"n\":\"%s\",\"e\":\"%s\"}", cases[i].n, cases[i].e);

		print_message("%zu\n", i);
		assert_int_equal(load(text), COSMO_E_JWS_KEY);
	}
	assert_int_equal(load("{\"kty\":\"RSA\",\"n\":5,\"e\":\"AQAB\"}"), COSMO_E_JWS_KEY);
	assert_int_equal(load("{\"kty\":\"RSA\",\"e\":\"AQAB\"}"), COSMO_E_JWS_KEY);
	assert_int_equal(load("{\"kty\":\"RSA\"}"), COSMO_E_JWS_KEY);
}

/* A number that is prime is nobody's modulus. */
static void test_jwk_load__modulus_that_is_prime__is_refused(void **state)
{
	BIGNUM *prime = BN_new();
	unsigned char bytes[280] = {0};
	COSMO_AUTO(free) char *n = NULL;
	COSMO_AUTO(free) char *text = NULL;

	(void)state;
	/* The Mersenne prime 2^2203 - 1. */
	assert_int_equal(BN_set_bit(prime, 2203), 1);
	assert_int_equal(BN_sub_word(prime, 1), 1);
	n = signer_b64url(bytes, (size_t)BN_bn2bin(prime, bytes));
	text = signer_format("{\"kty\":\"RSA\",\"n\":\"%s\",\"e\":\"AQAB\"}", n);
	assert_int_equal(load(text), COSMO_E_JWS_KEY);
	BN_free(prime);
}

static void test_jwk_load__point_on_its_curve__is_taken(void **state)
{
	static const char *const curves[] = {"P-256", "P-384", "P-521"};

	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(curves); i++) {
		COSMO_AUTO(EVP_PKEY_free) EVP_PKEY *key = signer_new_ec(curves[i]);
		COSMO_AUTO(free) char *text = signer_jwk(key, NULL);

		assert_int_equal(load(text), COSMO_OK);
	}
}

static void test_jwk_load__point_off_its_curve__is_refused(void **state)
{
	COSMO_AUTO(EVP_PKEY_free) EVP_PKEY *key = signer_new_ec("P-256");
	COSMO_AUTO(free) char *good = signer_jwk(key, NULL);
	COSMO_AUTO(json_free) struct json_object *json = parsed(good);
	COSMO_AUTO(free) char *x = signer_format("%s", json_text(json_member(json, "x")));
	const char *y = json_text(json_member(json, "y"));
	static const char zero[] = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
	static const char most[] = "__________________________________________8";
	COSMO_AUTO(free) char *flipped = signer_format("%s", x);
	const struct {
		const char *curve, *x, *y;
	} cases[] = {
		{"P-256", flipped, y},
		{"P-256", y, x},
		{"P-256", zero, zero},
		{"P-256", zero, y},
		{"P-256", most, most},
		{"P-384", x, y},
		{"P-521", x, y},
		{"P-256", x, ""},
		{"P-256", x + 2, y},
		{"P-256", x, "AAAA"},
		{"secp256k1", x, y},
		{"P-224", x, y},
		{"Ed25519", x, y},
	};

	(void)state;
	flipped[10] = flipped[10] == 'A' ? 'B' : 'A';
	for (size_t i = 0; i < COSMO_ARRAY_LEN(cases); i++) {
		COSMO_AUTO(free)
		char *text =
			signer_format("{\"kty\":\"EC\",\"crv\":\"%s\",\"x\":\"%s\",\"y\":\"%s\"}",
				cases[i].curve, cases[i].x, cases[i].y);

		print_message("%zu %s\n", i, cases[i].curve);
		assert_int_equal(load(text), COSMO_E_JWS_KEY);
	}
	assert_int_equal(load("{\"kty\":\"EC\",\"crv\":\"P-256\"}"), COSMO_E_JWS_KEY);
}

/* RFC 7518 section 6.2.1.2: the full length, leading zeros and all. */
static void test_jwk_load__coordinate_without_leading_zero__is_refused(void **state)
{
	(void)state;
	for (;;) {
		COSMO_AUTO(EVP_PKEY_free) EVP_PKEY *key = signer_new_ec("P-256");
		COSMO_AUTO(free) char *good = signer_jwk(key, NULL);
		COSMO_AUTO(json_free) struct json_object *json = parsed(good);
		const char *x = json_text(json_member(json, "x"));
		unsigned char bytes[40] = {0};
		COSMO_AUTO(free) char *padded = signer_format("%s=", x);
		COSMO_AUTO(free) char *shorter = NULL;
		COSMO_AUTO(free) char *text = NULL;

		for (char *c = padded; *c; c++)
			*c = *c == '-' ? '+' : *c == '_' ? '/' : *c;
		assert_int_equal(EVP_DecodeBlock(bytes, (unsigned char *)padded, 44), 33);
		if (bytes[0] != 0)
			continue;
		shorter = signer_b64url(bytes + 1, 31);
		text = signer_format("{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"%s\",\"y\":\"%s\"}",
			shorter, json_text(json_member(json, "y")));
		assert_int_equal(load(good), COSMO_OK);
		assert_int_equal(load(text), COSMO_E_JWS_KEY);
		return;
	}
}

/* The same 64 bytes, parted at another place; and more than any curve has. */
static void test_jwk_load__coordinates_of_other_lengths__are_refused(void **state)
{
	static const size_t lens[] = {0, 1, 31, 33, 63, 64};
	COSMO_AUTO(EVP_PKEY_free) EVP_PKEY *key = signer_new_ec("P-256");
	unsigned char point[65] = {0};
	unsigned char many[300] = {0};
	COSMO_AUTO(free) char *huge = signer_b64url(many, sizeof(many));
	COSMO_AUTO(free) char *long_key = NULL;
	size_t len = 0;

	(void)state;
	assert_int_equal(
		EVP_PKEY_get_octet_string_param(key, "pub", point, sizeof(point), &len), 1);
	for (size_t i = 0; i < COSMO_ARRAY_LEN(lens); i++) {
		COSMO_AUTO(free) char *x = signer_b64url(point + 1, lens[i]);
		COSMO_AUTO(free) char *y = signer_b64url(point + 1 + lens[i], 64 - lens[i]);
		COSMO_AUTO(free)
		char *text = signer_format(
			"{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"%s\",\"y\":\"%s\"}", x, y);

		assert_int_equal(load(text), COSMO_E_JWS_KEY);
	}
	long_key = signer_format(
		"{\"kty\":\"EC\",\"crv\":\"P-521\",\"x\":\"%s\",\"y\":\"%s\"}", huge, huge);
	assert_int_equal(load(long_key), COSMO_E_JWS_KEY);
}

static void test_jwk_load__edwards__has_its_own_length(void **state)
{
	COSMO_AUTO(EVP_PKEY_free) EVP_PKEY *ed25519 = signer_new("ED25519");
	COSMO_AUTO(EVP_PKEY_free) EVP_PKEY *ed448 = signer_new("ED448");
	COSMO_AUTO(EVP_PKEY_free) EVP_PKEY *x25519 = signer_new("X25519");
	COSMO_AUTO(free) char *short_key = signer_jwk(ed25519, NULL);
	COSMO_AUTO(free) char *long_key = signer_jwk(ed448, NULL);
	COSMO_AUTO(free) char *exchange = signer_jwk(x25519, NULL);
	COSMO_AUTO(free) char *swapped = signer_format("%s", short_key);
	char *curve = strstr(swapped, "Ed25519");

	(void)state;
	assert_int_equal(load(short_key), COSMO_OK);
	assert_int_equal(load(long_key), COSMO_OK);
	assert_int_equal(load(exchange), COSMO_E_JWS_KEY);
	memcpy(curve, "Ed448", 5);
	memmove(curve + 5, curve + 7, strlen(curve + 7) + 1);
	assert_int_equal(load(swapped), COSMO_E_JWS_KEY);
	assert_int_equal(
		load("{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"AAAA\"}"), COSMO_E_JWS_KEY);
	assert_int_equal(load("{\"kty\":\"OKP\",\"crv\":\"Ed25519\"}"), COSMO_E_JWS_KEY);
	assert_int_equal(load("{\"kty\":\"OKP\",\"x\":\"AAAA\"}"), COSMO_E_JWS_KEY);
}

static void test_jwk_load__unknown_type__is_refused(void **state)
{
	(void)state;
	assert_int_equal(load("{}"), COSMO_E_JWS_KEY);
	assert_int_equal(load("{\"kty\":\"oct\",\"k\":\"AAAA\"}"), COSMO_E_JWS_KEY);
	assert_int_equal(load("{\"kty\":7}"), COSMO_E_JWS_KEY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_jwk_is_for_signatures__use_and_type__decide),
		cmocka_unit_test(test_jwk_fits__type_curve_use_and_alg__must_agree),
		cmocka_unit_test(test_jwk_load__rsa_size__is_bounded),
		cmocka_unit_test(test_jwk_load__rsa_too_large_or_malformed__is_refused),
		cmocka_unit_test(test_jwk_load__modulus_that_is_prime__is_refused),
		cmocka_unit_test(test_jwk_load__point_on_its_curve__is_taken),
		cmocka_unit_test(test_jwk_load__point_off_its_curve__is_refused),
		cmocka_unit_test(test_jwk_load__coordinate_without_leading_zero__is_refused),
		cmocka_unit_test(test_jwk_load__coordinates_of_other_lengths__are_refused),
		cmocka_unit_test(test_jwk_load__edwards__has_its_own_length),
		cmocka_unit_test(test_jwk_load__unknown_type__is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
