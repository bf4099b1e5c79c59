/* SPDX-License-Identifier: MIT */
#include "common/message.h"

#include <stdlib.h>
#include <string.h>

#include "common/message_rules.h"

#define FIRST_SIZE_BYTES ((size_t)1024)

struct message {
	enum message_type type;
	enum cosmo_err failure; /* the first of a put */
	unsigned char *frame;   /* header, then the fields one after the other */
	size_t len;
	size_t size;
};

/* realloc() would leave a copy of secrets behind. */
static enum cosmo_err grow(struct message *message, size_t needed)
{
	size_t size = message->size ? message->size : FIRST_SIZE_BYTES;
	unsigned char *frame = NULL;

	if (message->frame && needed <= message->size)
		return COSMO_OK;
	while (size < needed)
		size *= 2;
	frame = malloc(size);
	if (!frame)
		return COSMO_E_NOMEM;
	if (message->frame) {
		memcpy(frame, message->frame, message->len);
		explicit_bzero(message->frame, message->size);
		free(message->frame);
	}
	message->frame = frame;
	message->size = size;
	return COSMO_OK;
}

static void header_write(struct message *message)
{
	message->frame[0] = COSMO_PROTOCOL_VERSION;
	message->frame[1] = (unsigned char)message->type;
	message_store_le(message->frame + 2, 2, 0);
	message_store_le(message->frame + 4, 4, message->len - MESSAGE_HEADER_BYTES);
}

/* An empty message with room for a frame of @frame_len bytes. */
static enum cosmo_err allocate(enum message_type type, size_t frame_len, struct message **ret)
{
	COSMO_AUTO(message_free) struct message *message = calloc(1, sizeof(*message));
	enum cosmo_err err = COSMO_OK;

	if (!message)
		return COSMO_E_NOMEM;
	err = grow(message, frame_len);
	if (err)
		return err;
	message->type = type;
	message->len = MESSAGE_HEADER_BYTES;
	header_write(message);
	*ret = COSMO_STEAL(&message);
	return COSMO_OK;
}

enum cosmo_err message_new(enum message_type type, struct message **ret)
{
	if (!message_type_is_known(type))
		return COSMO_E_INVALID;
	return allocate(type, MESSAGE_HEADER_BYTES, ret);
}

void message_free(struct message *message)
{
	if (!message)
		return;
	if (message->frame)
		explicit_bzero(message->frame, message->size);
	free(message->frame);
	free(message);
}

enum message_type message_type(const struct message *message)
{
	return message->type;
}

static enum cosmo_err check_put(
	const struct message *message, enum message_field field, enum field_kind kind, size_t len)
{
	size_t payload_len = message->len - MESSAGE_HEADER_BYTES;

	if (!message_field_is(field, kind))
		return COSMO_E_INVALID;
	if (!message_field_holds(field, len) ||
		len + MESSAGE_FIELD_HEADER_BYTES > COSMO_MAX_MESSAGE_BYTES - payload_len)
		return COSMO_E_TOO_BIG;
	return COSMO_OK;
}

/* Append a field's header; the place for its @len bytes, or NULL with the failure remembered. */
static unsigned char *append(
	struct message *message, enum message_field field, enum field_kind kind, size_t len)
{
	unsigned char *header = NULL;

	if (!message->failure)
		message->failure = check_put(message, field, kind, len);
	if (!message->failure)
		message->failure = grow(message, message->len + MESSAGE_FIELD_HEADER_BYTES + len);
	if (message->failure)
		return NULL;
	header = message->frame + message->len;
	message_store_le(header, 2, (uint64_t)field);
	message_store_le(header + 2, 2, 0);
	message_store_le(header + 4, 4, len);
	message->len += MESSAGE_FIELD_HEADER_BYTES + len;
	return header + MESSAGE_FIELD_HEADER_BYTES;
}

static void put(struct message *message, enum message_field field, enum field_kind kind,
	const void *bytes, size_t len)
{
	unsigned char *place = append(message, field, kind, len);

	if (place && len)
		memcpy(place, bytes, len);
}

void message_put_u64(struct message *message, enum message_field field, uint64_t value)
{
	unsigned char bytes[8] = {0};

	message_store_le(bytes, sizeof(bytes), value);
	put(message, field, KIND_U64, bytes, sizeof(bytes));
}

void message_put_str(struct message *message, enum message_field field, const char *text)
{
	if (text)
		put(message, field, KIND_STR, text, strlen(text) + 1);
}

void message_put_bytes(
	struct message *message, enum message_field field, const void *bytes, size_t len)
{
	put(message, field, KIND_BYTES, bytes, len);
}

void message_put_secret(
	struct message *message, enum message_field field, const struct cosmo_secret *secret)
{
	if (secret)
		put(message, field, KIND_BYTES, secret_peek(secret), secret_len(secret));
}

