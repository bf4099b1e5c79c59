/* SPDX-License-Identifier: MIT */
/* Tokens from the outside to a believed payload, in the order the product goes: form, key,
 * signature. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "pam_cosmo_sso/judge/jwks.h"
#include "pam_cosmo_sso/judge/jws.h"
#include "tests/unit/judge/signer.h"

#define PAYLOAD "{\"sub\":\"1000\"}"
#define RSA_PAYLOAD                                                                                \
	"{\"iss\":\"joe\",\r\n \"exp\":1300819380,\r\n \"http://example.com/is_root\":true}"
/* The dashes and the apostrophe of RFC 7520 section 4 are not ASCII. */
#define FRODO                                                                                        \
	"It\xe2\x80\x99s a dangerous business, Frodo, going out your door. You step onto the road, " \
	"and if you don't keep your feet, there\xe2\x80\x99s no knowing where you might be swept "   \
	"off to."

static const struct jws_allowed all = {.names = {"RS256", "RS384", "RS512", "PS256", "PS384",
					       "PS512", "ES256", "ES384", "ES512", "EdDSA"},
	.count = 10};

static EVP_PKEY *rsa;
static EVP_PKEY *p256;
static EVP_PKEY *p384;
static EVP_PKEY *p521;
static EVP_PKEY *ed25519;
static EVP_PKEY *ed448;

static const struct {
	const char *name;
	EVP_PKEY **key;
} algs[] = {
	{"RS256", &rsa},
	{"RS384", &rsa},
	{"RS512", &rsa},
	{"PS256", &rsa},
	{"PS384", &rsa},
	{"PS512", &rsa},
	{"ES256", &p256},
	{"ES384", &p384},
	{"ES512", &p521},
	{"EdDSA", &ed25519},
	{"EdDSA", &ed448},
};

static int make_keys(void **state)
{
	(void)state;
	rsa = signer_new_rsa(2048);
	p256 = signer_new_ec("P-256");
	p384 = signer_new_ec("P-384");
	p521 = signer_new_ec("P-521");
	ed25519 = signer_new("ED25519");
	ed448 = signer_new("ED448");
	return 0;
}

static int free_keys(void **state)
{
	(void)state;
	EVP_PKEY_free(rsa);
	EVP_PKEY_free(p256);
	EVP_PKEY_free(p384);
	EVP_PKEY_free(p521);
	EVP_PKEY_free(ed25519);
	EVP_PKEY_free(ed448);
	return 0;
}

static enum cosmo_err parse_len(const char *token, size_t len)
{
	COSMO_AUTO(jws_free) struct jws *jws = NULL;
	enum cosmo_err err = jws_parse(token, len, &all, NULL, &jws);

	assert_true(err == COSMO_OK || !jws);
	return err;
}

static enum cosmo_err parse(const char *token)
{
	return parse_len(token, strlen(token));
}

/* The whole way; @payload, if it is not NULL, is what must come out. */
static enum cosmo_err judge_len(const char *token, size_t token_len, const char *jwks_text,
	const struct jws_allowed *allowed, const char *payload)
{
	COSMO_AUTO(jws_free) struct jws *jws = NULL;
	COSMO_AUTO(jwks_free) struct jwks *jwks = NULL;
	COSMO_AUTO(EVP_PKEY_free) EVP_PKEY *key = NULL;
	const char *text = NULL;
	size_t len = 0;
	enum cosmo_err err = jws_parse(token, token_len, allowed, NULL, &jws);

	if (!err)
		err = jwks_parse(jwks_text, strlen(jwks_text), NULL, &jwks);
	if (!err)
		err = jwks_find(jwks, jws_kid(jws), jws_alg(jws), NULL, &key);
	if (!err)
		err = jws_verify(jws, key, NULL, &text, &len);
	if (err) {
		assert_null(text);
		return err;
	}
	if (payload) {
		assert_int_equal(len, strlen(payload));
		assert_memory_equal(text, payload, len);
		assert_int_equal(text[len], '\0');
	}
	return COSMO_OK;
}

static enum cosmo_err judge(const char *token, const char *jwks_text, const char *payload)
{
	return judge_len(token, strlen(token), jwks_text, &all, payload);
}

