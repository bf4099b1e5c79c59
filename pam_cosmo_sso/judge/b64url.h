/* SPDX-License-Identifier: MIT */
/* base64url without padding (RFC 4648 section 5, RFC 7515 section 2). */
#pragma once

#include <stddef.h>

#include "common/base/auto.h"
#include "common/base/err.h"

/*
 * Decode @len characters strictly: only the 64 of the alphabet, no padding, no blanks, no length of
 * 4n+1, unused bits of the last character zero, so that one value has one spelling. A NUL stands
 * behind the result. The caller frees *ret_bytes. Errors: COSMO_E_FORMAT, COSMO_E_NOMEM.
 */
COSMO_MUST_USE enum cosmo_err b64url_decode(
	const char *text, size_t len, unsigned char **ret_bytes, size_t *ret_len);
