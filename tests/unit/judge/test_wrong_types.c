/* SPDX-License-Identifier: MIT */
/*
 * Every member that is read of what an IdP sends, with every kind of value that it should not have.
 * A table per document says what follows; a kind that no line of it speaks of fails the test.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "pam_cosmo_sso/judge/claims.h"
#include "pam_cosmo_sso/judge/device_grant.h"
#include "pam_cosmo_sso/judge/discovery.h"
#include "pam_cosmo_sso/judge/id_token.h"
#include "pam_cosmo_sso/judge/jwks.h"
#include "pam_cosmo_sso/judge/jws.h"
#include "pam_cosmo_sso/judge/oauth_reply.h"
#include "pam_cosmo_sso/judge/token_response.h"
#include "tests/unit/judge/signer.h"

#define ISSUER "https://idp.example"
#define NOW    1800000000

enum kind {
	NUL = 1 << 0,
	BOOL = 1 << 1,
	NUM = 1 << 2,
	NEG = 1 << 3,
	FRAC = 1 << 4,
	EMPTY = 1 << 5, /* a text, but "" */
	TEXT = 1 << 6,
	LIST = 1 << 7,
	HOLED = 1 << 8, /* a list of something else than texts */
	OBJ = 1 << 9,
	ABSENT = 1 << 10,
};
#define ANY_NUM (NUM | NEG | FRAC)
#define NO_TEXT (BOOL | ANY_NUM | LIST | HOLED | OBJ)
#define ANY     (NUL | NO_TEXT | EMPTY | TEXT | ABSENT)

static const struct {
	enum kind kind;
	const char *json; /* NULL: the member is left out */
} values[] = {
	{NUL, "null"},
	{BOOL, "true"},
	{BOOL, "false"},
	{NUM, "7"},
	{NEG, "-1"},
	{FRAC, "1.5"},
	{EMPTY, "\"\""},
	{TEXT, "\"x\""},
	{LIST, "[]"},
	{LIST, "[\"x\"]"},
	{HOLED, "[null]"},
	{OBJ, "{}"},
	{OBJ, "{\"a\":1}"},
	{ABSENT, NULL},
};

struct part {
	const char *name, *good;
};

/* What follows from these kinds of value of a member; the first line that speaks of one counts. */
struct row {
	const char *name;
	int kinds;
	enum cosmo_err err;
};

struct document {
	const struct part *parts;
	size_t part_count;
	const struct row *rows;
	size_t row_count;
	enum cosmo_err (*read)(const char *text);
};

/* The document with the member @at being @json. */
static char *text_with(const struct document *document, size_t at, const char *json)
{
	char *text = signer_format("{");

	for (size_t i = 0; i < document->part_count; i++) {
		const char *value = i == at ? json : document->parts[i].good;
		char *longer = NULL;

		if (!value)
			continue;
		longer = signer_format("%s%s\"%s\":%s", text, strlen(text) > 1 ? "," : "",
			document->parts[i].name, value);
		free(text);
		text = longer;
	}
	COSMO_AUTO(free) char *open = text;
	return signer_format("%s}", open);
}

static enum cosmo_err expected(const struct document *document, const char *name, enum kind kind)
{
	for (size_t i = 0; i < document->row_count; i++)
		if (streq(document->rows[i].name, name) && (document->rows[i].kinds & (int)kind))
			return document->rows[i].err;
	fail_msg("no line for %s", name);
	return COSMO_E_INTERNAL;
}

static void assert_document(const struct document *document)
{
	COSMO_AUTO(free) char *good = text_with(document, document->part_count, NULL);

	print_message("%s\n", good);
	assert_string_equal(cosmo_err_id(document->read(good)), "ok");
	for (size_t i = 0; i < document->part_count; i++)
		for (size_t k = 0; k < COSMO_ARRAY_LEN(values); k++) {
			const char *name = document->parts[i].name;
			COSMO_AUTO(free) char *text = text_with(document, i, values[k].json);

			print_message("%s: %s\n", name, values[k].json ? values[k].json : "(none)");
			assert_string_equal(cosmo_err_id(document->read(text)),
				cosmo_err_id(expected(document, name, values[k].kind)));
		}
}

#define DOCUMENT(parts, rows, read)                                                                \
	{                                                                                          \
		parts, COSMO_ARRAY_LEN(parts), rows, COSMO_ARRAY_LEN(rows), read                   \
	}

