/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/message.h"

/* A message that lacks nothing. */
static struct message *account(void)
{
	struct message *message = NULL;

	assert_int_equal(message_new(MESSAGE_ACCOUNT, &message), COSMO_OK);
	message_put_str(message, FIELD_SERVICE, "sshd");
	message_put_str(message, FIELD_USER, "ada");
	message_put_u64(message, FIELD_RUID, 1000);
	return message;
}

/* The code with which @message cannot be sent. */
static enum cosmo_err encode(struct message *message)
{
	const unsigned char *frame = NULL;
	size_t len = 0;

	return message_encode(message, &frame, &len);
}

static struct message *sent_and_received(struct message *message)
{
	const unsigned char *frame = NULL;
	size_t len = 0;
	struct message *received = NULL;

	assert_int_equal(message_encode(message, &frame, &len), COSMO_OK);
	assert_int_equal(message_decode(frame, len, &received), COSMO_OK);
	return received;
}

static void test_message__all_kinds__arrive_as_sent(void **state)
{
	COSMO_AUTO(message_free) struct message *message = NULL;
	COSMO_AUTO(message_free) struct message *received = NULL;
	const void *bytes = NULL;
	size_t len = 0;

	(void)state;
	assert_int_equal(message_new(MESSAGE_FETCH_RESPONSE, &message), COSMO_OK);
	message_put_u64(message, FIELD_HTTP_STATUS, UINT64_MAX);
	message_put_bytes(message, FIELD_BODY, "a\0b", 3);
	received = sent_and_received(message);
	assert_int_equal(message_type(received), MESSAGE_FETCH_RESPONSE);
	assert_true(message_u64(received, FIELD_HTTP_STATUS, 7) == UINT64_MAX);
	bytes = message_bytes(received, FIELD_BODY, &len);
	assert_int_equal(len, 3);
	assert_memory_equal(bytes, "a\0b", 3);
	assert_true(message_has(received, FIELD_BODY));
	assert_false(message_has(received, FIELD_DATE_S));
}

static void test_message__repeated_fields__keep_their_order(void **state)
{
	static const char *const roles[] = {"viewer", "admin", ""};
	COSMO_AUTO(message_free) struct message *message = NULL;
	COSMO_AUTO(message_free) struct message *received = NULL;

	(void)state;
	assert_int_equal(message_new(MESSAGE_USER_ITEM, &message), COSMO_OK);
	for (size_t i = 0; i < COSMO_ARRAY_LEN(roles); i++) {
		message_put_str(message, FIELD_ROLE, roles[i]);
		message_put_str(message, FIELD_EFFECTIVE_ROLE, "x");
	}
	message_put_str(message, FIELD_USER, "ada");
	received = sent_and_received(message);
	assert_int_equal(message_count(received, FIELD_ROLE), COSMO_ARRAY_LEN(roles));
	assert_int_equal(message_count(received, FIELD_GROUP), 0);
	for (size_t i = 0; i < COSMO_ARRAY_LEN(roles); i++)
		assert_string_equal(message_str_nth(received, FIELD_ROLE, i), roles[i]);
	assert_null(message_str_nth(received, FIELD_ROLE, COSMO_ARRAY_LEN(roles)));
}

static void test_message__absent_or_other_kind__reads_as_nothing(void **state)
{
	COSMO_AUTO(message_free) struct message *message = account();
	COSMO_AUTO(secret_free) struct cosmo_secret *secret = NULL;
	size_t len = 5;

	(void)state;
	assert_int_equal(message_u64(message, FIELD_UID, 42), 42);
	assert_int_equal(message_u64(message, FIELD_USER, 42), 42);
	assert_null(message_str(message, FIELD_RHOST));
	assert_null(message_str(message, FIELD_RUID));
	assert_null(message_bytes(message, FIELD_USER, &len));
	assert_int_equal(len, 0);
	assert_int_equal(message_secret(message, FIELD_TOKEN, &secret), COSMO_OK);
	assert_null(secret);
	assert_int_equal(message_err(message), COSMO_E_PROTOCOL);
	assert_null(message_str(message, (enum message_field)4711));
	assert_false(message_has(message, FIELD_NONE));
}

