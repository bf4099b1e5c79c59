/* SPDX-License-Identifier: MIT */
/* message_table.h as questions: which fields exist, which may stand in which message. For message.c
 * alone. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/err.h"
#include "common/message.h"

enum field_kind {
	KIND_U64,
	KIND_STR,
	KIND_BYTES,
};

/* Field header: id (u16), 2 zero bytes, length of the value (u32), all little-endian. */
#define MESSAGE_FIELD_HEADER_BYTES ((size_t)8)

/* One field of a payload; borrowed from it. */
struct message_entry {
	enum message_field field;
	const unsigned char *value;
	size_t len;
};

uint64_t message_load_le(const unsigned char *bytes, size_t len);
void message_store_le(unsigned char *ret_bytes, size_t len, uint64_t value);

bool message_type_is_known(uint64_t type);

/* Is there a field @field of that kind? */
bool message_field_is(enum message_field field, enum field_kind kind);

/* May @field hold a value of @len bytes? */
bool message_field_holds(enum message_field field, size_t len);

/* Read the field at *offset and step over it. Errors: COSMO_E_PROTOCOL. */
COSMO_MUST_USE enum cosmo_err message_entry_next(
	const unsigned char *payload, size_t len, size_t *offset, struct message_entry *ret);

/* Is @payload, whole, one of a message of @type by the tables? The same question both ways. */
bool message_payload_is_valid(enum message_type type, const unsigned char *payload, size_t len);