static struct json_object *parsed(const char *text)
{
	struct json_object *root = NULL;

	assert_int_equal(json_parse(text, strlen(text), &root), COSMO_OK);
	return root;
}

/* Discovery. */

static enum cosmo_err read_discovery(const char *text)
{
	COSMO_AUTO(discovery_free) struct discovery *found = NULL;

	return discovery_parse(text, strlen(text), ISSUER, NULL, &found);
}

/* case: grant: a wrong type in any field of the discovery document is refused, or as if it were not
 * there */
static void test_wrong_types__discovery__each_field(void **state)
{
	static const struct part parts[] = {
		{"issuer", "\"" ISSUER "\""},
		{"device_authorization_endpoint", "\"" ISSUER "/d\""},
		{"token_endpoint", "\"" ISSUER "/t\""},
		{"jwks_uri", "\"" ISSUER "/k\""},
		{"userinfo_endpoint", "\"" ISSUER "/u\""},
		{"revocation_endpoint", "\"" ISSUER "/r\""},
		{"scopes_supported", "[\"openid\"]"},
	};
	static const struct row rows[] = {
		{"issuer", TEXT, COSMO_E_IDP_ISSUER},
		{"issuer", ANY, COSMO_E_IDP_FIELD},
		{"device_authorization_endpoint", NUL | ABSENT, COSMO_E_IDP_NO_DEVICE_GRANT},
		{"device_authorization_endpoint", ANY, COSMO_E_IDP_FIELD},
		{"token_endpoint", ANY, COSMO_E_IDP_FIELD},
		{"jwks_uri", ANY, COSMO_E_IDP_FIELD},
		{"userinfo_endpoint", NUL | ABSENT, COSMO_OK},
		{"userinfo_endpoint", ANY, COSMO_E_IDP_FIELD},
		{"revocation_endpoint", NUL | ABSENT, COSMO_OK},
		{"revocation_endpoint", ANY, COSMO_E_IDP_FIELD},
		{"scopes_supported", ANY, COSMO_OK},
	};
	static const struct document document = DOCUMENT(parts, rows, read_discovery);

	(void)state;
	assert_document(&document);
}

/* The device reply, with all that is read of it. */

static enum cosmo_err read_device_reply(const char *text)
{
	COSMO_AUTO(json_free) struct json_object *json = parsed(text);
	COSMO_AUTO(device_grant_free) struct device_grant *grant = NULL;
	const struct oauth_reply reply = {.http_status = 200, .json = json};

	return device_grant_open(&reply, 0, 1000, NULL, &grant);
}

/* case: grant: a wrong type in any field of the device reply is refused, or as if it were not there
 */
static void test_wrong_types__device_reply__each_field(void **state)
{
	static const struct part parts[] = {
		{"device_code", "\"d\""},
		{"user_code", "\"u\""},
		{"verification_uri", "\"" ISSUER "/v\""},
		{"verification_uri_complete", "\"" ISSUER "/v?c\""},
		{"expires_in", "600"},
		{"interval", "5"},
		{"message", "\"for people\""},
	};
	static const struct row rows[] = {
		{"device_code", TEXT, COSMO_OK},
		{"device_code", ANY, COSMO_E_IDP_FIELD},
		{"user_code", TEXT, COSMO_OK},
		{"user_code", ANY, COSMO_E_IDP_FIELD},
		{"verification_uri", ANY, COSMO_E_IDP_FIELD},
		{"verification_uri_complete", ANY, COSMO_OK},
		{"expires_in", NUM | FRAC, COSMO_OK},
		{"expires_in", ANY, COSMO_E_IDP_FIELD},
		{"interval", NUL | ABSENT | NUM | FRAC, COSMO_OK},
		{"interval", ANY, COSMO_E_IDP_FIELD},
		{"message", ANY, COSMO_OK},
	};
	static const struct document document = DOCUMENT(parts, rows, read_device_reply);

	(void)state;
	assert_document(&document);
}

/* The token reply: first whether it is a success at all. */

static enum cosmo_err read_token_reply(const char *text)
{
	COSMO_AUTO(json_free) struct json_object *json = parsed(text);
	COSMO_AUTO(token_response_free) struct token_response *tokens = NULL;
	const struct oauth_reply reply = {.http_status = 200, .json = json};
	enum cosmo_err err = oauth_reply_error(&reply, NULL);

