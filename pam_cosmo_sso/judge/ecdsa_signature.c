/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/judge/ecdsa_signature.h"

#include <openssl/bn.h>
#include <openssl/ecdsa.h>

COSMO_AUTO_DEFINE(ECDSA_SIG *, ECDSA_SIG_free);
COSMO_AUTO_DEFINE(BIGNUM *, BN_free);

/* DER of @pair, two numbers above zero, in memory of malloc(), not OpenSSL's. */
static enum cosmo_err encode(const ECDSA_SIG *pair, unsigned char **ret_der, size_t *ret_len)
{
	COSMO_AUTO(free) unsigned char *der = NULL;
	unsigned char *end = NULL;
	int len = i2d_ECDSA_SIG(pair, NULL);

	if (len <= 0)
		return COSMO_E_NOMEM;
	der = malloc((size_t)len);
	if (!der)
		return COSMO_E_NOMEM;
	end = der;
	if (i2d_ECDSA_SIG(pair, &end) != len)
		return COSMO_E_NOMEM;
	*ret_der = COSMO_STEAL(&der);
	*ret_len = (size_t)len;
	return COSMO_OK;
}

enum cosmo_err ecdsa_signature_to_der(const unsigned char *raw, size_t len, size_t coordinate_bytes,
	unsigned char **ret_der, size_t *ret_len)
{
	COSMO_AUTO(ECDSA_SIG_free) ECDSA_SIG *pair = NULL;
	COSMO_AUTO(BN_free) BIGNUM *r = NULL;
	COSMO_AUTO(BN_free) BIGNUM *s = NULL;

	if (coordinate_bytes == 0 || len != 2 * coordinate_bytes)
		return COSMO_E_FORMAT;
	pair = ECDSA_SIG_new();
	r = BN_bin2bn(raw, (int)coordinate_bytes, NULL);
	s = BN_bin2bn(raw + coordinate_bytes, (int)coordinate_bytes, NULL);
	if (!pair || !r || !s)
		return COSMO_E_NOMEM;
	if (BN_is_zero(r) || BN_is_zero(s))
		return COSMO_E_FORMAT;
	if (ECDSA_SIG_set0(pair, r, s) != 1)
		return COSMO_E_NOMEM;
	r = NULL; /* both are the pair's now */
	s = NULL;
	return encode(pair, ret_der, ret_len);
}
