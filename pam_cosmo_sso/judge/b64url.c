/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/judge/b64url.h"

#include <stdint.h>

/* The six bits of a character, -1 for one outside the alphabet. */
static int sextet(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '-')
		return 62;
	return c == '_' ? 63 : -1;
}

enum cosmo_err b64url_decode(
	const char *text, size_t len, unsigned char **ret_bytes, size_t *ret_len)
{
	COSMO_AUTO(free) unsigned char *bytes = NULL;
	uint32_t pending = 0;
	unsigned int pending_bits = 0;
	size_t n = 0;

	if (len % 4 == 1)
		return COSMO_E_FORMAT;
	bytes = malloc(len / 4 * 3 + 3);
	if (!bytes)
		return COSMO_E_NOMEM;
	for (size_t i = 0; i < len; i++) {
		int value = sextet(text[i]);

		if (value < 0)
			return COSMO_E_FORMAT;
		pending = pending << 6 | (uint32_t)value;
		pending_bits += 6;
		if (pending_bits < 8)
			continue;
		pending_bits -= 8;
		bytes[n++] = (unsigned char)(pending >> pending_bits);
		pending &= (1U << pending_bits) - 1;
	}
	if (pending != 0)
		return COSMO_E_FORMAT;
	bytes[n] = '\0';
	*ret_bytes = COSMO_STEAL(&bytes);
	*ret_len = n;
	return COSMO_OK;
}