	return err ? err : token_response_parse(json, 0, NULL, &tokens);
}

/* case: grant: a wrong type in any field of the token reply is refused, or as if it were not there
 */
static void test_wrong_types__token_reply__each_field(void **state)
{
	static const struct part parts[] = {
		{"id_token", "\"i\""},
		{"access_token", "\"a\""},
		{"token_type", "\"Bearer\""},
		{"refresh_token", "\"r\""},
		{"expires_in", "300"},
		{"refresh_expires_in", "1800"},
		{"scope", "\"openid\""},
		{"error", NULL},
		{"error_description", NULL},
	};
	static const struct row rows[] = {
		{"id_token", NUL | ABSENT, COSMO_E_NO_ID_TOKEN},
		{"id_token", EMPTY | NO_TEXT, COSMO_E_IDP_FIELD},
		{"id_token", TEXT, COSMO_OK},
		{"access_token", NUL | ABSENT | TEXT, COSMO_OK},
		{"access_token", EMPTY | NO_TEXT, COSMO_E_IDP_FIELD},
		{"token_type", ANY, COSMO_OK},
		{"refresh_token", NUL | ABSENT | TEXT, COSMO_OK},
		{"refresh_token", EMPTY | NO_TEXT, COSMO_E_IDP_FIELD},
		{"expires_in", ANY, COSMO_OK},
		{"refresh_expires_in", ANY, COSMO_OK},
		{"scope", ANY, COSMO_OK},
		{"error", ABSENT, COSMO_OK},
		{"error", ANY, COSMO_E_IDP_ERROR},
		{"error_description", ANY, COSMO_OK},
	};
	static const struct document document = DOCUMENT(parts, rows, read_token_reply);

	(void)state;
	assert_document(&document);
}

/* Claims, of which those of userinfo are read in the same way. */

static enum cosmo_err read_claims(const char *text)
{
	static const struct username_policy policy = {.claim = "preferred_username"};
	static const char token[] = "{\"sub\":\"1\"}";
	COSMO_AUTO(json_free) struct json_object *id_token = parsed(token);
	COSMO_AUTO(json_free) struct json_object *userinfo = parsed(text);
	COSMO_AUTO(claim_values_free) struct claim_values *found = NULL;
	const struct claim_sources sources = {.id_token = id_token, .userinfo = userinfo};
	enum claim_state claim = CLAIM_MISSING;
	char name[COSMO_MAX_NAME_BYTES + 1] = "";
	uint32_t uid = 0;
	enum cosmo_err err = claims_username(&sources, &policy, NULL, name);

	if (!err)
		err = claims_values(&sources, "groups", NULL, &claim, &found);
	return err ? err : claims_uid(&sources, "uid", NULL, &uid);
}

/* case: grant: a wrong type in any field of userinfo is refused, or as if it were not there */
static void test_wrong_types__userinfo__each_claim(void **state)
{
	static const struct part parts[] = {
		{"preferred_username", "\"ada\""},
		{"groups", "[\"admins\"]"},
		{"uid", "\"70000\""},
		{"_claim_names", NULL},
		{"hasgroups", NULL},
	};
	static const struct row rows[] = {
		{"preferred_username", NUL | ABSENT, COSMO_E_NAME_MISSING},
		{"preferred_username", TEXT, COSMO_OK},
		{"preferred_username", ANY, COSMO_E_NAME_FORM},
		{"groups", NUL | ABSENT | EMPTY | TEXT | LIST | OBJ, COSMO_OK},
		{"groups", ANY, COSMO_E_CLAIM_TYPE}, {"uid", NUM, COSMO_OK},
		{"uid", NUL | ABSENT, COSMO_E_NOT_FOUND}, {"uid", ANY, COSMO_E_TOKEN_CLAIM},
		{"_claim_names", ANY, COSMO_OK}, {"hasgroups", ANY, COSMO_OK}, /* beside groups */
	};
	static const struct document document = DOCUMENT(parts, rows, read_claims);

	(void)state;
	assert_document(&document);
}

/* The ID token's own claims. */

static enum cosmo_err read_id_token(const char *text)
{
	static const struct id_token_policy policy = {.issuer = ISSUER,
		.client_id = "cosmo",
		.skew_s = 60,
		.acr = "mfa",
		.max_age_s = 300};
	COSMO_AUTO(json_free) struct json_object *claims = parsed(text);
	char subject[CLAIMS_MAX_SUBJECT_BYTES + 1] = "";
	enum cosmo_err err = id_token_check(claims, &policy, NOW, NULL);

