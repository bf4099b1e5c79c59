/* SPDX-License-Identifier: MIT */
/* The one codec between the processes: frames of typed fields, checked against message_table.h both
 * ways. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "common/base/auto.h"
#include "common/base/err.h"
#include "common/base/secret.h"
#include "common/message_table.h"

#define COSMO_PROTOCOL_VERSION  1
#define COSMO_MAX_MESSAGE_BYTES ((size_t)2 * 1024 * 1024) /* payload */
#define MESSAGE_MAX_REPEATS     512

enum message_type {
	MESSAGE_NONE, /* never on the wire */
#define MESSAGE_ENUM_(symbol) MESSAGE_##symbol,
	MESSAGE_LIST(MESSAGE_ENUM_)
#undef MESSAGE_ENUM_
};

enum message_field {
	FIELD_NONE, /* never on the wire */
#define FIELD_ENUM_(symbol, type, max_bytes) FIELD_##symbol,
	FIELD_LIST(FIELD_ENUM_)
#undef FIELD_ENUM_
};

struct message;

/* An empty message to be filled. The caller owns it. Errors: COSMO_E_NOMEM. */
COSMO_MUST_USE enum cosmo_err message_new(enum message_type type, struct message **ret);

/* Wipes its content, for it may hold secrets, and frees it; NULL is allowed. */
void message_free(struct message *message);
COSMO_AUTO_DEFINE(struct message *, message_free);

enum message_type message_type(const struct message *message);

/*
 * Add a field. A failure (wrong type for the field, too long, NUL inside, no memory) is remembered
 * and reported by message_encode(), so that builders need no check per line. message_put_str() with
 * NULL adds nothing.
 */
void message_put_u64(struct message *message, enum message_field field, uint64_t value);
void message_put_str(struct message *message, enum message_field field, const char *text);
void message_put_bytes(
	struct message *message, enum message_field field, const void *bytes, size_t len);
void message_put_secret(
	struct message *message, enum message_field field, const struct cosmo_secret *secret);
void message_put_err(struct message *message, enum cosmo_err err);

/*
 * Read a field; of a decoded message the ONE fields are always there. Borrowed until
 * message_free(). Absent:
 * @absent / NULL / NULL with *ret_len = 0. The _nth forms count from 0 among the fields of that
 * name.
 */
size_t message_count(const struct message *message, enum message_field field);
bool message_has(const struct message *message, enum message_field field);
uint64_t message_u64(const struct message *message, enum message_field field, uint64_t absent);
const char *message_str(const struct message *message, enum message_field field);
const char *message_str_nth(const struct message *message, enum message_field field, size_t n);
const void *message_bytes(const struct message *message, enum message_field field, size_t *ret_len);
/* FIELD_ERR as a code; COSMO_E_PROTOCOL when absent or outside the enum. */
enum cosmo_err message_err(const struct message *message);
/* A copy as a secret; *ret is NULL when the field is absent. Errors: COSMO_E_NOMEM. */
COSMO_MUST_USE enum cosmo_err message_secret(
	const struct message *message, enum message_field field, struct cosmo_secret **ret);
COSMO_MUST_USE enum cosmo_err message_secret_nth(const struct message *message,
	enum message_field field, size_t n, struct cosmo_secret **ret);

/*
 * The frame to send: borrowed from @message until it is changed or freed. Errors: whatever a put
 * remembered (COSMO_E_INVALID, COSMO_E_TOO_BIG, COSMO_E_NOMEM), COSMO_E_INVALID when a ONE field
 * lacks or one is not allowed.
 */
COSMO_MUST_USE enum cosmo_err message_encode(
	struct message *message, const unsigned char **ret_frame, size_t *ret_len);

/* Frame header: version, type, 2 zero bytes, payload length (u32 little-endian). */
#define MESSAGE_HEADER_BYTES ((size_t)8)

/* Check a header, tell the payload length to read. Errors: COSMO_E_PROTOCOL, COSMO_E_TOO_BIG. */
COSMO_MUST_USE enum cosmo_err message_decode_header(
	const unsigned char header[MESSAGE_HEADER_BYTES], size_t *ret_payload_len);

/* Decode a whole frame (copied). Errors: COSMO_E_PROTOCOL for anything the tables do not allow,
 * COSMO_E_NOMEM. */
COSMO_MUST_USE enum cosmo_err message_decode(
	const unsigned char *frame, size_t len, struct message **ret);

/* "SIGN_IN" and the like, for logs and tests. */
const char *message_type_name(enum message_type type);
