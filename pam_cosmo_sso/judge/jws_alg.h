/* SPDX-License-Identifier: MIT */
/* The signature algorithms we know (RFC 7518 section 3, RFC 8037 section 3.1). */
#pragma once

#include <stddef.h>

#include "common/base/auto.h"

enum jwk_type {
	JWK_RSA,
	JWK_EC,
	JWK_OKP,
};

struct jws_alg {
	const char *name;        /* of the "alg" header */
	enum jwk_type type;      /* of the key */
	const char *curve;       /* EC: the only "crv" for it; else NULL */
	const char *digest;      /* OpenSSL's name; NULL: the signature has its own */
	size_t coordinate_bytes; /* EC: of x, y, r and s each */
	bool is_pss;
};

/* Those that a configuration allows. Names we do not know allow nothing. */
#define JWS_MAX_ALLOWED 16
struct jws_allowed {
	const char *names[JWS_MAX_ALLOWED]; /* borrowed */
	size_t count;
};

/* All that we know, from 0; NULL behind the last. */
const struct jws_alg *jws_alg_nth(size_t n);

/* NULL for one we do not know (so "none" and the HS family) or that is not in @allowed. */
const struct jws_alg *jws_alg_find(const char *name, const struct jws_allowed *allowed);
