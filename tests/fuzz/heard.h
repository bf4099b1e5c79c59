/* SPDX-License-Identifier: MIT */
/*
 * What a stream of bytes says by docs/protocol.md, read a second time and another way than the
 * product does: the judge of what the product makes of it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/message.h"

#define HEARD_MAX_FIELDS 2048

struct heard {
	enum message_type type;
	size_t field_count;
	struct {
		enum message_field field;
		const unsigned char *value; /* of the stream */
		size_t len;
	} fields[HEARD_MAX_FIELDS];
};

/* Read the frame at *offset and step over it; false where there is no whole and allowed one. */
bool heard_next(const unsigned char *stream, size_t len, size_t *offset, struct heard *ret);

size_t heard_count(const struct heard *heard, enum message_field field);
/* The first of that name; NULL or @absent where there is none. */
const char *heard_str(const struct heard *heard, enum message_field field);
uint64_t heard_u64(const struct heard *heard, enum message_field field, uint64_t absent);
const unsigned char *heard_bytes(
	const struct heard *heard, enum message_field field, size_t *ret_len);
/* Is the first of that name this text? */
bool heard_is(const struct heard *heard, enum message_field field, const char *text);
