/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/judge/jwk.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/param_build.h>

#include "pam_cosmo_sso/judge/b64url.h"
#include "pam_cosmo_sso/judge/jwks.h"
#include "pam_cosmo_sso/judge/openssl_memory.h"

COSMO_AUTO_DEFINE(EVP_PKEY_CTX *, EVP_PKEY_CTX_free);
COSMO_AUTO_DEFINE(OSSL_PARAM_BLD *, OSSL_PARAM_BLD_free);
COSMO_AUTO_DEFINE(OSSL_PARAM *, OSSL_PARAM_free);
COSMO_AUTO_DEFINE(BIGNUM *, BN_free);

#define MAX_MEMBER_LEN 4096

static const struct curve {
	const char *name; /* JOSE's "crv" */
	enum jwk_type type;
	const char *openssl; /* group or key type */
	size_t bytes;        /* of a coordinate, or of the whole public key */
} curves[] = {
	{"P-256", JWK_EC, "prime256v1", 32},
	{"P-384", JWK_EC, "secp384r1", 48},
	{"P-521", JWK_EC, "secp521r1", 66},
	{"Ed25519", JWK_OKP, "ED25519", 32},
	{"Ed448", JWK_OKP, "ED448", 57},
};

/* The string member @name, NULL when absent or no string. */
static const char *text_of(struct json_object *key, const char *name)
{
	return json_text(json_member(key, name));
}

static bool type_is(struct json_object *key, enum jwk_type type)
{
	const char *kty = text_of(key, "kty");

	switch (type) {
	case JWK_RSA:
		return streq(kty, "RSA");
	case JWK_EC:
		return streq(kty, "EC");
	case JWK_OKP:
		return streq(kty, "OKP");
	}
	return false;
}

static const struct curve *curve_of(struct json_object *key)
{
	const char *name = text_of(key, "crv");

	for (size_t i = 0; i < COSMO_ARRAY_LEN(curves); i++)
		if (streq(name, curves[i].name) && type_is(key, curves[i].type))
			return &curves[i];
	return NULL;
}

static bool may_verify(struct json_object *key)
{
	struct json_object *ops = json_member(key, "key_ops");

	if (json_member(key, "use") && !streq(text_of(key, "use"), "sig"))
		return false;
	if (!ops)
		return true;
	for (size_t i = 0; i < json_array_count(ops); i++)
		if (streq(json_text(json_array_at(ops, i)), "verify"))
			return true;
	return false;
}

bool jwk_fits(struct json_object *key, const struct jws_alg *alg)
{
	const struct curve *curve = curve_of(key);

	if (!may_verify(key) || !type_is(key, alg->type))
		return false;
	if (json_member(key, "alg") && !streq(text_of(key, "alg"), alg->name))
		return false;
	if (alg->type == JWK_RSA)
		return true;
	return curve && (!alg->curve || streq(curve->name, alg->curve));
}

bool jwk_is_for_signatures(struct json_object *key)
{
	for (size_t i = 0; jws_alg_nth(i); i++)
		if (jwk_fits(key, jws_alg_nth(i)))
			return true;
	return false;
}

static enum cosmo_err decode_member(struct json_object *key, const char *name, struct reason *why,
	unsigned char **ret_bytes, size_t *ret_len)
{
	const char *text = NULL;
	enum cosmo_err err = json_str(key, name, MAX_MEMBER_LEN, &text);

	if (err == COSMO_OK)
		err = b64url_decode(text, strlen(text), ret_bytes, ret_len);
	if (err == COSMO_OK || err == COSMO_E_NOMEM)
		return err;
	return reason_give(why, COSMO_E_JWS_KEY, "key: member \"%s\" is not base64url", name);
}

static enum cosmo_err not_valid(const char *type, struct reason *why)
{
	if (openssl_memory_ran_out())
		return COSMO_E_NOMEM;
	return reason_give(why, COSMO_E_JWS_KEY, "key: not a valid %s key", type);
}

static enum cosmo_err key_from_params(
	const char *type, OSSL_PARAM_BLD *builder, struct reason *why, EVP_PKEY **ret)
{
	COSMO_AUTO(OSSL_PARAM_free) OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(builder);
	COSMO_AUTO(EVP_PKEY_CTX_free)
	EVP_PKEY_CTX *making = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
	COSMO_AUTO(EVP_PKEY_CTX_free) EVP_PKEY_CTX *checking = NULL;
	COSMO_AUTO(EVP_PKEY_free) EVP_PKEY *key = NULL;

	if (!params || !making)
		return COSMO_E_NOMEM;
	if (EVP_PKEY_fromdata_init(making) != 1 ||
		EVP_PKEY_fromdata(making, &key, EVP_PKEY_PUBLIC_KEY, params) != 1)
		return not_valid(type, why);
	checking = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
	if (!checking)
		return COSMO_E_NOMEM;
	if (EVP_PKEY_public_check(checking) != 1)
		return not_valid(type, why);
	*ret = COSMO_STEAL(&key);
	return COSMO_OK;
}

