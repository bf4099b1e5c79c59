/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/judge/json_scan.h"

#include <stdint.h>

#include "common/base/utf8.h"

struct scan {
	const unsigned char *at;
	const unsigned char *end;
	size_t depth;
	bool comma; /* the last token was one */
};

/* The byte @ahead of the cursor; 0, which is valid nowhere in JSON, behind the end. */
static unsigned char look(const struct scan *scan, size_t ahead)
{
	return (size_t)(scan->end - scan->at) > ahead ? scan->at[ahead] : 0;
}

static bool is_digit(unsigned char c)
{
	return c >= '0' && c <= '9';
}

static bool skip_word(struct scan *scan, const char *word)
{
	size_t len = strlen(word);

	if ((size_t)(scan->end - scan->at) < len || memcmp(scan->at, word, len) != 0)
		return false;
	scan->at += len;
	return true;
}

static bool skip_digits(struct scan *scan)
{
	if (!is_digit(look(scan, 0)))
		return false;
	while (is_digit(look(scan, 0)))
		scan->at++;
	return true;
}

static bool skip_number(struct scan *scan)
{
	if (look(scan, 0) == '-')
		scan->at++;
	if (look(scan, 0) == '0' && is_digit(look(scan, 1)))
		return false;
	if (!skip_digits(scan))
		return false;
	if (look(scan, 0) == '.') {
		scan->at++;
		if (!skip_digits(scan))
			return false;
	}
	if (look(scan, 0) == 'e' || look(scan, 0) == 'E') {
		scan->at++;
		if (look(scan, 0) == '+' || look(scan, 0) == '-')
			scan->at++;
		if (!skip_digits(scan))
			return false;
	}
	return true;
}

/* The four hexadecimal digits of a \u escape at the cursor. */
static bool read_hex4(struct scan *scan, uint32_t *ret)
{
	uint32_t value = 0;

	for (size_t i = 0; i < 4; i++) {
		unsigned char c = look(scan, i);
		uint32_t digit = 0;

		if (is_digit(c))
			digit = (uint32_t)(c - '0');
		else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
			digit = (uint32_t)((c | 0x20) - 'a' + 10);
		else
			return false;
		value = value << 4 | digit;
	}
	scan->at += 4;
	*ret = value;
	return true;
}

static bool skip_escape(struct scan *scan)
{
	uint32_t first = 0;
	uint32_t second = 0;

	scan->at++;
	if (look(scan, 0) != 'u') {
		if (look(scan, 0) == 0 || !strchr("\"\\/bfnrt", look(scan, 0)))
			return false;
		scan->at++;
		return true;
	}
	scan->at++;
	if (!read_hex4(scan, &first) || first == 0 || (first >= 0xdc00 && first <= 0xdfff))
		return false;
	if (first < 0xd800 || first > 0xdbff)
		return true;
	return skip_word(scan, "\\u") && read_hex4(scan, &second) && second >= 0xdc00 &&
	       second <= 0xdfff;
}

/* One character outside ASCII. A text that ends within it shows a 0 there, which belongs to none.
 */
static bool skip_utf8(struct scan *scan)
{
	const char bytes[] = {(char)look(scan, 0), (char)look(scan, 1), (char)look(scan, 2),
		(char)look(scan, 3), '\0'};
	uint32_t code = 0;
	size_t len = utf8_decode(bytes, &code);

	scan->at += len;
	return len > 0;
}

static bool skip_string(struct scan *scan)
{
	scan->at++;
	while (look(scan, 0) != '"') {
		unsigned char c = look(scan, 0);
		bool ok = true;

		if (c < 0x20)
			return false;
		if (c == '\\')
			ok = skip_escape(scan);
		else if (c >= 0x80)
			ok = skip_utf8(scan);
		else
			scan->at++;
		if (!ok)
			return false;
	}
	scan->at++;
	return true;
}

static bool skip_punctuation(struct scan *scan, size_t max_depth)
{
	unsigned char c = *scan->at++;

	if ((c == '{' || c == '[') && ++scan->depth > max_depth)
		return false;
	if ((c == '}' || c == ']') && scan->depth-- == 0)
		return false;
	return true;
}

static bool skip_token(struct scan *scan, size_t max_depth)
{
	unsigned char c = look(scan, 0);

	if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
		scan->at++;
		return true;
	}
	if (scan->comma && (c == '}' || c == ']'))
		return false;
	scan->comma = c == ',';
	if (c == '"')
		return skip_string(scan);
	if (c == '-' || is_digit(c))
		return skip_number(scan);
	if (c == 't')
		return skip_word(scan, "true");
	if (c == 'f')
		return skip_word(scan, "false");
	if (c == 'n')
		return skip_word(scan, "null");
	if (c == 0 || !strchr("{}[]:,", c))
		return false;
	return skip_punctuation(scan, max_depth);
}

enum cosmo_err json_scan(const char *text, size_t len, size_t max_depth)
{
	const unsigned char *bytes = (const unsigned char *)text;
	struct scan scan = {.at = bytes, .end = bytes + len};

	while (scan.at < scan.end)
		if (!skip_token(&scan, max_depth))
			return COSMO_E_FORMAT;
	return COSMO_OK;
}