/* Form and signature only, for the many: what jwks_find() would choose is @key. */
static enum cosmo_err verify(const char *token, EVP_PKEY *key)
{
	COSMO_AUTO(jws_free) struct jws *jws = NULL;
	const char *text = NULL;
	size_t len = 0;
	enum cosmo_err err = jws_parse(token, strlen(token), &all, NULL, &jws);

	return err ? err : jws_verify(jws, key, NULL, &text, &len);
}

/* A set of one key. */
static char *set_of(EVP_PKEY *key, const char *members)
{
	COSMO_AUTO(free) char *jwk = signer_jwk(key, members);

	return signer_jwks(jwk, NULL);
}

static char *read_line(const char *name)
{
	static char line[4096];
	COSMO_AUTO(free)
	char *path = signer_format("%s/tests/data/jose/%s", getenv("COSMO_SOURCE_DIR"), name);
	FILE *file = fopen(path, "re");

	assert_non_null(file);
	assert_non_null(fgets(line, sizeof(line), file));
	assert_int_equal(fclose(file), 0);
	line[strcspn(line, "\n")] = '\0';
	return signer_format("%s", line);
}

static void test_jws__examples_of_the_rfcs__verify(void **state)
{
	static const struct {
		const char *name;
		const char *payload;
	} cases[] = {
		{"rfc7515-a2", RSA_PAYLOAD},
		{"rfc7515-a3", RSA_PAYLOAD},
		{"rfc7515-a4", "Payload"},
		{"rfc7520-4.1", FRODO},
		{"rfc7520-4.2", FRODO},
		{"rfc7520-4.3", FRODO},
		{"rfc8037-a4", "Example of Ed25519 signing"},
	};

	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(cases); i++) {
		COSMO_AUTO(free) char *token_name = signer_format("%s.jws", cases[i].name);
		COSMO_AUTO(free) char *key_name = signer_format("%s.jwk", cases[i].name);
		COSMO_AUTO(free) char *token = read_line(token_name);
		COSMO_AUTO(free) char *key = read_line(key_name);
		COSMO_AUTO(free) char *jwks = signer_jwks(key, NULL);

		print_message("%s\n", cases[i].name);
		assert_int_equal(judge(token, jwks, cases[i].payload), COSMO_OK);
	}
}

/* The two keys of RFC 7520 have one kid: type and curve tell which is meant. */
static void test_jws__examples_of_rfc7520__verify_from_one_set(void **state)
{
	COSMO_AUTO(free) char *rsa_key = read_line("rfc7520-4.1.jwk");
	COSMO_AUTO(free) char *ec_key = read_line("rfc7520-4.3.jwk");
	COSMO_AUTO(free) char *jwks = signer_jwks(rsa_key, ec_key, NULL);
	COSMO_AUTO(free) char *by_rsa = read_line("rfc7520-4.1.jws");
	COSMO_AUTO(free) char *by_pss = read_line("rfc7520-4.2.jws");
	COSMO_AUTO(free) char *by_ec = read_line("rfc7520-4.3.jws");

	(void)state;
	assert_int_equal(judge(by_rsa, jwks, FRODO), COSMO_OK);
	assert_int_equal(judge(by_pss, jwks, FRODO), COSMO_OK);
	assert_int_equal(judge(by_ec, jwks, FRODO), COSMO_OK);
}

/* Shared secrets and no signature at all are refused for what they are, listed or not. */
/* case: token: alg none is refused */
static void test_jws__hmac_and_none_of_the_rfcs__are_refused(void **state)
{
	static const char *const cases[] = {"rfc7515-a1.jws", "rfc7515-a5.jws", "rfc7520-4.4.jws"};
	static const struct jws_allowed lax = {
		.names = {"none", "HS256", "RS256", "ES256", "EdDSA"}, .count = 5};

	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(cases); i++) {
		COSMO_AUTO(free) char *token = read_line(cases[i]);
		COSMO_AUTO(free) char *jwks = set_of(rsa, NULL);

		print_message("%s\n", cases[i]);
		assert_int_equal(
			judge_len(token, strlen(token), jwks, &lax, NULL), COSMO_E_JWS_ALG);
	}
}

