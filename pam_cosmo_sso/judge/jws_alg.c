/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/judge/jws_alg.h"

static const struct jws_alg algs[] = {
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

const struct jws_alg *jws_alg_nth(size_t n)
{
	return n < COSMO_ARRAY_LEN(algs) ? &algs[n] : NULL;
}

static bool is_allowed(const char *name, const struct jws_allowed *allowed)
{
	for (size_t i = 0; i < allowed->count; i++)
		if (streq(allowed->names[i], name))
			return true;
	return false;
}

const struct jws_alg *jws_alg_find(const char *name, const struct jws_allowed *allowed)
{
	for (size_t i = 0; i < COSMO_ARRAY_LEN(algs); i++)
		if (streq(algs[i].name, name))
			return is_allowed(name, allowed) ? &algs[i] : NULL;
	return NULL;
}
