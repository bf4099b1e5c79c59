/* SPDX-License-Identifier: MIT */
#include "common/message_rules.h"

#include <string.h>

enum how_often {
	NEVER,
	ONE,
	OPT,
	MANY,
};

static const char *const type_names[] = {[MESSAGE_NONE] = "NONE",
#define MESSAGE_NAME_(symbol) [MESSAGE_##symbol] = #symbol,
	MESSAGE_LIST(MESSAGE_NAME_)
#undef MESSAGE_NAME_
};

static const struct {
	enum field_kind kind;
	size_t max_bytes;
} fields[] = {[FIELD_NONE] = {KIND_BYTES, 0},
#define FIELD_ROW_(symbol, type, max_bytes) [FIELD_##symbol] = {KIND_##type, max_bytes},
	FIELD_LIST(FIELD_ROW_)
#undef FIELD_ROW_
};

#define KNOWN_TYPES  COSMO_ARRAY_LEN(type_names)
#define KNOWN_FIELDS COSMO_ARRAY_LEN(fields)

/* enum how_often; what is not in the list is NEVER. */
static const unsigned char allowed[KNOWN_TYPES][KNOWN_FIELDS] = {
#define ALLOWED_(message, field, often) [MESSAGE_##message][FIELD_##field] = (often),
	MESSAGE_FIELD_LIST(ALLOWED_)
#undef ALLOWED_
};

uint64_t message_load_le(const unsigned char *bytes, size_t len)
{
	uint64_t value = 0;

	for (size_t i = 0; i < len; i++)
		value |= (uint64_t)bytes[i] << (8 * i);
	return value;
}

void message_store_le(unsigned char *ret_bytes, size_t len, uint64_t value)
{
	for (size_t i = 0; i < len; i++)
		ret_bytes[i] = (unsigned char)(value >> (8 * i));
}

bool message_type_is_known(uint64_t type)
{
	return type > MESSAGE_NONE && type < KNOWN_TYPES;
}

const char *message_type_name(enum message_type type)
{
	return message_type_is_known(type) ? type_names[type] : type_names[MESSAGE_NONE];
}

static bool field_is_known(uint64_t field)
{
	return field > FIELD_NONE && field < KNOWN_FIELDS;
}

bool message_field_is(enum message_field field, enum field_kind kind)
{
	return field_is_known(field) && fields[field].kind == kind;
}

bool message_field_holds(enum message_field field, size_t len)
{
	return field_is_known(field) && len <= fields[field].max_bytes;
}

enum cosmo_err message_entry_next(
	const unsigned char *payload, size_t len, size_t *offset, struct message_entry *ret)
{
	const unsigned char *header = payload + *offset;
	size_t left = len - *offset;
	uint64_t field = 0;
	uint64_t value_len = 0;

	if (left < MESSAGE_FIELD_HEADER_BYTES)
		return COSMO_E_PROTOCOL;
	field = message_load_le(header, 2);
	value_len = message_load_le(header + 4, 4);
	if (!field_is_known(field) || message_load_le(header + 2, 2) != 0 ||
		value_len > left - MESSAGE_FIELD_HEADER_BYTES)
		return COSMO_E_PROTOCOL;
	ret->field = (enum message_field)field;
	ret->value = header + MESSAGE_FIELD_HEADER_BYTES;
	ret->len = value_len;
	*offset += MESSAGE_FIELD_HEADER_BYTES + value_len;
	return COSMO_OK;
}

static bool entry_is_valid(const struct message_entry *entry)
{
	if (!message_field_holds(entry->field, entry->len))
		return false;
	switch (fields[entry->field].kind) {
	case KIND_U64:
		return entry->len == 8;
	case KIND_STR:
		return entry->len > 0 &&
		       memchr(entry->value, '\0', entry->len) == entry->value + entry->len - 1;
	case KIND_BYTES:
		return true;
	}
	return false;
}

static bool count_is_allowed(unsigned char often, size_t count)
{
	switch ((enum how_often)often) {
	case NEVER:
		return count == 0;
	case ONE:
		return count == 1;
	case OPT:
		return count <= 1;
	case MANY:
		return count <= MESSAGE_MAX_REPEATS;
	}
	return false;
}

bool message_payload_is_valid(enum message_type type, const unsigned char *payload, size_t len)
{
	size_t counts[KNOWN_FIELDS] = {0};
	size_t offset = 0;

	while (offset < len) {
		struct message_entry entry = {0};

		if (message_entry_next(payload, len, &offset, &entry) || !entry_is_valid(&entry))
			return false;
		counts[entry.field]++;
	}
	for (size_t field = 0; field < KNOWN_FIELDS; field++)
		if (!count_is_allowed(allowed[type][field], counts[field]))
			return false;
	return true;
}