static void test_jws__each_algorithm__verifies_and_another_key_does_not(void **state)
{
	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(algs); i++) {
		COSMO_AUTO(free) char *header = signer_format("{\"alg\":\"%s\"}", algs[i].name);
		COSMO_AUTO(free)
		char *token = signer_token(*algs[i].key, algs[i].name, header, PAYLOAD);
		COSMO_AUTO(free) char *jwks = set_of(*algs[i].key, NULL);
		COSMO_AUTO(EVP_PKEY_free)
		EVP_PKEY *other =
			EVP_PKEY_is_a(*algs[i].key, "RSA") ? signer_new_rsa(2048)
			: EVP_PKEY_is_a(*algs[i].key, "EC")
				? signer_new_ec(EVP_PKEY_get_bits(*algs[i].key) == 256   ? "P-256"
						: EVP_PKEY_get_bits(*algs[i].key) == 384 ? "P-384"
											 : "P-521")
				: signer_new(EVP_PKEY_get0_type_name(*algs[i].key));
		COSMO_AUTO(free) char *others = set_of(other, NULL);

		print_message("%s\n", algs[i].name);
		assert_int_equal(judge(token, jwks, PAYLOAD), COSMO_OK);
		assert_int_equal(judge(token, others, NULL), COSMO_E_JWS_SIGNATURE);
	}
}

/* case: token: an algorithm that is not in the list is refused, whatever the token says */
static void test_jws__algorithm_not_in_the_list__is_refused(void **state)
{
	static const struct jws_allowed one = {.names = {"RS256"}, .count = 1};

	(void)state;
	for (size_t i = 1; i < COSMO_ARRAY_LEN(algs); i++) {
		COSMO_AUTO(free) char *header = signer_format("{\"alg\":\"%s\"}", algs[i].name);
		COSMO_AUTO(free)
		char *token = signer_token(*algs[i].key, algs[i].name, header, PAYLOAD);
		COSMO_AUTO(free) char *jwks = set_of(*algs[i].key, NULL);

		print_message("%s\n", algs[i].name);
		assert_int_equal(
			judge_len(token, strlen(token), jwks, &one, NULL), COSMO_E_JWS_ALG);
	}
}

/* The header may claim what it likes: what signed must be what it says. */
/* case: token: a signature by another algorithm than the header names does not verify */
static void test_jws__signed_by_another_algorithm__is_refused(void **state)
{
	static const struct {
		const char *claimed;
		const char *used;
	} cases[] = {{"RS256", "RS384"}, {"RS256", "PS256"}, {"PS256", "RS256"}, {"PS384", "PS256"},
		{"RS512", "RS256"}};
	COSMO_AUTO(free) char *jwks = set_of(rsa, NULL);

	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(cases); i++) {
		COSMO_AUTO(free) char *header = signer_format("{\"alg\":\"%s\"}", cases[i].claimed);
		COSMO_AUTO(free) char *token = signer_token(rsa, cases[i].used, header, PAYLOAD);

		print_message("%s by %s\n", cases[i].claimed, cases[i].used);
		assert_int_equal(judge(token, jwks, NULL), COSMO_E_JWS_SIGNATURE);
	}
}

/* case: token: HS256 with the public key as its secret is refused */
static void test_jws__hs256_with_the_rsa_public_key__is_refused(void **state)
{
	static const struct jws_allowed lax = {.names = {"RS256", "HS256"}, .count = 2};
	COSMO_AUTO(free) char *jwks = set_of(rsa, NULL);
	COSMO_AUTO(free) char *as_hs = signer_token_hs256(rsa, "{\"alg\":\"HS256\"}", PAYLOAD);
	COSMO_AUTO(free) char *as_rs = signer_token_hs256(rsa, "{\"alg\":\"RS256\"}", PAYLOAD);

	(void)state;
	assert_int_equal(judge_len(as_hs, strlen(as_hs), jwks, &lax, NULL), COSMO_E_JWS_ALG);
	assert_int_equal(judge(as_rs, jwks, NULL), COSMO_E_JWS_SIGNATURE);
}