static enum cosmo_err load_rsa(struct json_object *key, struct reason *why, EVP_PKEY **ret)
{
	COSMO_AUTO(free) unsigned char *n_bytes = NULL;
	COSMO_AUTO(free) unsigned char *e_bytes = NULL;
	COSMO_AUTO(BN_free) BIGNUM *n = NULL;
	COSMO_AUTO(BN_free) BIGNUM *e = NULL;
	COSMO_AUTO(OSSL_PARAM_BLD_free) OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
	size_t n_len = 0;
	size_t e_len = 0;
	enum cosmo_err err = decode_member(key, "n", why, &n_bytes, &n_len);

	if (err == COSMO_OK)
		err = decode_member(key, "e", why, &e_bytes, &e_len);
	if (err != COSMO_OK)
		return err;
	n = BN_bin2bn(n_bytes, (int)n_len, NULL);
	e = BN_bin2bn(e_bytes, (int)e_len, NULL);
	if (!n || !e || !builder)
		return COSMO_E_NOMEM;
	if (BN_num_bits(n) < JWKS_MIN_RSA_BITS || BN_num_bits(n) > JWKS_MAX_RSA_BITS)
		return reason_give(why, COSMO_E_JWS_KEY, "key: RSA of %d bits, %d to %d accepted",
			BN_num_bits(n), JWKS_MIN_RSA_BITS, JWKS_MAX_RSA_BITS);
	if (!BN_is_odd(e) || BN_is_one(e) || BN_num_bits(e) > 64)
		return reason_give(why, COSMO_E_JWS_KEY, "key: RSA exponent out of bounds");
	if (OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, n) != 1 ||
		OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, e) != 1)
		return COSMO_E_NOMEM;
	return key_from_params("RSA", builder, why, ret);
}

static enum cosmo_err load_ec(
	struct json_object *key, const struct curve *curve, struct reason *why, EVP_PKEY **ret)
{
	COSMO_AUTO(free) unsigned char *x = NULL;
	COSMO_AUTO(free) unsigned char *y = NULL;
	COSMO_AUTO(OSSL_PARAM_BLD_free) OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
	unsigned char point[1 + 2 * 66] = {0x04}; /* uncompressed, SEC 1 section 2.3.3 */
	size_t x_len = 0;
	size_t y_len = 0;
	enum cosmo_err err = decode_member(key, "x", why, &x, &x_len);

	if (err == COSMO_OK)
		err = decode_member(key, "y", why, &y, &y_len);
	if (err != COSMO_OK)
		return err;
	if (!x || !y || x_len != curve->bytes || y_len != curve->bytes)
		return reason_give(why, COSMO_E_JWS_KEY, "key: coordinates of the wrong length");
	memcpy(point + 1, x, x_len);
	memcpy(point + 1 + x_len, y, y_len);
	if (!builder ||
		OSSL_PARAM_BLD_push_utf8_string(
			builder, OSSL_PKEY_PARAM_GROUP_NAME, curve->openssl, 0) != 1 ||
		OSSL_PARAM_BLD_push_octet_string(
			builder, OSSL_PKEY_PARAM_PUB_KEY, point, 1 + x_len + y_len) != 1)
		return COSMO_E_NOMEM;
	return key_from_params("EC", builder, why, ret);
}

static enum cosmo_err load_okp(
	struct json_object *key, const struct curve *curve, struct reason *why, EVP_PKEY **ret)
{
	COSMO_AUTO(free) unsigned char *x = NULL;
	EVP_PKEY *loaded = NULL;
	size_t x_len = 0;
	enum cosmo_err err = decode_member(key, "x", why, &x, &x_len);

	if (err != COSMO_OK)
		return err;
	if (x_len != curve->bytes)
		return reason_give(why, COSMO_E_JWS_KEY, "key: public key of the wrong length");
	loaded = EVP_PKEY_new_raw_public_key_ex(NULL, curve->openssl, NULL, x, x_len);
	if (!loaded)
		return not_valid(curve->openssl, why);
	*ret = loaded;
	return COSMO_OK;
}

static enum cosmo_err load(struct json_object *key, struct reason *why, EVP_PKEY **ret)
{
	const struct curve *curve = curve_of(key);

	if (type_is(key, JWK_RSA))
		return load_rsa(key, why, ret);
	if (!curve)
		return reason_give(why, COSMO_E_JWS_KEY, "key: unknown type or curve");
	if (curve->type == JWK_EC)
		return load_ec(key, curve, why, ret);
	return load_okp(key, curve, why, ret);
}

enum cosmo_err jwk_load(struct json_object *key, struct reason *why, EVP_PKEY **ret)
{
	COSMO_AUTO(EVP_PKEY_free) EVP_PKEY *loaded = NULL;
	enum cosmo_err err = load(key, why, &loaded);

	if (err != COSMO_OK)
		return err;
	/* OpenSSL may call a key good of which it could not keep all: nothing verifies by it. */
	if (openssl_memory_ran_out())
		return COSMO_E_NOMEM;
	*ret = COSMO_STEAL(&loaded);
	return COSMO_OK;
}
