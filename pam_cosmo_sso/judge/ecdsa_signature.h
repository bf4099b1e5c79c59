/* SPDX-License-Identifier: MIT */
/* ECDSA signatures: from JOSE's form (RFC 7518 section 3.4) to DER. */
#pragma once

#include <stddef.h>

#include "common/base/auto.h"
#include "common/base/err.h"

/*
 * @raw must be exactly two numbers of @coordinate_bytes each, both not zero. The caller frees
 * *ret_der. Errors: COSMO_E_FORMAT, COSMO_E_NOMEM.
 */
COSMO_MUST_USE enum cosmo_err ecdsa_signature_to_der(const unsigned char *raw, size_t len,
	size_t coordinate_bytes, unsigned char **ret_der, size_t *ret_len);
