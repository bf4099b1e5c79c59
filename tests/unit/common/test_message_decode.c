/* SPDX-License-Identifier: MIT */
/* Frames made by hand: what a peer that does not keep the rules could send. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/message.h"

struct frame {
	unsigned char *bytes; /* of the very size, so that ASan sees a read beyond */
	size_t len;
};

static void frame_done(struct frame frame)
{
	free(frame.bytes);
}
COSMO_AUTO_DEFINE(struct frame, frame_done);

static void put_number(unsigned char *bytes, size_t len, uint64_t value)
{
	for (size_t i = 0; i < len; i++)
		bytes[i] = (unsigned char)(value >> (8 * i));
}

static void fix_length(struct frame *frame)
{
	put_number(frame->bytes + 4, 4, frame->len - MESSAGE_HEADER_BYTES);
}

static void extend(struct frame *frame, const void *bytes, size_t len)
{
	unsigned char *longer = malloc(frame->len + len);

	assert_non_null(longer);
	if (frame->len)
		memcpy(longer, frame->bytes, frame->len);
	if (len)
		memcpy(longer + frame->len, bytes, len);
	free(frame->bytes);
	frame->bytes = longer;
	frame->len += len;
}

static struct frame frame_start(unsigned char type)
{
	const unsigned char header[MESSAGE_HEADER_BYTES] = {COSMO_PROTOCOL_VERSION, type};
	struct frame frame = {0};

	extend(&frame, header, sizeof(header));
	return frame;
}

static void add(struct frame *frame, uint64_t field, const void *value, size_t len)
{
	unsigned char header[8] = {0};

	put_number(header, 2, field);
	put_number(header + 4, 4, len);
	extend(frame, header, sizeof(header));
	extend(frame, value, len);
	fix_length(frame);
}

/* USER_ITEM with the one field that it must have. */
static struct frame user_item(void)
{
	struct frame frame = frame_start(MESSAGE_USER_ITEM);

	add(&frame, FIELD_USER, "ada", 4);
	return frame;
}

static enum cosmo_err decode(const struct frame *frame)
{
	COSMO_AUTO(message_free) struct message *message = NULL;
	enum cosmo_err err = message_decode(frame->bytes, frame->len, &message);

	if (err)
		assert_null(message);
	return err;
}

static void test_decode__frame_by_hand__is_accepted(void **state)
{
	COSMO_AUTO(frame_done) struct frame frame = user_item();

	(void)state;
	add(&frame, FIELD_ROLE, "admin", 6);
	add(&frame, FIELD_UID, "\1\0\0\0\0\0\0\0", 8);
	add(&frame, FIELD_ROLE, "", 1);
	assert_int_equal(decode(&frame), COSMO_OK);
}

static void test_decode__header_out_of_order__is_refused(void **state)
{
	static const struct {
		const char *label;
		size_t at;
		unsigned char value;
	} cases[] = {
		{"version 0", 0, 0},
		{"version 2", 0, 2},
		{"no message", 1, 0},
		{"unknown message", 1, MESSAGE_JUDGE_REVOKED + 1},
		{"message 255", 1, 255},
		{"another message's fields", 1, MESSAGE_RESULT},
		{"reserved", 2, 1},
		{"reserved", 3, 0x80},
		{"shorter than told", 4, 200},
		{"longer than told", 4, 11},
	};

	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(cases); i++) {
		COSMO_AUTO(frame_done) struct frame frame = user_item();

		print_message("%s\n", cases[i].label);
		frame.bytes[cases[i].at] = cases[i].value;
		assert_int_equal(decode(&frame), COSMO_E_PROTOCOL);
	}
}

#define COUNT_ONE_(...)     +1
#define FIRST_UNKNOWN_FIELD (1 FIELD_LIST(COUNT_ONE_))

static void test_decode__field_out_of_order__is_refused(void **state)
{
	static const char long_user[65];
	static const struct {
		const char *label;
		uint64_t field;
		const char *value;
		size_t len;
	} cases[] = {
		{"no field", FIELD_NONE, "x", 2},
		{"unknown field", FIRST_UNKNOWN_FIELD, "x", 2},
		{"field 65535", 65535, "x", 2},
		{"field of another message", FIELD_SERVICE, "sshd", 5},
		{"ONE doubled", FIELD_USER, "ada", 4},
		{"U64 of 7 bytes", FIELD_UID, "\1\0\0\0\0\0\0", 7},
		{"U64 of 9 bytes", FIELD_UID, "\1\0\0\0\0\0\0\0\0", 9},
		{"U64 of none", FIELD_UID, "", 0},
		{"STR of none", FIELD_ROLE, "", 0},
		{"STR without NUL", FIELD_ROLE, "admin", 5},
		{"STR with two", FIELD_ROLE, "admin\0", 7},
		{"STR with one inside", FIELD_ROLE, "ad\0in", 6},
		{"STR too long", FIELD_ROLE, long_user, 41},
	};

	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(cases); i++) {
		COSMO_AUTO(frame_done) struct frame frame = user_item();

		print_message("%s\n", cases[i].label);
		add(&frame, cases[i].field, cases[i].value, cases[i].len);
		assert_int_equal(decode(&frame), COSMO_E_PROTOCOL);
	}
}

