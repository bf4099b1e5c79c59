/* SPDX-License-Identifier: MIT */
#include "ctl/output.h"

#include <json-c/json.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>

#include "common/base/log.h"

void output_error(const char *format, ...)
{
	va_list args;

	(void)fputs("cosmo-ssoctl: ", stderr);
	va_start(args, format);
	(void)vfprintf(stderr, format, args);
	va_end(args);
	(void)fputc('\n', stderr);
}

void output_failure(enum cosmo_err err, const char *text, const char *detail)
{
	char clean_text[2048] = "";
	char clean_detail[1024] = "";

	log_filter(text ? text : cosmo_err_text(err), true, clean_text, sizeof(clean_text));
	log_filter(detail, true, clean_detail, sizeof(clean_detail));
	output_error("%s [%s]", clean_text, cosmo_err_id(err));
	if (clean_detail[0])
		output_error("%s", clean_detail);
}

void output_text(const char *text)
{
	char clean[2048] = "";

	log_filter(text, true, clean, sizeof(clean));
	(void)fputs(clean, stdout);
}

void output_time(int64_t time_s, char *ret, size_t ret_size)
{
	time_t when = (time_t)time_s;
	struct tm tm = {0};

	if (time_s == 0 || !localtime_r(&when, &tm) ||
		strftime(ret, ret_size, "%Y-%m-%d %H:%M:%S %z", &tm) == 0)
		snprintf(ret, ret_size, "never");
}

void output_json(struct json_object *object)
{
	puts(json_object_to_json_string_ext(
		object, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(object);
}

bool output_confirm(const char *question, bool yes)
{
	char answer[16] = "";

	if (yes)
		return true;
	if (!isatty(STDIN_FILENO)) {
		output_error("%s Nothing was done: say --yes to go on.", question);
		return false;
	}
	printf("%s Go on? [y/N] ", question);
	(void)fflush(stdout);
	if (!fgets(answer, sizeof(answer), stdin))
		return false;
	return answer[0] == 'y' || answer[0] == 'Y';
}
