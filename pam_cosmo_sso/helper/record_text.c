/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/helper/record_text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/parse.h"

static bool is_plain(const char *value, size_t at)
{
	unsigned char c = (unsigned char)value[at];

	if (c == ' ')
		return at > 0 && value[at + 1] != '\0';
	return c > ' ' && c < 0x7f && c != '%';
}

void record_text_put(FILE *out, const char *key, const char *value)
{
	if (!value)
		return;
	fprintf(out, "%s = ", key);
	for (size_t i = 0; value[i]; i++) {
		if (is_plain(value, i))
			fputc(value[i], out);
		else
			fprintf(out, "%%%02x", (unsigned int)(unsigned char)value[i]);
	}
	fputc('\n', out);
}

void record_text_put_number(FILE *out, const char *key, int64_t value)
{
	fprintf(out, "%s = %" PRId64 "\n", key, value);
}

void record_text_put_hex(FILE *out, const char *key, const unsigned char *bytes, size_t len)
{
	char hex[65] = "";

	if (2 * len >= sizeof(hex))
		return;
	format_hex(bytes, len, hex);
	fprintf(out, "%s = %s\n", key, hex);
}

enum cosmo_err record_text_get(const char *value, char **ret)
{
	COSMO_AUTO(free) char *plain = malloc(strlen(value) + 1);
	size_t out = 0;

	if (!plain)
		return COSMO_E_NOMEM;
	for (size_t i = 0; value[i]; i++) {
		unsigned char byte = (unsigned char)value[i];
		char digits[3] = "";

		if (value[i] == '%') {
			memcpy(digits, value + i + 1, strnlen(value + i + 1, 2));
			if (parse_hex(digits, &byte, 1) || byte == 0)
				return COSMO_E_STORE_DAMAGED;
			i += 2;
		}
		plain[out++] = (char)byte;
	}
	plain[out] = '\0';
	*ret = COSMO_STEAL(&plain);
	return COSMO_OK;
}