/* case: token: a crit header is refused, whatever it lists */
static void test_jws__headers__are_refused_with_their_code(void **state)
{
	static const struct {
		const char *header;
		enum cosmo_err err;
	} cases[] = {
		{"{\"alg\":\"ES256\"}", COSMO_OK},
		{"{\"alg\":\"ES256\",\"typ\":\"JWT\",\"cty\":\"x\",\"more\":[1,{}]}", COSMO_OK},
		{"{\"alg\":\"ES256\",\"kid\":null}", COSMO_OK},
		{"{}", COSMO_E_JWS_ALG},
		{"{\"alg\":\"none\"}", COSMO_E_JWS_ALG},
		{"{\"alg\":\"nOnE\"}", COSMO_E_JWS_ALG},
		{"{\"alg\":\"\"}", COSMO_E_JWS_ALG},
		{"{\"alg\":null}", COSMO_E_JWS_ALG},
		{"{\"alg\":256}", COSMO_E_JWS_ALG},
		{"{\"alg\":[\"ES256\"]}", COSMO_E_JWS_ALG},
		{"{\"alg\":\"es256\"}", COSMO_E_JWS_ALG},
		{"{\"alg\":\"ES256 \"}", COSMO_E_JWS_ALG},
		{"{\"alg\":\"ES2560\"}", COSMO_E_JWS_ALG},
		{"{\"Alg\":\"ES256\"}", COSMO_E_JWS_ALG},
		{"{\"alg\":\"ES256ES256ES256ES256ES256ES256ES256\"}", COSMO_E_JWS_ALG},
		{"{\"alg\":\"ES256\",\"crit\":[\"exp\"]}", COSMO_E_JWS_CRIT},
		{"{\"alg\":\"ES256\",\"crit\":[]}", COSMO_E_JWS_CRIT},
		{"{\"alg\":\"ES256\",\"crit\":null}", COSMO_E_JWS_CRIT},
		{"{\"alg\":\"ES256\",\"b64\":false,\"crit\":[\"b64\"]}", COSMO_E_JWS_CRIT},
		{"{\"alg\":\"none\",\"alg\":\"ES256\"}", COSMO_E_JWS_FORM},
		{"{\"alg\":\"ES256\",\"alg\":\"ES256\"}", COSMO_E_JWS_FORM},
		{"{\"alg\":\"ES256\",\"kid\":1}", COSMO_E_JWS_FORM},
		{"{\"alg\":\"ES256\",\"kid\":\"\"}", COSMO_E_JWS_FORM},
		{"{\"alg\":\"ES256\",\"kid\":\"a\\u0000b\"}", COSMO_E_JWS_FORM},
		{"[\"ES256\"]", COSMO_E_JWS_FORM},
		{"\"ES256\"", COSMO_E_JWS_FORM},
		{"{\"alg\":\"ES256\"", COSMO_E_JWS_FORM},
		{"{\"alg\":\"ES256\"}}", COSMO_E_JWS_FORM},
		{"{alg:\"ES256\"}", COSMO_E_JWS_FORM},
		{"null", COSMO_E_JWS_FORM},
		{"", COSMO_E_JWS_FORM},
	};
	COSMO_AUTO(free) char *jwks = set_of(p256, NULL);

	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(cases); i++) {
		COSMO_AUTO(free)
		char *token = signer_token(p256, "ES256", cases[i].header, PAYLOAD);

		print_message("%s\n", cases[i].header);
		assert_int_equal(judge(token, jwks, NULL), cases[i].err);
	}
}

static void test_jws__kid_too_long__is_refused(void **state)
{
	char kid[JWS_MAX_KID_BYTES + 2] = "";

	(void)state;
	for (size_t len = JWS_MAX_KID_BYTES; len <= JWS_MAX_KID_BYTES + 1; len++) {
		memset(kid, 'k', len);
		COSMO_AUTO(free)
		char *header = signer_format("{\"alg\":\"ES256\",\"kid\":\"%s\"}", kid);
		COSMO_AUTO(free) char *token = signer_token(p256, "ES256", header, PAYLOAD);

		assert_int_equal(
			parse(token), len == JWS_MAX_KID_BYTES ? COSMO_OK : COSMO_E_JWS_FORM);
	}
}