static void test_decode__counts__are_those_of_the_tables(void **state)
{
	COSMO_AUTO(frame_done) struct frame missing = frame_start(MESSAGE_USER_ITEM);
	COSMO_AUTO(frame_done) struct frame empty = frame_start(MESSAGE_CTL_STATUS);
	COSMO_AUTO(frame_done) struct frame twice = user_item();
	COSMO_AUTO(frame_done) struct frame many = user_item();

	(void)state;
	assert_int_equal(decode(&missing), COSMO_E_PROTOCOL);
	assert_int_equal(decode(&empty), COSMO_OK);
	add(&twice, FIELD_HOME, "/", 2);
	assert_int_equal(decode(&twice), COSMO_OK);
	add(&twice, FIELD_HOME, "/", 2);
	assert_int_equal(decode(&twice), COSMO_E_PROTOCOL);
	for (size_t i = 0; i < MESSAGE_MAX_REPEATS; i++)
		add(&many, FIELD_ROLE, "admin", 6);
	assert_int_equal(decode(&many), COSMO_OK);
	add(&many, FIELD_ROLE, "admin", 6);
	assert_int_equal(decode(&many), COSMO_E_PROTOCOL);
}

static void test_decode__reserved_bytes_of_a_field__must_be_zero(void **state)
{
	(void)state;
	for (size_t at = 2; at < 4; at++) {
		COSMO_AUTO(frame_done) struct frame frame = user_item();

		frame.bytes[MESSAGE_HEADER_BYTES + at] = 1;
		assert_int_equal(decode(&frame), COSMO_E_PROTOCOL);
	}
}

static void test_decode__lengths_that_lie__are_refused(void **state)
{
	static const uint64_t lengths[] = {
		0, 3, 5, 100, 0x7fffffff, 0x80000000, 0xfffffff8, 0xffffffff};

	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(lengths); i++) {
		COSMO_AUTO(frame_done) struct frame frame = user_item();

		put_number(frame.bytes + MESSAGE_HEADER_BYTES + 4, 4, lengths[i]);
		assert_int_equal(decode(&frame), COSMO_E_PROTOCOL);
	}
}

static void test_decode__cut_anywhere__is_refused(void **state)
{
	COSMO_AUTO(frame_done) struct frame whole = user_item();

	(void)state;
	add(&whole, FIELD_UID, "\1\0\0\0\0\0\0\0", 8);
	for (size_t len = 0; len < whole.len; len++) {
		COSMO_AUTO(frame_done) struct frame cut = {0};

		extend(&cut, whole.bytes, len);
		assert_int_equal(decode(&cut), COSMO_E_PROTOCOL);
		/* Also when the header tells the shorter length; only between fields is it one. */
		if (len >= MESSAGE_HEADER_BYTES) {
			fix_length(&cut);
			assert_int_equal(decode(&cut),
				len == MESSAGE_HEADER_BYTES + 12 ? COSMO_OK : COSMO_E_PROTOCOL);
		}
	}
}

static void test_decode__trailing_bytes__are_refused(void **state)
{
	(void)state;
	for (size_t extra = 1; extra < 8; extra++) {
		COSMO_AUTO(frame_done) struct frame frame = user_item();

		extend(&frame, "\0\0\0\0\0\0\0", extra);
		assert_int_equal(decode(&frame), COSMO_E_PROTOCOL);
		fix_length(&frame);
		assert_int_equal(decode(&frame), COSMO_E_PROTOCOL);
	}
}

static void test_decode_header__largest_payload__and_one_more(void **state)
{
	unsigned char header[MESSAGE_HEADER_BYTES] = {COSMO_PROTOCOL_VERSION, MESSAGE_RESULT};
	size_t len = 7;

	(void)state;
	put_number(header + 4, 4, COSMO_MAX_MESSAGE_BYTES + 1);
	assert_int_equal(message_decode_header(header, &len), COSMO_E_TOO_BIG);
	put_number(header + 4, 4, 0xffffffff);
	assert_int_equal(message_decode_header(header, &len), COSMO_E_TOO_BIG);
	assert_int_equal(len, 7);
	put_number(header + 4, 4, COSMO_MAX_MESSAGE_BYTES);
	assert_int_equal(message_decode_header(header, &len), COSMO_OK);
	assert_int_equal(len, COSMO_MAX_MESSAGE_BYTES);
}

/* One bit wrong anywhere is another message or none, never a crash; ASan watches. */
static void test_decode__any_flipped_bit__is_survived(void **state)
{
	size_t refused = 0;

	(void)state;
	for (size_t bit = 0; bit < 8 * (MESSAGE_HEADER_BYTES + 12); bit++) {
		COSMO_AUTO(frame_done) struct frame frame = user_item();

		frame.bytes[bit / 8] ^= (unsigned char)(1U << (bit % 8));
		refused += decode(&frame) != COSMO_OK;
	}
	/* All but those of the three letters of the name and of its NUL, which must stay one. */
	assert_int_equal(refused, 8 * (MESSAGE_HEADER_BYTES + 12) - 3 * 8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_decode__frame_by_hand__is_accepted),
		cmocka_unit_test(test_decode__header_out_of_order__is_refused),
		cmocka_unit_test(test_decode__field_out_of_order__is_refused),
		cmocka_unit_test(test_decode__counts__are_those_of_the_tables),
		cmocka_unit_test(test_decode__reserved_bytes_of_a_field__must_be_zero),
		cmocka_unit_test(test_decode__lengths_that_lie__are_refused),
		cmocka_unit_test(test_decode__cut_anywhere__is_refused),
		cmocka_unit_test(test_decode__trailing_bytes__are_refused),
		cmocka_unit_test(test_decode_header__largest_payload__and_one_more),
		cmocka_unit_test(test_decode__any_flipped_bit__is_survived),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
