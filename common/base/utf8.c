/* SPDX-License-Identifier: MIT */
#include "common/base/utf8.h"

/* By the first byte; 0 for bytes that start nothing. */
static size_t sequence_len(unsigned char first)
{
	if (first < 0x80)
		return 1;
	if (first >= 0xc2 && first <= 0xdf)
		return 2;
	if (first >= 0xe0 && first <= 0xef)
		return 3;
	return first >= 0xf0 && first <= 0xf4 ? 4 : 0;
}

size_t utf8_decode(const char *text, uint32_t *ret_code)
{
	static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
	const unsigned char *p = (const unsigned char *)text;
	size_t len = sequence_len(p[0]);
	uint32_t code = len == 1 ? p[0] : p[0] & (0xffU >> (len + 1));

	for (size_t i = 1; i < len; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (p[i] & 0x3fU);
	}
	if (len == 0 || code < smallest[len] || code > 0x10ffff ||
		(code >= 0xd800 && code <= 0xdfff))
		return 0;
	*ret_code = code;
	return len;
}

bool utf8_is_valid(const char *text)
{
	while (*text) {
		uint32_t code = 0;
		/* nearly all there is */
		size_t len = (unsigned char)*text < 0x80 ? 1 : utf8_decode(text, &code);

		if (len == 0)
			return false;
		text += len;
	}
	return true;
}