void message_put_err(struct message *message, enum cosmo_err err)
{
	message_put_u64(message, FIELD_ERR, (uint64_t)err);
}

/* The @n-th field of that name, from 0. */
static bool find(const struct message *message, enum message_field field, size_t n,
	struct message_entry *ret)
{
	const unsigned char *payload = message->frame + MESSAGE_HEADER_BYTES;
	size_t len = message->len - MESSAGE_HEADER_BYTES;
	size_t offset = 0;
	struct message_entry entry = {0};

	while (offset < len && message_entry_next(payload, len, &offset, &entry) == COSMO_OK) {
		if (entry.field != field || n-- > 0)
			continue;
		*ret = entry;
		return true;
	}
	return false;
}

size_t message_count(const struct message *message, enum message_field field)
{
	const unsigned char *payload = message->frame + MESSAGE_HEADER_BYTES;
	size_t len = message->len - MESSAGE_HEADER_BYTES;
	size_t offset = 0;
	size_t count = 0;
	struct message_entry entry = {0};

	while (offset < len && message_entry_next(payload, len, &offset, &entry) == COSMO_OK)
		if (entry.field == field)
			count++;
	return count;
}

bool message_has(const struct message *message, enum message_field field)
{
	struct message_entry entry = {0};

	return find(message, field, 0, &entry);
}

uint64_t message_u64(const struct message *message, enum message_field field, uint64_t absent)
{
	struct message_entry entry = {0};

	if (!message_field_is(field, KIND_U64) || !find(message, field, 0, &entry))
		return absent;
	return message_load_le(entry.value, 8);
}

const char *message_str_nth(const struct message *message, enum message_field field, size_t n)
{
	struct message_entry entry = {0};

	if (!message_field_is(field, KIND_STR) || !find(message, field, n, &entry))
		return NULL;
	return (const char *)entry.value;
}

const char *message_str(const struct message *message, enum message_field field)
{
	return message_str_nth(message, field, 0);
}

const void *message_bytes(const struct message *message, enum message_field field, size_t *ret_len)
{
	struct message_entry entry = {0};

	*ret_len = 0;
	if (!message_field_is(field, KIND_BYTES) || !find(message, field, 0, &entry))
		return NULL;
	*ret_len = entry.len;
	return entry.value;
}

enum cosmo_err message_err(const struct message *message)
{
	return cosmo_err_from_wire(message_u64(message, FIELD_ERR, UINT64_MAX));
}

enum cosmo_err message_secret_nth(const struct message *message, enum message_field field, size_t n,
	struct cosmo_secret **ret)
{
	struct message_entry entry = {0};

	*ret = NULL;
	if (!message_field_is(field, KIND_BYTES) || !find(message, field, n, &entry))
		return COSMO_OK;
	return secret_new(entry.value, entry.len, ret);
}

enum cosmo_err message_secret(
	const struct message *message, enum message_field field, struct cosmo_secret **ret)
{
	return message_secret_nth(message, field, 0, ret);
}

enum cosmo_err message_encode(
	struct message *message, const unsigned char **ret_frame, size_t *ret_len)
{
	if (message->failure)
		return message->failure;
	if (!message_payload_is_valid(message->type, message->frame + MESSAGE_HEADER_BYTES,
		    message->len - MESSAGE_HEADER_BYTES))
		return COSMO_E_INVALID;
	header_write(message);
	*ret_frame = message->frame;
	*ret_len = message->len;
	return COSMO_OK;
}

enum cosmo_err message_decode_header(
	const unsigned char header[MESSAGE_HEADER_BYTES], size_t *ret_payload_len)
{
	uint64_t payload_len = message_load_le(header + 4, 4);

	if (header[0] != COSMO_PROTOCOL_VERSION || !message_type_is_known(header[1]) ||
		message_load_le(header + 2, 2) != 0)
		return COSMO_E_PROTOCOL;
	if (payload_len > COSMO_MAX_MESSAGE_BYTES)
		return COSMO_E_TOO_BIG;
	*ret_payload_len = payload_len;
	return COSMO_OK;
}

enum cosmo_err message_decode(const unsigned char *frame, size_t len, struct message **ret)
{
	COSMO_AUTO(message_free) struct message *message = NULL;
	size_t payload_len = 0;
	enum cosmo_err err = COSMO_OK;

	if (len < MESSAGE_HEADER_BYTES || message_decode_header(frame, &payload_len) ||
		payload_len != len - MESSAGE_HEADER_BYTES)
		return COSMO_E_PROTOCOL;
	if (!message_payload_is_valid(
		    (enum message_type)frame[1], frame + MESSAGE_HEADER_BYTES, payload_len))
		return COSMO_E_PROTOCOL;
	err = allocate((enum message_type)frame[1], len, &message);
	if (err)
		return err;
	memcpy(message->frame, frame, len);
	message->len = len;
	*ret = COSMO_STEAL(&message);
	return COSMO_OK;
}