/* An attacker's key in the header, or where it points, is never the key. */
/* case: token: jwk, jku, x5u and x5c headers are not obeyed */
static void test_jws__keys_in_the_header__are_not_obeyed(void **state)
{
	static const char *const members[] = {
		"\"jwk\":%s",
		"\"jwk\":%s,\"jku\":\"https://evil.example/jwks\"",
		"\"x5u\":\"https://evil.example/cert.pem\",\"other\":%s",
		"\"x5c\":[\"MIIB\"],\"other\":%s",
	};
	COSMO_AUTO(EVP_PKEY_free) EVP_PKEY *evil = signer_new_ec("P-256");
	COSMO_AUTO(free) char *evil_jwk = signer_jwk(evil, NULL);
	COSMO_AUTO(free) char *jwks = set_of(p256, NULL);

	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(members); i++) {
		COSMO_AUTO(free) char *filled = NULL;
		COSMO_AUTO(free) char *header = NULL;
		COSMO_AUTO(free) char *forged = NULL;
		COSMO_AUTO(free) char *good = NULL;
		const char *hole = strstr(members[i], "%s");

		filled = signer_format(
			"%.*s%s%s", (int)(hole - members[i]), members[i], evil_jwk, hole + 2);
		header = signer_format("{\"alg\":\"ES256\",%s}", filled);
		forged = signer_token(evil, "ES256", header, PAYLOAD);
		good = signer_token(p256, "ES256", header, PAYLOAD);
		print_message("%s\n", members[i]);
		assert_int_equal(judge(forged, jwks, NULL), COSMO_E_JWS_SIGNATURE);
		assert_int_equal(judge(good, jwks, PAYLOAD), COSMO_OK);
	}
}

/* case: token: two, four or five parts are refused */
/* case: token: base64 with padding, blanks or bits left over is refused */
static void test_jws_parse__parts_and_characters__are_strict(void **state)
{
	static const char *const cases[] = {
		"",
		".",
		"..",
		"...",
		"a.b",
		"eyJhbGciOiJFUzI1NiJ9",
		"eyJhbGciOiJFUzI1NiJ9.e30",
		"eyJhbGciOiJFUzI1NiJ9.e30.AA.AA",
		"eyJhbGciOiJFUzI1NiJ9.e30.AA.",
		".eyJhbGciOiJFUzI1NiJ9.e30.AA",
		"eyJhbGciOiJFUzI1NiJ9..e30.AA",
		".e30.AA",
		"eyJhbGciOiJFUzI1NiJ9.e30.AA=",
		"eyJhbGciOiJFUzI1NiJ9.e30.AA==",
		"eyJhbGciOiJFUzI1NiJ9.e30=.AA",
		"eyJhbGciOiJFUzI1NiJ9=.e30.AA",
		" eyJhbGciOiJFUzI1NiJ9.e30.AA",
		"eyJhbGciOiJFUzI1NiJ9.e30.AA ",
		"eyJhbGciOiJFUzI1NiJ9.e30.AA\n",
		"eyJhbGciOiJFUzI1NiJ9 .e30.AA",
		"eyJhbGciOiJFUzI1NiJ9.e 30.AA",
		"eyJhbGciOiJFUzI1NiJ9.e31.AA", /* unused bits */
		"eyJhbGciOiJFUzI1NiJ9.e30.AB",
		"eyJhbGciOiJFUzI1NiJ9.e30.A",
		"eyJhbGciOiJFUzI1NiJ9.e30.A+/A",
	};

	(void)state;
	assert_int_equal(parse("eyJhbGciOiJFUzI1NiJ9.e30.AA"), COSMO_OK);
	for (size_t i = 0; i < COSMO_ARRAY_LEN(cases); i++) {
		print_message("%s\n", cases[i]);
		assert_int_equal(parse(cases[i]), COSMO_E_JWS_FORM);
	}
}

static void test_jws_parse__nul_in_the_token__is_refused(void **state)
{
	static const char token[] = "eyJhbGciOiJFUzI1NiJ9.e30.AA\0AA";

	(void)state;
	assert_int_equal(parse_len(token, sizeof(token) - 1), COSMO_E_JWS_FORM);
}

static void test_jws_parse__too_long__is_refused(void **state)
{
	COSMO_AUTO(free) char *token = malloc(JWS_MAX_TOKEN_BYTES + 2);
	static const char start[] = "eyJhbGciOiJFUzI1NiJ9.";

	(void)state;
	assert_non_null(token);
	memset(token, 'A', JWS_MAX_TOKEN_BYTES + 2);
	memcpy(token, start, strlen(start));
	token[JWS_MAX_TOKEN_BYTES - 7] = '.'; /* good in form with one byte more, too */
	assert_int_equal(parse_len(token, JWS_MAX_TOKEN_BYTES), COSMO_OK);
	assert_int_equal(parse_len(token, JWS_MAX_TOKEN_BYTES + 1), COSMO_E_JWS_FORM);
}