	return err ? err : claims_subject(claims, "oid", NULL, subject);
}

/* case: token: a wrong type in any claim of the ID token that counts refuses it */
static void test_wrong_types__id_token__each_claim(void **state)
{
	static const struct part parts[] = {
		{"iss", "\"" ISSUER "\""},
		{"aud", "\"cosmo\""},
		{"azp", "\"cosmo\""},
		{"exp", "1800000300"},
		{"iat", "1800000000"},
		{"nbf", "1800000000"},
		{"sub", "\"1\""},
		{"acr", "\"mfa\""},
		{"auth_time", "1800000000"},
		{"oid", "\"o\""},
		{"amr", "[\"otp\"]"},
	};
	static const struct row rows[] = {
		{"iss", ANY, COSMO_E_TOKEN_ISS},
		{"aud", ANY, COSMO_E_TOKEN_AUD},
		{"azp", ABSENT, COSMO_OK},
		{"azp", ANY, COSMO_E_TOKEN_AZP},
		{"exp", ANY_NUM, COSMO_E_TOKEN_EXPIRED},
		{"exp", ANY, COSMO_E_TOKEN_CLAIM},
		{"iat", ANY_NUM, COSMO_OK},
		{"iat", ANY, COSMO_E_TOKEN_CLAIM},
		{"nbf", ANY_NUM | ABSENT, COSMO_OK},
		{"nbf", ANY, COSMO_E_TOKEN_CLAIM},
		{"sub", TEXT, COSMO_OK},
		{"sub", ANY, COSMO_E_TOKEN_SUB},
		{"acr", ANY, COSMO_E_STEP_UP},
		{"auth_time", ANY, COSMO_E_STEP_UP},
		{"oid", TEXT, COSMO_OK},
		{"oid", ANY, COSMO_E_TOKEN_SUB},
		{"amr", ANY, COSMO_OK},
	};
	static const struct document document = DOCUMENT(parts, rows, read_id_token);

	(void)state;
	assert_document(&document);
}

/* The header of a token. */

static enum cosmo_err read_header(const char *text)
{
	static const struct jws_allowed allowed = {.names = {"ES256"}, .count = 1};
	COSMO_AUTO(free) char *header = signer_b64url(text, strlen(text));
	COSMO_AUTO(free) char *token = signer_format("%s.e30.AAAA", header);
	COSMO_AUTO(jws_free) struct jws *jws = NULL;

	return jws_parse(token, strlen(token), &allowed, NULL, &jws);
}

/* case: token: a wrong type in any field of the header refuses the token, or changes nothing */
static void test_wrong_types__header__each_field(void **state)
{
	static const struct part parts[] = {
		{"alg", "\"ES256\""},
		{"kid", "\"1\""},
		{"typ", "\"JWT\""},
		{"crit", NULL},
		{"jku", NULL},
		{"x5u", NULL},
		{"jwk", NULL},
	};
	static const struct row rows[] = {
		{"alg", ANY, COSMO_E_JWS_ALG},
		{"kid", NUL | ABSENT | TEXT, COSMO_OK},
		{"kid", ANY, COSMO_E_JWS_FORM},
		{"typ", ANY, COSMO_OK},
		{"crit", ABSENT, COSMO_OK},
		{"crit", ANY, COSMO_E_JWS_CRIT},
		{"jku", ANY, COSMO_OK},
		{"x5u", ANY, COSMO_OK},
		{"jwk", ANY, COSMO_OK},
	};
	static const struct document document = DOCUMENT(parts, rows, read_header);

	(void)state;
	assert_document(&document);
}

/* Keys: as the only key of a set, and as the one that a token asks for. */

static enum cosmo_err find_key(const char *set, const char *alg)
{
	const struct jws_allowed allowed = {.names = {alg}, .count = 1};
	COSMO_AUTO(jwks_free) struct jwks *jwks = NULL;
	COSMO_AUTO(EVP_PKEY_free) EVP_PKEY *key = NULL;
	enum cosmo_err err = jwks_parse(set, strlen(set), NULL, &jwks);

	return err ? err : jwks_find(jwks, "1", jws_alg_find(alg, &allowed), NULL, &key);
}