static void test_message__secrets__arrive_as_sent(void **state)
{
	COSMO_AUTO(secret_free) struct cosmo_secret *token = NULL;
	COSMO_AUTO(secret_free) struct cosmo_secret *received_token = NULL;
	COSMO_AUTO(message_free) struct message *message = NULL;
	COSMO_AUTO(message_free) struct message *received = NULL;

	(void)state;
	assert_int_equal(secret_new("tok\0en", 6, &token), COSMO_OK);
	assert_int_equal(message_new(MESSAGE_JUDGE_VERIFY, &message), COSMO_OK);
	message_put_secret(message, FIELD_TOKEN, token);
	message_put_bytes(message, FIELD_JWKS, "", 0);
	message_put_u64(message, FIELD_SKEW_S, 0);
	message_put_secret(message, FIELD_TOKEN, NULL);
	message_put_str(message, FIELD_ISSUER, NULL);
	received = sent_and_received(message);
	assert_int_equal(message_secret(received, FIELD_TOKEN, &received_token), COSMO_OK);
	assert_true(secret_equal(token, received_token));
	assert_true(message_has(received, FIELD_JWKS));
	assert_false(message_has(received, FIELD_ISSUER));
}

static void test_message_err__codes__arrive_and_others_are_refusals(void **state)
{
	COSMO_AUTO(message_free) struct message *good = NULL;
	COSMO_AUTO(message_free) struct message *odd = NULL;

	(void)state;
	assert_int_equal(message_new(MESSAGE_RESULT, &good), COSMO_OK);
	message_put_err(good, COSMO_E_LOCKED);
	assert_int_equal(message_err(good), COSMO_E_LOCKED);
	assert_int_equal(message_new(MESSAGE_RESULT, &odd), COSMO_OK);
	message_put_u64(odd, FIELD_ERR, UINT64_C(1) << 32);
	assert_int_equal(message_err(odd), COSMO_E_PROTOCOL);
}

static void test_message_new__no_such_message__is_refused(void **state)
{
	struct message *message = NULL;

	(void)state;
	assert_int_equal(message_new(MESSAGE_NONE, &message), COSMO_E_INVALID);
	assert_int_equal(message_new((enum message_type)200, &message), COSMO_E_INVALID);
	assert_null(message);
	message_free(NULL);
}

static void test_message_encode__what_a_put_refused__is_remembered(void **state)
{
	char text[65] = "";

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	for (int fault = 0; fault < 5; fault++) {
		COSMO_AUTO(message_free) struct message *message = account();
		enum cosmo_err expected = COSMO_E_INVALID;

		print_message("fault %d\n", fault);
		if (fault == 0)
			message_put_str(message, FIELD_RUID, "1000");
		if (fault == 1)
			message_put_bytes(message, FIELD_RHOST, "x", 1);
		if (fault == 2)
			message_put_u64(message, FIELD_NONE, 0);
		if (fault == 3)
			message_put_u64(message, (enum message_field)1000, 0);
		if (fault == 4) {
			message_put_str(message, FIELD_USER, text);
			expected = COSMO_E_TOO_BIG;
		}
		message_put_str(message, FIELD_TTY, "pts/0");
		assert_int_equal(encode(message), expected);
	}
}

static void test_message_put_str__longest__counts_its_nul(void **state)
{
	COSMO_AUTO(message_free) struct message *message = NULL;
	char text[64] = "";

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	assert_int_equal(message_new(MESSAGE_CTL_USER_SHOW, &message), COSMO_OK);
	message_put_str(message, FIELD_USER, text);
	assert_int_equal(encode(message), COSMO_OK);
}