/* No byte of a signature is without meaning, nor of what it signs. */
/* case: token: a bit flipped anywhere makes the token worthless */
static void test_jws__bit_flipped_anywhere__is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(algs); i++) {
		COSMO_AUTO(free) char *header = signer_format("{\"alg\":\"%s\"}", algs[i].name);
		COSMO_AUTO(free)
		char *token = signer_token(*algs[i].key, algs[i].name, header, PAYLOAD);
		size_t len = strlen(token);

		print_message("%s\n", algs[i].name);
		for (size_t at = 0; at < len; at++) {
			char kept = token[at];
			enum cosmo_err err = COSMO_OK;

			if (kept == '.')
				continue;
			/* Another character of the alphabet, so that the form stays good. */
			token[at] = kept == 'A' ? 'B' : 'A';
			err = verify(token, *algs[i].key);
			token[at] = kept;
			assert_int_not_equal(err, COSMO_OK);
			if (at > (size_t)(strrchr(token, '.') - token) && at + 1 < len)
				assert_int_equal(err, COSMO_E_JWS_SIGNATURE);
		}
		assert_int_equal(verify(token, *algs[i].key), COSMO_OK);
	}
}

static unsigned char signature_bytes[1024];

/* Decode the last part of @token with OpenSSL, not with the product. */
static size_t signature_of(const char *token)
{
	COSMO_AUTO(free) char *text = signer_format("%s", strrchr(token, '.') + 1);
	COSMO_AUTO(free) char *padded = NULL;
	size_t len = strlen(text);
	int decoded = 0;

	for (char *c = text; *c; c++)
		*c = *c == '-' ? '+' : *c == '_' ? '/' : *c;
	padded = signer_format("%s%.*s", text, (int)((4 - len % 4) % 4), "===");
	decoded = EVP_DecodeBlock(
		signature_bytes, (const unsigned char *)padded, (int)strlen(padded));
	assert_true(decoded > 0);
	return len * 3 / 4;
}

static void test_jws__each_bit_of_a_signature__counts(void **state)
{
	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(algs); i++) {
		COSMO_AUTO(free) char *header = signer_format("{\"alg\":\"%s\"}", algs[i].name);
		COSMO_AUTO(free)
		char *token = signer_token(*algs[i].key, algs[i].name, header, PAYLOAD);
		size_t len = signature_of(token);

		print_message("%s: %zu bytes\n", algs[i].name, len);
		for (size_t at = 0; at < len; at++) {
			COSMO_AUTO(free) char *changed = NULL;

			signature_bytes[at] ^= (unsigned char)(1U << at % 8);
			changed = signer_token_with(header, PAYLOAD, signature_bytes, len);
			signature_bytes[at] ^= (unsigned char)(1U << at % 8);
			assert_int_equal(verify(changed, *algs[i].key), COSMO_E_JWS_SIGNATURE);
		}
	}
}

/* case: token: a signature that does not verify refuses the sign-in */
static void test_jws__signature_of_another_length__is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(algs); i++) {
		COSMO_AUTO(free) char *header = signer_format("{\"alg\":\"%s\"}", algs[i].name);
		COSMO_AUTO(free)
		char *token = signer_token(*algs[i].key, algs[i].name, header, PAYLOAD);
		COSMO_AUTO(free) char *jwks = set_of(*algs[i].key, NULL);
		size_t len = signature_of(token);
		const size_t lens[] = {0, 1, len / 2, len - 1, len + 1, 2 * len};

		print_message("%s: %zu bytes\n", algs[i].name, len);
		memset(signature_bytes + len, 0, len);
		for (size_t k = 0; k < COSMO_ARRAY_LEN(lens); k++) {
			COSMO_AUTO(free)
			char *changed =
				signer_token_with(header, PAYLOAD, signature_bytes, lens[k]);

			assert_int_equal(judge(changed, jwks, NULL), COSMO_E_JWS_SIGNATURE);
		}
		/* In front, where it would not change the number. */
		memmove(signature_bytes + 1, signature_bytes, len);
		signature_bytes[0] = 0;
		COSMO_AUTO(free)
		char *led = signer_token_with(header, PAYLOAD, signature_bytes, len + 1);
		assert_int_equal(judge(led, jwks, NULL), COSMO_E_JWS_SIGNATURE);
	}
}