static enum cosmo_err read_set(const char *text)
{
	return find_key(text, "ES256");
}

static enum cosmo_err read_ec_key(const char *text)
{
	COSMO_AUTO(free) char *set = signer_format("{\"keys\":[%s]}", text);

	return find_key(set, "ES256");
}

static enum cosmo_err read_rsa_key(const char *text)
{
	COSMO_AUTO(free) char *set = signer_format("{\"keys\":[%s]}", text);

	return find_key(set, "RS256");
}

/* The member @name of the JWK of @key, quoted. */
static char *member_of(EVP_PKEY *key, const char *name)
{
	COSMO_AUTO(free) char *jwk = signer_jwk(key, NULL);
	COSMO_AUTO(json_free) struct json_object *object = parsed(jwk);

	return signer_format("\"%s\"", json_text(json_member(object, name)));
}

/* case: grant: a wrong type in any field of the key set is refused, or makes that key one that fits
 * nothing */
static void test_wrong_types__key_set__each_field(void **state)
{
	COSMO_AUTO(EVP_PKEY_free) EVP_PKEY *ec = signer_new_ec("P-256");
	COSMO_AUTO(EVP_PKEY_free) EVP_PKEY *rsa = signer_new_rsa(2048);
	COSMO_AUTO(free) char *jwk = signer_jwk(ec, "\"kid\":\"1\"");
	COSMO_AUTO(free) char *keys = signer_format("[%s]", jwk);
	COSMO_AUTO(free) char *x = member_of(ec, "x");
	COSMO_AUTO(free) char *y = member_of(ec, "y");
	COSMO_AUTO(free) char *n = member_of(rsa, "n");
	COSMO_AUTO(free) char *e = member_of(rsa, "e");
	const struct part set_parts[] = {{"keys", keys}};
	static const struct row set_rows[] = {{"keys", ANY, COSMO_E_IDP_NO_KEYS}};
	const struct part ec_parts[] = {
		{"kty", "\"EC\""},
		{"crv", "\"P-256\""},
		{"x", x},
		{"y", y},
		{"kid", "\"1\""},
		{"use", "\"sig\""},
		{"alg", "\"ES256\""},
		{"key_ops", "[\"verify\"]"},
	};
	static const struct row ec_rows[] = {
		{"kty", ANY, COSMO_E_IDP_NO_KEYS},
		{"crv", ANY, COSMO_E_IDP_NO_KEYS},
		{"x", ANY, COSMO_E_JWS_KEY},
		{"y", ANY, COSMO_E_JWS_KEY},
		{"kid", ANY, COSMO_E_JWS_KEY},
		{"use", NUL | ABSENT, COSMO_OK},
		{"use", ANY, COSMO_E_IDP_NO_KEYS},
		{"alg", NUL | ABSENT, COSMO_OK},
		{"alg", ANY, COSMO_E_IDP_NO_KEYS},
		{"key_ops", NUL | ABSENT, COSMO_OK},
		{"key_ops", ANY, COSMO_E_IDP_NO_KEYS},
	};
	const struct part rsa_parts[] = {{"kty", "\"RSA\""}, {"n", n}, {"e", e}, {"kid", "\"1\""}};
	static const struct row rsa_rows[] = {
		{"kty", ANY, COSMO_E_IDP_NO_KEYS},
		{"n", ANY, COSMO_E_JWS_KEY},
		{"e", ANY, COSMO_E_JWS_KEY},
		{"kid", ANY, COSMO_E_JWS_KEY},
	};
	const struct document set = DOCUMENT(set_parts, set_rows, read_set);
	const struct document ec_key = DOCUMENT(ec_parts, ec_rows, read_ec_key);
	const struct document rsa_key = DOCUMENT(rsa_parts, rsa_rows, read_rsa_key);

	(void)state;
	assert_document(&set);
	assert_document(&ec_key);
	assert_document(&rsa_key);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_wrong_types__discovery__each_field),
		cmocka_unit_test(test_wrong_types__device_reply__each_field),
		cmocka_unit_test(test_wrong_types__token_reply__each_field),
		cmocka_unit_test(test_wrong_types__userinfo__each_claim),
		cmocka_unit_test(test_wrong_types__id_token__each_claim),
		cmocka_unit_test(test_wrong_types__header__each_field),
		cmocka_unit_test(test_wrong_types__key_set__each_field),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
