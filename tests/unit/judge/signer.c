/* SPDX-License-Identifier: MIT */
#include "tests/unit/judge/signer.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

/* A test whose tools fail proves nothing. */
static void demand(int ok)
{
	if (!ok)
		abort();
}

EVP_PKEY *signer_new_rsa(unsigned int bits)
{
	EVP_PKEY *key = EVP_RSA_gen(bits);

	demand(key != NULL);
	return key;
}

EVP_PKEY *signer_new_ec(const char *curve)
{
	EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", curve); /* EVP_EC_gen() casts */

	demand(key != NULL);
	return key;
}

EVP_PKEY *signer_new(const char *kind)
{
	EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, kind);

	demand(key != NULL);
	return key;
}

char *signer_format(const char *format, ...)
{
	char *text = NULL;
	va_list args;

	va_start(args, format);
	demand(vasprintf(&text, format, args) >= 0);
	va_end(args);
	return text;
}

char *signer_b64url(const void *bytes, size_t len)
{
	char *text = malloc((len + 2) / 3 * 4 + 1);

	demand(text != NULL);
	EVP_EncodeBlock((unsigned char *)text, bytes, (int)len);
	for (char *c = text; *c; c++) {
		if (*c == '+')
			*c = '-';
		else if (*c == '/')
			*c = '_';
		else if (*c == '=')
			*c = '\0';
	}
	return text;
}

static char *bn_param(EVP_PKEY *key, const char *name)
{
	BIGNUM *number = NULL;
	unsigned char bytes[2048] = {0};
	char *text = NULL;

	demand(EVP_PKEY_get_bn_param(key, name, &number));
	demand(BN_num_bytes(number) <= (int)sizeof(bytes));
	text = signer_b64url(bytes, (size_t)BN_bn2bin(number, bytes));
	BN_free(number);
	return text;
}

static char *rsa_members(EVP_PKEY *key)
{
	char *n = bn_param(key, OSSL_PKEY_PARAM_RSA_N);
	char *e = bn_param(key, OSSL_PKEY_PARAM_RSA_E);
	char *text = signer_format("\"kty\":\"RSA\",\"n\":\"%s\",\"e\":\"%s\"", n, e);

	free(n);
	free(e);
	return text;
}

static const char *jose_curve(EVP_PKEY *key)
{
	char group[64] = "";

	demand(EVP_PKEY_get_group_name(key, group, sizeof(group), NULL));
	if (strcmp(group, "prime256v1") == 0)
		return "P-256";
	if (strcmp(group, "secp384r1") == 0)
		return "P-384";
	return strcmp(group, "secp521r1") == 0 ? "P-521" : group[0] ? "secp256k1" : "";
}

static char *ec_members(EVP_PKEY *key)
{
	unsigned char point[200] = {0};
	size_t len = 0;
	char *x = NULL;
	char *y = NULL;
	char *text = NULL;

	demand(EVP_PKEY_get_octet_string_param(
		key, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof(point), &len));
	demand(point[0] == 4);
	x = signer_b64url(point + 1, len / 2);
	y = signer_b64url(point + 1 + len / 2, len / 2);
	text = signer_format(
		"\"kty\":\"EC\",\"crv\":\"%s\",\"x\":\"%s\",\"y\":\"%s\"", jose_curve(key), x, y);
	free(x);
	free(y);
	return text;
}

static char *okp_members(EVP_PKEY *key)
{
	unsigned char raw[64] = {0};
	size_t len = sizeof(raw);
	char *x = NULL;
	char *text = NULL;

	demand(EVP_PKEY_get_raw_public_key(key, raw, &len));
	x = signer_b64url(raw, len);
	text = signer_format("\"kty\":\"OKP\",\"crv\":\"%s\",\"x\":\"%s\"",
		EVP_PKEY_is_a(key, "ED25519") ? "Ed25519"
		: EVP_PKEY_is_a(key, "ED448") ? "Ed448"
					      : "X25519",
		x);
	free(x);
	return text;
}

char *signer_jwk(EVP_PKEY *key, const char *members)
{
	char *own = EVP_PKEY_is_a(key, "RSA")  ? rsa_members(key)
		    : EVP_PKEY_is_a(key, "EC") ? ec_members(key)
					       : okp_members(key);
	char *text = signer_format("{%s%s%s}", own, members ? "," : "", members ? members : "");

	free(own);
	return text;
}