static void test_message_encode__fields_by_the_tables__or_not_at_all(void **state)
{
	COSMO_AUTO(message_free) struct message *missing = NULL;
	COSMO_AUTO(message_free) struct message *doubled = account();
	COSMO_AUTO(message_free) struct message *optional_twice = account();
	COSMO_AUTO(message_free) struct message *foreign = account();

	(void)state;
	assert_int_equal(message_new(MESSAGE_ACCOUNT, &missing), COSMO_OK);
	assert_int_equal(encode(missing), COSMO_E_INVALID);
	message_put_str(doubled, FIELD_USER, "ada");
	assert_int_equal(encode(doubled), COSMO_E_INVALID);
	message_put_str(optional_twice, FIELD_TTY, "a");
	assert_int_equal(encode(optional_twice), COSMO_OK);
	message_put_str(optional_twice, FIELD_TTY, "b");
	assert_int_equal(encode(optional_twice), COSMO_E_INVALID);
	message_put_str(foreign, FIELD_ISSUER, "https://idp.example");
	assert_int_equal(encode(foreign), COSMO_E_INVALID);
}

static void test_message_encode__repeats__are_limited(void **state)
{
	COSMO_AUTO(message_free) struct message *message = NULL;

	(void)state;
	assert_int_equal(message_new(MESSAGE_JUDGE_DONE, &message), COSMO_OK);
	for (size_t i = 0; i < MESSAGE_MAX_REPEATS; i++)
		message_put_str(message, FIELD_ROLE, "admin");
	assert_int_equal(encode(message), COSMO_OK);
	message_put_str(message, FIELD_ROLE, "admin");
	assert_int_equal(encode(message), COSMO_E_INVALID);
}

static void test_message_encode__whole_payload__is_limited(void **state)
{
	static const char body[262144];
	COSMO_AUTO(message_free) struct message *message = NULL;

	(void)state;
	assert_int_equal(message_new(MESSAGE_FETCH_RESPONSE, &message), COSMO_OK);
	message_put_u64(message, FIELD_HTTP_STATUS, 200);
	for (int i = 0; i < 9; i++)
		message_put_bytes(message, FIELD_BODY, body, sizeof(body));
	assert_int_equal(encode(message), COSMO_E_TOO_BIG);
}

static void test_message_type_name__known_and_other__have_names(void **state)
{
	(void)state;
	assert_string_equal(message_type_name(MESSAGE_SIGN_IN), "SIGN_IN");
	assert_string_equal(message_type_name(MESSAGE_FETCH_FAILED), "FETCH_FAILED");
	assert_string_equal(message_type_name(MESSAGE_NONE), "NONE");
	assert_string_equal(message_type_name((enum message_type)99), "NONE");
}

/* What other versions rely on: positions never move. */
static void test_message__numbers__keep_their_places(void **state)
{
	(void)state;
	assert_int_equal(MESSAGE_SIGN_IN, 1);
	assert_int_equal(MESSAGE_RESULT, 6);
	assert_int_equal(MESSAGE_JUDGE_SIGN_IN, 20);
	assert_int_equal(MESSAGE_FETCH_FAILED, 33);
	assert_int_equal(FIELD_SERVICE, 1);
	assert_int_equal(FIELD_ERR, 12);
	assert_int_equal(FIELD_RULE, 40);
	assert_int_equal(FIELD_SHELL, 92);
	assert_int_equal(FIELD_JWKS_FINAL, 98);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_message__all_kinds__arrive_as_sent),
		cmocka_unit_test(test_message__repeated_fields__keep_their_order),
		cmocka_unit_test(test_message__absent_or_other_kind__reads_as_nothing),
		cmocka_unit_test(test_message__secrets__arrive_as_sent),
		cmocka_unit_test(test_message_err__codes__arrive_and_others_are_refusals),
		cmocka_unit_test(test_message_new__no_such_message__is_refused),
		cmocka_unit_test(test_message_encode__what_a_put_refused__is_remembered),
		cmocka_unit_test(test_message_put_str__longest__counts_its_nul),
		cmocka_unit_test(test_message_encode__fields_by_the_tables__or_not_at_all),
		cmocka_unit_test(test_message_encode__repeats__are_limited),
		cmocka_unit_test(test_message_encode__whole_payload__is_limited),
		cmocka_unit_test(test_message_type_name__known_and_other__have_names),
		cmocka_unit_test(test_message__numbers__keep_their_places),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
