/* SPDX-License-Identifier: MIT */
#include "ctl/output.h"

#include <json-c/json.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "common/base/log.h"
#include "common/base/utf8.h"
#include "ctl/advice.h"

/* This program has one thread and one command a run. */
static struct {
	bool json;
	bool printed;
	struct json_object *failure;
	struct json_object *notes; /* NULL: none */
	char said[2][1024];        /* the last lines of output_error(), the newer one first */
	char *caught;              /* NULL: failures are printed */
	size_t caught_size;
} state;

void output_want_json(void)
{
	state.json = true;
}

void output_finish(void)
{
	if (state.json && !state.printed && state.failure)
		output_json(json_object_get(state.failure));
	json_object_put(state.failure);
	state.failure = NULL;
	json_object_put(state.notes);
	state.notes = NULL;
	(void)fflush(stdout);
}

bool output_arrived(void)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return true;
	(void)fputs("cosmo-ssoctl: not all of the output could be written\n", stderr);
	return false;
}

void output_error(const char *format, ...)
{
	char text[4096] = "";
	char clean[4096] = "";
	va_list args;

	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	memcpy(state.said[1], state.said[0], sizeof(state.said[1]));
	(void)snprintf(state.said[0], sizeof(state.said[0]), "%s", text);
	if (state.caught) {
		if (!state.caught[0])
			(void)snprintf(state.caught, state.caught_size, "%s", text);
		return;
	}
	log_filter(text, true, clean, sizeof(clean));
	(void)fflush(stdout);
	fprintf(stderr, "cosmo-ssoctl: %s\n", clean);
}

void output_catch(char *ret, size_t ret_size)
{
	state.caught = ret;
	state.caught_size = ret_size;
	if (ret)
		ret[0] = '\0';
}

void output_note(const char *format, ...)
{
	char text[1024] = "";
	va_list args;

	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (state.caught)
		return;
	if (!state.json) {
		(void)fputs("Note: ", stdout);
		output_text(text);
		putchar('\n');
		return;
	}
	if (!state.notes)
		state.notes = json_object_new_array();
	json_object_array_add(state.notes, json_object_new_string(text));
}

void output_json_text(struct json_object *object, const char *key, const char *value)
{
	json_object_object_add(object, key, value ? json_object_new_string(value) : NULL);
}

void output_json_texts(struct json_object *object, const char *key, const struct message *item,
	enum message_field field)
{
	struct json_object *array = json_object_new_array();

	for (size_t i = 0; i < message_count(item, field); i++)
		json_object_array_add(
			array, json_object_new_string(message_str_nth(item, field, i)));
	json_object_object_add(object, key, array);
}

static void remember(const char *id, const char *text, const char *detail)
{
	json_object_put(state.failure);
	state.failure = json_object_new_object();
	output_json_text(state.failure, "error", id);
	output_json_text(state.failure, "message", text);
	output_json_text(state.failure, "detail", detail);
}

/* Length of the text without its request to ask whoever reads it here. */
static int for_administrators(const char *text)
{
	static const char ask[] = " Please ask the administrator of this host.";
	size_t len = strlen(text);

	if (len > strlen(ask) && streq(text + len - strlen(ask), ask))
		len -= strlen(ask);
	return (int)len;
}

void output_failure(enum cosmo_err err, const char *text, const char *detail)
{
	const char *advice = text ? NULL : advice_for(err);
	char own[2048] = "";

	if (!text && err == COSMO_E_NOT_ROOT)
		text = "Only root may do this: run it as root, for example with sudo.";
	if (!text)
		text = cosmo_err_text(err);
	(void)snprintf(own, sizeof(own), "%.*s", for_administrators(text), text);
	output_error("%s [%s]", own, cosmo_err_id(err));
	if (detail && detail[0])
		output_error("%s", detail);
	if (advice)
		output_error("%s", advice);
	remember(cosmo_err_id(err), own, detail && detail[0] ? detail : NULL);
}

void output_keep_failure(enum cosmo_err err)
{
	if (!state.failure)
		remember(cosmo_err_id(err), state.said[0], state.said[1][0] ? state.said[1] : NULL);
}

void output_usage(const char *text)
{
	output_error("%s", text);
	remember("usage", text, NULL);
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

/* One character outside ASCII as JSON escapes it; what is no character becomes U+FFFD. */
static size_t print_escaped(const char *text)
{
	uint32_t code = 0xfffd;
	size_t len = utf8_decode(text, &code);

	if (len == 0)
		code = 0xfffd;
	if (code > 0xffff)
		printf("\\u%04x\\u%04x", (unsigned int)(0xd800 + ((code - 0x10000) >> 10)),
			(unsigned int)(0xdc00 + ((code - 0x10000) & 0x3ff)));
	else
		printf("\\u%04x", (unsigned int)code);
	return len ? len : 1;
}

void output_json(struct json_object *object)
{
	const char *text = json_object_to_json_string_ext(
		object, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE);

	while (*text) {
		if ((*text >= 0x20 && *text < 0x7f) || *text == '\n')
			putchar(*text++);
		else
			text += print_escaped(text);
	}
	putchar('\n');
	state.printed = true;
	json_object_put(object);
}

void output_json_notes(struct json_object *object)
{
	json_object_object_add(object, "notes",
		state.notes ? json_object_get(state.notes) : json_object_new_array());
}

void output_json_failure(struct json_object *object)
{
	static const char *const members[] = {"error", "message", "detail"};

	for (size_t i = 0; i < COSMO_ARRAY_LEN(members); i++) {
		struct json_object *value = NULL;

		json_object_object_get_ex(state.failure, members[i], &value);
		json_object_object_add(object, members[i], json_object_get(value));
	}
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
	(void)fflush(stdout);
	(void)fprintf(stderr, "%s Go on? [y/N] ", question);
	if (!fgets(answer, sizeof(answer), stdin))
		return false;
	return answer[0] == 'y' || answer[0] == 'Y';
}
