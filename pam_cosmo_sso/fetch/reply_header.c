/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/fetch/reply_header.h"

#include <string.h>
#include <time.h>

#include <curl/curl.h>

#include "common/base/parse.h"

#define BLANKS " \t"
#define DIGITS "0123456789"

/* A number of seconds at the start of @value, @max_s for all that is larger. */
static int64_t capped_seconds(const char *value, size_t len, int64_t max_s)
{
	char digits[16] = "";
	uint64_t seconds = 0;

	while (len > 1 && value[0] == '0') {
		value++;
		len--;
	}
	if (len == 0)
		return REPLY_HEADER_NONE;
	if (len >= sizeof(digits))
		return max_s;
	memcpy(digits, value, len);
	if (parse_u64(digits, 0, (uint64_t)max_s, &seconds) != COSMO_OK)
		return max_s;
	return (int64_t)seconds;
}

int64_t reply_header_date_s(const char *value)
{
	time_t date = value ? curl_getdate(value, NULL) : -1;

	return date < 0 ? REPLY_HEADER_NONE : (int64_t)date;
}

int64_t reply_header_retry_after_s(const char *value, int64_t now_s)
{
	size_t len = value ? strspn(value, DIGITS) : 0;
	int64_t date_s = 0;

	if (len > 0 && value[len] == '\0')
		return capped_seconds(value, len, REPLY_HEADER_MAX_S);
	date_s = reply_header_date_s(value);
	if (date_s == REPLY_HEADER_NONE)
		return REPLY_HEADER_NONE;
	if (date_s <= now_s)
		return 0;
	return date_s - now_s > REPLY_HEADER_MAX_S ? REPLY_HEADER_MAX_S : date_s - now_s;
}

/* Is the directive @text of @len bytes called @name, with or without a value? */
static bool is_directive(const char *text, size_t len, const char *name)
{
	size_t name_len = strlen(name);

	return len >= name_len && strncasecmp(text, name, name_len) == 0 &&
	       (len == name_len || text[name_len] == '=');
}

/* Behind "max-age": "=90" or, as a few send it, "=\"90\"". */
static int64_t max_age_value(const char *text, size_t len)
{
	size_t digits = 0;

	if (len < 2 || text[0] != '=')
		return 0;
	text++;
	len--;
	if (len > 2 && text[0] == '"' && text[len - 1] == '"') {
		text++;
		len -= 2;
	}
	digits = strspn(text, DIGITS);
	return digits == len ? capped_seconds(text, len, REPLY_HEADER_MAX_S) : 0;
}

static int64_t directive_max_age_s(const char *text, size_t len)
{
	if (is_directive(text, len, "no-store") || is_directive(text, len, "no-cache"))
		return 0;
	if (is_directive(text, len, "max-age"))
		return max_age_value(text + strlen("max-age"), len - strlen("max-age"));
	return REPLY_HEADER_NONE;
}

int64_t reply_header_max_age_s(const char *value)
{
	int64_t least = REPLY_HEADER_NONE;

	for (const char *p = value; p && *p;) {
		const char *text = p + strspn(p, BLANKS ",");
		const char *end = text + strcspn(text, ",");
		size_t len = (size_t)(end - text);
		int64_t age_s = 0;

		while (len > 0 && strchr(BLANKS, text[len - 1]))
			len--;
		age_s = directive_max_age_s(text, len);
		if (age_s != REPLY_HEADER_NONE && (least == REPLY_HEADER_NONE || age_s < least))
			least = age_s;
		p = end;
	}
	return least;
}