/*
 * RFC 8017 sections 8.1.2 and 8.2.2: the signature is as long as the modulus. One that begins with
 * a zero would otherwise have a second spelling.
 */
static void test_jws__rsa_signature_without_its_leading_zero__is_refused(void **state)
{
	static const char *const names[] = {"RS256", "PS256"};
	COSMO_AUTO(free) char *jwks = set_of(rsa, NULL);

	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(names); i++) {
		COSMO_AUTO(free) char *header = signer_format("{\"alg\":\"%s\"}", names[i]);

		for (unsigned int number = 0;; number++) {
			COSMO_AUTO(free) char *payload = signer_format("{\"jti\":%u}", number);
			COSMO_AUTO(free)
			char *token = signer_token(rsa, names[i], header, payload);
			COSMO_AUTO(free) char *shorter = NULL;
			size_t len = signature_of(token);

			assert_int_equal(len, 256);
			if (signature_bytes[0] != 0)
				continue;
			assert_int_equal(judge(token, jwks, payload), COSMO_OK);
			shorter = signer_token_with(header, payload, signature_bytes + 1, len - 1);
			print_message("%s: number %u\n", names[i], number);
			assert_int_equal(judge(shorter, jwks, NULL), COSMO_E_JWS_SIGNATURE);
			break;
		}
	}
}

/* RFC 7518 section 3.5: the salt is as long as the digest. */
static void test_jws__pss_with_another_salt__is_refused(void **state)
{
	static const char header[] = "{\"alg\":\"PS256\"}";
	static const int lens[] = {0, 20, 31, 33, 64};
	COSMO_AUTO(free) char *usual = signer_token_salted(rsa, header, PAYLOAD, 32);

	(void)state;
	assert_int_equal(verify(usual, rsa), COSMO_OK);
	for (size_t i = 0; i < COSMO_ARRAY_LEN(lens); i++) {
		COSMO_AUTO(free) char *token = signer_token_salted(rsa, header, PAYLOAD, lens[i]);

		assert_int_equal(verify(token, rsa), COSMO_E_JWS_SIGNATURE);
	}
}

/* What OpenSSL itself would take is not what JOSE sends. */
static void test_jws__ecdsa_signature_in_der__is_refused(void **state)
{
	COSMO_AUTO(free) char *jwks = set_of(p256, NULL);
	static const char header[] = "{\"alg\":\"ES256\"}";
	COSMO_AUTO(free) char *good = signer_token(p256, "ES256", header, PAYLOAD);
	size_t signed_len = (size_t)(strrchr(good, '.') - good);
	unsigned char der[128] = {0};
	size_t der_len = sizeof(der);
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	COSMO_AUTO(free) char *token = NULL;

	(void)state;
	assert_int_equal(EVP_DigestSignInit_ex(context, NULL, "SHA256", NULL, NULL, p256, NULL), 1);
	assert_int_equal(
		EVP_DigestSign(context, der, &der_len, (const unsigned char *)good, signed_len), 1);
	EVP_MD_CTX_free(context);
	token = signer_token_with(header, PAYLOAD, der, der_len);
	assert_int_equal(judge(token, jwks, NULL), COSMO_E_JWS_SIGNATURE);
}

/* CVE-2022-21449 and its kin: numbers that are no signature of anything. */
static void test_jws__ecdsa_zero_or_not_below_the_order__is_refused(void **state)
{
	static const char header[] = "{\"alg\":\"ES256\"}";
	COSMO_AUTO(free) char *jwks = set_of(p256, NULL);
	static const unsigned char fills[] = {0x00, 0xff};

	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(fills); i++) {
		unsigned char raw[64] = {0};
		COSMO_AUTO(free) char *token = NULL;

		memset(raw, fills[i], sizeof(raw));
		token = signer_token_with(header, PAYLOAD, raw, sizeof(raw));
		assert_int_equal(judge(token, jwks, NULL), COSMO_E_JWS_SIGNATURE);
	}
}