char *signer_jwks(const char *first, ...)
{
	char *list = signer_format("%s", first);
	char *text = NULL;
	va_list keys;

	va_start(keys, first);
	for (const char *key = va_arg(keys, const char *); key; key = va_arg(keys, const char *)) {
		char *longer = signer_format("%s,%s", list, key);

		free(list);
		list = longer;
	}
	va_end(keys);
	text = signer_format("{\"keys\":[%s]}", list);
	free(list);
	return text;
}

static char *signed_text(const char *header, const char *payload)
{
	char *first = signer_b64url(header, strlen(header));
	char *second = signer_b64url(payload, strlen(payload));
	char *text = signer_format("%s.%s", first, second);

	free(first);
	free(second);
	return text;
}

char *signer_token_with(
	const char *header, const char *payload, const void *signature, size_t signature_len)
{
	char *text = signed_text(header, payload);
	char *third = signer_b64url(signature, signature_len);
	char *token = signer_format("%s.%s", text, third);

	free(text);
	free(third);
	return token;
}

/* r and s of @der, each as long as JOSE wants it. */
static size_t raw_from_der(const unsigned char *der, size_t len, size_t each, unsigned char *ret)
{
	ECDSA_SIG *pair = d2i_ECDSA_SIG(NULL, &der, (long)len);

	demand(pair && BN_bn2binpad(ECDSA_SIG_get0_r(pair), ret, (int)each) == (int)each);
	demand(BN_bn2binpad(ECDSA_SIG_get0_s(pair), ret + each, (int)each) == (int)each);
	ECDSA_SIG_free(pair);
	return 2 * each;
}

static size_t sign(
	EVP_PKEY *key, const char *alg, int salt_len, const char *text, unsigned char ret[1024])
{
	const char *digest = strcmp(alg, "EdDSA") == 0     ? NULL
			     : strcmp(alg + 2, "256") == 0 ? "SHA256"
			     : strcmp(alg + 2, "384") == 0 ? "SHA384"
							   : "SHA512";
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	EVP_PKEY_CTX *padding = NULL;
	unsigned char der[256] = {0};
	size_t len = alg[0] == 'E' && digest ? sizeof(der) : 1024;

	demand(context && EVP_DigestSignInit_ex(context, &padding, digest, NULL, NULL, key, NULL));
	if (alg[0] == 'P') {
		demand(EVP_PKEY_CTX_set_rsa_padding(padding, RSA_PKCS1_PSS_PADDING) == 1);
		demand(EVP_PKEY_CTX_set_rsa_pss_saltlen(padding, salt_len) == 1);
	}
	demand(EVP_DigestSign(context, alg[0] == 'E' && digest ? der : ret, &len,
		       (const unsigned char *)text, strlen(text)) == 1);
	EVP_MD_CTX_free(context);
	if (alg[0] == 'E' && digest)
		return raw_from_der(der, len, (size_t)(EVP_PKEY_get_bits(key) + 7) / 8, ret);
	return len;
}

static char *token_signed(
	EVP_PKEY *key, const char *alg, int salt_len, const char *header, const char *payload)
{
	char *text = signed_text(header, payload);
	unsigned char signature[1024] = {0};
	size_t len = sign(key, alg, salt_len, text, signature);
	char *token = signer_token_with(header, payload, signature, len);

	free(text);
	return token;
}

char *signer_token(EVP_PKEY *key, const char *alg, const char *header, const char *payload)
{
	return token_signed(key, alg, RSA_PSS_SALTLEN_DIGEST, header, payload);
}

char *signer_token_salted(EVP_PKEY *key, const char *header, const char *payload, int salt_len)
{
	return token_signed(key, "PS256", salt_len, header, payload);
}

char *signer_token_hs256(EVP_PKEY *key, const char *header, const char *payload)
{
	BIO *memory = BIO_new(BIO_s_mem());
	char *text = signed_text(header, payload);
	char *token = NULL;
	char *pem = NULL;
	unsigned char mac[32] = {0};
	long pem_len = 0;

	demand(memory && PEM_write_bio_PUBKEY(memory, key) == 1);
	pem_len = BIO_get_mem_data(memory, &pem);
	demand(HMAC(EVP_sha256(), pem, (int)pem_len, (unsigned char *)text, strlen(text), mac,
		       NULL) != NULL);
	token = signer_token_with(header, payload, mac, sizeof(mac));
	BIO_free(memory);
	free(text);
	return token;
}
