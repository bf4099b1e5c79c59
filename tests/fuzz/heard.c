/* SPDX-License-Identifier: MIT */
#include "tests/fuzz/heard.h"

#include <string.h>

#include "tests/fuzz/grammar.h"

static uint64_t number_at(const unsigned char *bytes, size_t len)
{
	uint64_t value = 0;

	while (len > 0)
		value = value << 8 | bytes[--len];
	return value;
}

static bool value_is_allowed(
	const struct grammar_field *field, const unsigned char *value, size_t len)
{
	if (len > field->max_bytes)
		return false;
	if (field->kind == GRAMMAR_U64)
		return len == 8;
	if (field->kind == GRAMMAR_STR)
		return len >= 1 && value[len - 1] == 0 &&
		       strnlen((const char *)value, len) == len - 1;
	return true;
}

static bool read_fields(const unsigned char *at, size_t len, struct heard *heard)
{
	while (len > 0) {
		const struct grammar_field *field = NULL;
		uint64_t value_len = 0;

		if (len < 8 || heard->field_count == HEARD_MAX_FIELDS)
			return false;
		field = grammar_field((unsigned int)number_at(at, 2));
		value_len = number_at(at + 4, 4);
		if (!field || number_at(at + 2, 2) != 0 || value_len > len - 8)
			return false;
		if (!value_is_allowed(field, at + 8, (size_t)value_len))
			return false;
		heard->fields[heard->field_count].field = (enum message_field)number_at(at, 2);
		heard->fields[heard->field_count].value = at + 8;
		heard->fields[heard->field_count++].len = (size_t)value_len;
		at += 8 + value_len;
		len -= 8 + (size_t)value_len;
	}
	return true;
}

static bool counts_are_allowed(const struct heard *heard)
{
	for (unsigned int field = 1; grammar_field(field); field++) {
		enum grammar_often often = grammar_often(heard->type, field);
		size_t count = heard_count(heard, (enum message_field)field);

		if ((often == GRAMMAR_NEVER && count > 0) || (often == GRAMMAR_ONE && count != 1) ||
			(often == GRAMMAR_OPT && count > 1) ||
			(often == GRAMMAR_MANY && count > MESSAGE_MAX_REPEATS))
			return false;
	}
	return true;
}

bool heard_next(const unsigned char *stream, size_t len, size_t *offset, struct heard *ret)
{
	const unsigned char *at = stream + *offset;
	size_t left = len - *offset;
	uint64_t payload_len = 0;

	if (left < 8 || at[0] != 1 || at[1] < 1 || at[1] > GRAMMAR_LAST_MESSAGE ||
		number_at(at + 2, 2) != 0)
		return false;
	payload_len = number_at(at + 4, 4);
	if (payload_len > 2 * 1024 * 1024 || payload_len > left - 8)
		return false;
	ret->type = at[1];
	ret->field_count = 0;
	if (!read_fields(at + 8, (size_t)payload_len, ret) || !counts_are_allowed(ret))
		return false;
	*offset += 8 + (size_t)payload_len;
	return true;
}

size_t heard_count(const struct heard *heard, enum message_field field)
{
	size_t count = 0;

	for (size_t i = 0; i < heard->field_count; i++)
		count += heard->fields[i].field == field;
	return count;
}

const unsigned char *heard_bytes(
	const struct heard *heard, enum message_field field, size_t *ret_len)
{
	for (size_t i = 0; i < heard->field_count; i++)
		if (heard->fields[i].field == field) {
			*ret_len = heard->fields[i].len;
			return heard->fields[i].value;
		}
	*ret_len = 0;
	return NULL;
}

const char *heard_str(const struct heard *heard, enum message_field field)
{
	size_t len = 0;

	return (const char *)heard_bytes(heard, field, &len);
}

uint64_t heard_u64(const struct heard *heard, enum message_field field, uint64_t absent)
{
	size_t len = 0;
	const unsigned char *value = heard_bytes(heard, field, &len);

	return value ? number_at(value, 8) : absent;
}

bool heard_is(const struct heard *heard, enum message_field field, const char *text)
{
	const char *value = heard_str(heard, field);

	return value && streq(value, text);
}
