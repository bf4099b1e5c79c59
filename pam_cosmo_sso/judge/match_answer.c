/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/judge/match_answer.h"

#include <stdio.h>
#include <string.h>

/* FIELD_CLAIM_VALUE, its NUL included. */
#define MAX_VALUE_BYTES 512

/* Bytes of a UTF-8 character behind its first one. */
static bool is_inside(char byte)
{
	return ((unsigned char)byte & 0xc0) == 0x80;
}

void match_answer_cut(const char *value, char *ret, size_t ret_size)
{
	size_t len = strlen(value);

	if (len >= ret_size) {
		len = ret_size - 1;
		while (len > 0 && is_inside(value[len]))
			len--;
	}
	memcpy(ret, value, len);
	ret[len] = '\0';
}

static enum cosmo_err make(const char *rule, const char *value, struct message **ret)
{
	char shown[MAX_VALUE_BYTES] = "";
	enum cosmo_err err = message_new(MESSAGE_JUDGE_MATCH, ret);

	if (err)
		return err;
	message_put_str(*ret, FIELD_RULE, rule);
	if (!value)
		return COSMO_OK;
	match_answer_cut(value, shown, sizeof(shown));
	message_put_str(*ret, FIELD_CLAIM_VALUE, shown);
	return COSMO_OK;
}

enum cosmo_err match_answer_match(const char *rule, const char *value, void *context)
{
	struct message *message = NULL;
	enum cosmo_err err = make(rule, value, &message);

	return err ? err : request_send(context, message);
}

static enum cosmo_err tell_passed_over(struct request *request, size_t count)
{
	struct message *message = NULL;
	char text[128] = "";
	enum cosmo_err err = make(NULL, NULL, &message);

	if (err)
		return err;
	(void)snprintf(text, sizeof(text),
		"%zu value(s) do not begin with value_strip_prefix and are passed over", count);
	message_put_str(message, FIELD_DETAIL, text);
	return request_send(request, message);
}

enum cosmo_err match_answer_values(
	const struct claim_values *values, size_t passed_over, void *context)
{
	enum cosmo_err err = COSMO_OK;

	for (size_t i = 0; i < values->count && !err; i++)
		err = match_answer_match(NULL, values->items[i], context);
	return err || passed_over == 0 ? err : tell_passed_over(context, passed_over);
}

enum cosmo_err match_answer_wrong(
	struct request *request, const char *rule, enum cosmo_err wrong, const char *detail)
{
	struct message *message = NULL;
	enum cosmo_err err = make(rule, NULL, &message);

	if (err)
		return err;
	message_put_str(message, FIELD_DETAIL, detail);
	message_put_err(message, wrong);
	return request_send(request, message);
}
