/* SPDX-License-Identifier: MIT */
#include "common/base/parse.h"

#include <limits.h>
#include <string.h>

enum cosmo_err parse_u64(const char *text, uint64_t min, uint64_t max, uint64_t *ret)
{
	uint64_t value = 0;

	if (!text || !*text || (text[0] == '0' && text[1]))
		return COSMO_E_INVALID;
	for (const char *p = text; *p; p++) {
		if (*p < '0' || *p > '9')
			return COSMO_E_INVALID;
		if (__builtin_mul_overflow(value, (uint64_t)10, &value) ||
			__builtin_add_overflow(value, (uint64_t)(*p - '0'), &value))
			return COSMO_E_INVALID;
	}
	if (value < min || value > max)
		return COSMO_E_INVALID;
	*ret = value;
	return COSMO_OK;
}

enum cosmo_err parse_i64(const char *text, int64_t min, int64_t max, int64_t *ret)
{
	bool negative = text && text[0] == '-';
	uint64_t magnitude = 0;
	int64_t value = 0;
	enum cosmo_err err = parse_u64(negative ? text + 1 : text, 0, INT64_MAX, &magnitude);

	if (err)
		return err;
	value = negative ? -(int64_t)magnitude : (int64_t)magnitude;
	if (value < min || value > max)
		return COSMO_E_INVALID;
	*ret = value;
	return COSMO_OK;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

static enum cosmo_err parse_hex_u32(const char *digits, uint32_t *ret)
{
	size_t len = strlen(digits);
	uint32_t value = 0;

	if (len == 0 || len > 8)
		return COSMO_E_INVALID;
	for (size_t i = 0; i < len; i++) {
		int digit = hex_digit(digits[i]);

		if (digit < 0)
			return COSMO_E_INVALID;
		value = value << 4 | (uint32_t)digit;
	}
	*ret = value;
	return COSMO_OK;
}

enum cosmo_err parse_id(const char *text, uint32_t min, uint32_t max, uint32_t *ret)
{
	uint64_t wide = 0;
	uint32_t value = 0;
	enum cosmo_err err = COSMO_OK;

	if (text && strncmp(text, "0x", 2) == 0) {
		err = parse_hex_u32(text + 2, &value);
	} else {
		err = parse_u64(text, 0, UINT32_MAX, &wide);
		value = (uint32_t)wide;
	}
	if (err)
		return err;
	if (value < min || value > max)
		return COSMO_E_INVALID;
	*ret = value;
	return COSMO_OK;
}

enum cosmo_err parse_bool(const char *text, bool *ret)
{
	if (streq(text, "yes") || streq(text, "true") || streq(text, "on")) {
		*ret = true;
		return COSMO_OK;
	}
	if (streq(text, "no") || streq(text, "false") || streq(text, "off")) {
		*ret = false;
		return COSMO_OK;
	}
	return COSMO_E_INVALID;
}

static int64_t unit_seconds(char unit)
{
	switch (unit) {
	case 's':
		return 1;
	case 'm':
		return 60;
	case 'h':
		return 3600;
	case 'd':
		return 86400;
	default:
		return 0;
	}
}

enum cosmo_err parse_duration_s(const char *text, int64_t min_s, int64_t max_s, int64_t *ret_s)
{
	char digits[20] = "";
	size_t len = text ? strlen(text) : 0;
	int64_t unit = 0;
	uint64_t count = 0;
	int64_t value = 0;

	if (len == 0 || len >= sizeof(digits))
		return COSMO_E_INVALID;
	memcpy(digits, text, len + 1);
	unit = unit_seconds(digits[len - 1]);
	if (unit)
		digits[len - 1] = '\0';
	else
		unit = 1;
	if (parse_u64(digits, 0, INT64_MAX, &count))
		return COSMO_E_INVALID;
	if (__builtin_mul_overflow((int64_t)count, unit, &value) || value < min_s || value > max_s)
		return COSMO_E_INVALID;
	*ret_s = value;
	return COSMO_OK;
}

enum cosmo_err parse_hex(const char *hex, unsigned char *ret_bytes, size_t len)
{
	if (!hex || strlen(hex) != 2 * len)
		return COSMO_E_INVALID;
	for (size_t i = 0; i < 2 * len; i++)
		if (hex_digit(hex[i]) < 0)
			return COSMO_E_INVALID;
	for (size_t i = 0; i < len; i++) {
		unsigned char high = (unsigned char)hex_digit(hex[2 * i]);
		unsigned char low = (unsigned char)hex_digit(hex[2 * i + 1]);

		ret_bytes[i] = (unsigned char)(high << 4 | low);
	}
	return COSMO_OK;
}

void format_hex(const unsigned char *bytes, size_t len, char *ret_hex)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < len; i++) {
		ret_hex[2 * i] = digits[bytes[i] >> 4];
		ret_hex[2 * i + 1] = digits[bytes[i] & 15];
	}
	ret_hex[2 * len] = '\0';
}

enum name_class {
	IN_NAME = 1U << 0,
	IS_AT = 1U << 1,
};

/* clang-format off */
/* A table, for every look-up of NSS comes here, and what the next character is cannot be foreseen. */
static const unsigned char name_classes[UCHAR_MAX + 1] = {
	['a'] = IN_NAME, ['b'] = IN_NAME, ['c'] = IN_NAME, ['d'] = IN_NAME,
	['e'] = IN_NAME, ['f'] = IN_NAME, ['g'] = IN_NAME, ['h'] = IN_NAME,
	['i'] = IN_NAME, ['j'] = IN_NAME, ['k'] = IN_NAME, ['l'] = IN_NAME,
	['m'] = IN_NAME, ['n'] = IN_NAME, ['o'] = IN_NAME, ['p'] = IN_NAME,
	['q'] = IN_NAME, ['r'] = IN_NAME, ['s'] = IN_NAME, ['t'] = IN_NAME,
	['u'] = IN_NAME, ['v'] = IN_NAME, ['w'] = IN_NAME, ['x'] = IN_NAME,
	['y'] = IN_NAME, ['z'] = IN_NAME, ['0'] = IN_NAME, ['1'] = IN_NAME,
	['2'] = IN_NAME, ['3'] = IN_NAME, ['4'] = IN_NAME, ['5'] = IN_NAME,
	['6'] = IN_NAME, ['7'] = IN_NAME, ['8'] = IN_NAME, ['9'] = IN_NAME,
	['_'] = IN_NAME, ['.'] = IN_NAME, ['-'] = IN_NAME, ['@'] = IN_NAME | IS_AT,
};
/* clang-format on */

bool login_name_is_valid(const char *name, bool domains)
{
	unsigned int common = IN_NAME;
	size_t at_signs = 0;
	size_t len = 0;

	if (!name || name[0] < 'a' || name[0] > 'z')
		return false;
	for (; name[len]; len++) {
		unsigned int classes = name_classes[(unsigned char)name[len]];

		if (len == COSMO_MAX_NAME_BYTES)
			return false;
		common &= classes;
		at_signs += classes / IS_AT;
	}
	if (!common || name[len - 1] == '.' || name[len - 1] == '@')
		return false;
	return at_signs == 0 || (domains && at_signs == 1);
}

bool group_name_is_valid(const char *name)
{
	return login_name_is_valid(name, false);
}
