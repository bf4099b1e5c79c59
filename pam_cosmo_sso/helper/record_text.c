/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/helper/record_text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/parse.h"
#include "common/base/siphash.h"

#define END_KEY       "end = "
#define END_HEX_LEN   ((size_t)16)
#define END_LINE_LEN  (sizeof(END_KEY) - 1 + END_HEX_LEN + 1)
#define MAX_HEX_BYTES ((size_t)32)

static void append(struct record_text *text, const char *data, size_t len)
{
	if (text->failed || len > text->size - text->len) {
		text->failed = true;
		return;
	}
	memcpy(text->data + text->len, data, len);
	text->len += len;
}

static void append_text(struct record_text *text, const char *data)
{
	append(text, data, strlen(data));
}

enum cosmo_err record_text_init(struct record_text *ret, const char *section, size_t max_bytes)
{
	*ret = (struct record_text){.data = malloc(max_bytes), .size = max_bytes};
	if (!ret->data)
		return COSMO_E_NOMEM;
	append_text(ret, "[");
	append_text(ret, section);
	append_text(ret, "]\n");
	return COSMO_OK;
}

void record_text_done(struct record_text *text)
{
	if (!text || !text->data)
		return;
	explicit_bzero(text->data, text->len);
	free(text->data);
	text->data = NULL;
}

static bool is_plain(const char *value, size_t at)
{
	unsigned char c = (unsigned char)value[at];

	if (c == ' ')
		return at > 0 && value[at + 1] != '\0';
	return c > ' ' && c < 0x7f && c != '%';
}

static void append_escaped(struct record_text *text, unsigned char byte)
{
	char hex[3] = "";

	format_hex(&byte, 1, hex);
	append_text(text, "%");
	append_text(text, hex);
}

void record_text_put(struct record_text *text, const char *key, const char *value)
{
	if (!value)
		return;
	append_text(text, key);
	append_text(text, " = ");
	for (size_t i = 0; value[i]; i++) {
		if (is_plain(value, i))
			append(text, value + i, 1);
		else
			append_escaped(text, (unsigned char)value[i]);
	}
	append_text(text, "\n");
}

void record_text_put_number(struct record_text *text, const char *key, int64_t value)
{
	char digits[24] = "";

	snprintf(digits, sizeof(digits), "%" PRId64, value);
	record_text_put(text, key, digits);
}

void record_text_put_hex(
	struct record_text *text, const char *key, const unsigned char *bytes, size_t len)
{
	char hex[2 * MAX_HEX_BYTES + 1] = "";

	if (len > MAX_HEX_BYTES) {
		text->failed = true;
		return;
	}
	format_hex(bytes, len, hex);
	record_text_put(text, key, hex);
}

/* Against damage, not against root. */
static void hash_text(const char *data, size_t len, char ret_hex[END_HEX_LEN + 1])
{
	static const unsigned char key[SIPHASH_KEY_BYTES] = "cosmo-sso file";
	uint64_t hash = siphash24(key, data, len);
	unsigned char bytes[sizeof(hash)];

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (unsigned char)(hash >> (8 * i));
	format_hex(bytes, sizeof(bytes), ret_hex);
}

enum cosmo_err record_text_end(struct record_text *text)
{
	char hex[END_HEX_LEN + 1] = "";

	hash_text(text->data, text->len, hex);
	append_text(text, END_KEY);
	append_text(text, hex);
	append_text(text, "\n");
	return text->failed ? COSMO_E_TOO_BIG : COSMO_OK;
}

bool record_text_is_whole(const char *data, size_t len)
{
	char line[END_LINE_LEN + 1] = END_KEY;

	if (len < END_LINE_LEN + 1 || data[len - END_LINE_LEN - 1] != '\n')
		return false;
	hash_text(data, len - END_LINE_LEN, line + sizeof(END_KEY) - 1);
	line[END_LINE_LEN - 1] = '\n';
	return memcmp(data + len - END_LINE_LEN, line, END_LINE_LEN) == 0;
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