/* case: token: a key of another kty, use or alg than the token needs is passed over */
static void test_jws__key_of_another_type_or_curve__is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(algs); i++) {
		COSMO_AUTO(free) char *header = signer_format("{\"alg\":\"%s\"}", algs[i].name);
		COSMO_AUTO(free)
		char *token = signer_token(*algs[i].key, algs[i].name, header, PAYLOAD);

		for (size_t k = 0; k < COSMO_ARRAY_LEN(algs); k++) {
			COSMO_AUTO(free) char *jwks = set_of(*algs[k].key, NULL);
			enum cosmo_err err = judge(token, jwks, NULL);

			if (algs[i].key == algs[k].key)
				assert_int_equal(err, COSMO_OK);
			else if (streq(algs[i].name, algs[k].name)) /* the other Edwards curve */
				assert_int_equal(err, COSMO_E_JWS_SIGNATURE);
			else
				assert_int_equal(err, COSMO_E_JWS_KEY);
		}
	}
}

static void test_jws__accessors__tell_the_header(void **state)
{
	static const char header[] = "{\"alg\":\"PS384\",\"kid\":\"k/1\"}";
	COSMO_AUTO(free) char *token = signer_token(rsa, "PS384", header, PAYLOAD);
	COSMO_AUTO(jws_free) struct jws *jws = NULL;

	(void)state;
	assert_int_equal(jws_parse(token, strlen(token), &all, NULL, &jws), COSMO_OK);
	assert_string_equal(jws_kid(jws), "k/1");
	assert_string_equal(jws_alg(jws)->name, "PS384");
	jws_free(NULL);
}

/* The reason names what was wrong with the header, never anything of the token's body. */
static void test_jws_parse__reason__names_the_algorithm_only(void **state)
{
	COSMO_AUTO(free)
	char *token =
		signer_token_with("{\"alg\":\"HS\\u001b256\"}", "{\"sub\":\"secret\"}", "x", 1);
	struct reason why = {.text = ""};
	struct jws *jws = NULL;

	(void)state;
	assert_int_equal(jws_parse(token, strlen(token), &all, &why, &jws), COSMO_E_JWS_ALG);
	assert_string_equal(why.text, "token: algorithm \"HS?256\" is not allowed");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_jws__examples_of_the_rfcs__verify),
		cmocka_unit_test(test_jws__examples_of_rfc7520__verify_from_one_set),
		cmocka_unit_test(test_jws__hmac_and_none_of_the_rfcs__are_refused),
		cmocka_unit_test(test_jws__each_algorithm__verifies_and_another_key_does_not),
		cmocka_unit_test(test_jws__algorithm_not_in_the_list__is_refused),
		cmocka_unit_test(test_jws__signed_by_another_algorithm__is_refused),
		cmocka_unit_test(test_jws__hs256_with_the_rsa_public_key__is_refused),
		cmocka_unit_test(test_jws__headers__are_refused_with_their_code),
		cmocka_unit_test(test_jws__kid_too_long__is_refused),
		cmocka_unit_test(test_jws__keys_in_the_header__are_not_obeyed),
		cmocka_unit_test(test_jws_parse__parts_and_characters__are_strict),
		cmocka_unit_test(test_jws_parse__nul_in_the_token__is_refused),
		cmocka_unit_test(test_jws_parse__too_long__is_refused),
		cmocka_unit_test(test_jws__bit_flipped_anywhere__is_refused),
		cmocka_unit_test(test_jws__each_bit_of_a_signature__counts),
		cmocka_unit_test(test_jws__signature_of_another_length__is_refused),
		cmocka_unit_test(test_jws__rsa_signature_without_its_leading_zero__is_refused),
		cmocka_unit_test(test_jws__pss_with_another_salt__is_refused),
		cmocka_unit_test(test_jws__ecdsa_signature_in_der__is_refused),
		cmocka_unit_test(test_jws__ecdsa_zero_or_not_below_the_order__is_refused),
		cmocka_unit_test(test_jws__key_of_another_type_or_curve__is_refused),
		cmocka_unit_test(test_jws__accessors__tell_the_header),
		cmocka_unit_test(test_jws_parse__reason__names_the_algorithm_only),
	};

	return cmocka_run_group_tests(tests, make_keys, free_keys);
}
