/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/base/fdio.h"
#include "tests/unit/judge/fetch_stand_in.h"

static enum cosmo_err read_with(enum message_field field, uint64_t value)
{
	COSMO_AUTO(message_free) struct message *question = NULL;
	COSMO_AUTO(setup_free) struct setup *setup = NULL;
	enum cosmo_err err = COSMO_OK;

	assert_int_equal(message_new(MESSAGE_JUDGE_SIGN_IN, &question), COSMO_OK);
	message_put_u64(
		question, FIELD_CLIENT_AUTH, field == FIELD_CLIENT_AUTH ? value : CLIENT_AUTH_NONE);
	if (field != FIELD_CLIENT_AUTH)
		message_put_u64(question, field, value);
	err = setup_read(question, NULL, &setup);
	assert_true((err == COSMO_OK) == (setup != NULL));
	return err;
}

static void test_setup_read__question__is_taken_whole(void **state)
{
	COSMO_AUTO(message_free) struct message *question = fetch_question();
	COSMO_AUTO(setup_free) struct setup *setup = NULL;
	struct dialogue fetch = {.fd = -1};
	int64_t before_ms = fdio_boot_ms();

	(void)state;
	message_put_bytes(question, FIELD_CLIENT_SECRET, "s\0x", 3);
	message_put_str(question, FIELD_AUDIENCE, "api");
	message_put_str(question, FIELD_ACR, "mfa");
	message_put_u64(question, FIELD_AUTH_MAX_AGE_S, 300);
	message_put_str(question, FIELD_PROXY, "http://proxy.example:3128");
	message_put_bytes(question, FIELD_CA_PEM, "pem", 3);
	message_put_bytes(question, FIELD_DISCOVERY, "{}", 2);
	message_put_bytes(question, FIELD_JWKS, "{\"k\":1}", 7);
	assert_int_equal(setup_read(question, &fetch, &setup), COSMO_OK);
	assert_string_equal(setup->issuer, FETCH_ISSUER);
	assert_string_equal(setup->scopes, "openid profile");
	assert_string_equal(setup->audience, "api");
	assert_string_equal(setup->acr, "mfa");
	assert_int_equal(setup->max_age_s, 300);
	assert_int_equal(setup->skew_s, 60);
	assert_string_equal(setup->client.id, "cosmo");
	assert_int_equal(setup->client.auth, CLIENT_AUTH_NONE);
	assert_int_equal(secret_len(setup->client.secret), 3);
	assert_int_equal(setup->allowed.count, 2);
	assert_string_equal(setup->allowed.names[1], "ES256");
	assert_ptr_equal(setup->idp.fetch, &fetch);
	assert_string_equal(setup->idp.proxy, "http://proxy.example:3128");
	assert_int_equal(setup->idp.ca_pem_len, 3);
	assert_int_equal(setup->discovery_len, 2);
	assert_int_equal(setup->jwks_len, 7);
	assert_true(setup->idp.deadline_ms >= before_ms + 110000 &&
		    setup->idp.deadline_ms <= fdio_boot_ms() + 110000);
	setup_free(NULL);
}

static void test_setup_read__nothing_optional__is_null(void **state)
{
	COSMO_AUTO(message_free) struct message *question = fetch_question();
	COSMO_AUTO(setup_free) struct setup *setup = NULL;

	(void)state;
	assert_int_equal(setup_read(question, NULL, &setup), COSMO_OK);
	assert_null(setup->audience);
	assert_null(setup->acr);
	assert_null(setup->client.secret);
	assert_null(setup->idp.proxy);
	assert_null(setup->idp.ca_pem);
	assert_null(setup->discovery);
	assert_null(setup->jwks);
	assert_int_equal(setup->max_age_s, 0);
}

static void test_setup_read__values__are_bounded(void **state)
{
	static const struct {
		enum message_field field;
		uint64_t most;
	} cases[] = {
		{FIELD_SKEW_S, SETUP_MAX_SKEW_S},
		{FIELD_AUTH_MAX_AGE_S, INT32_MAX},
		{FIELD_DEADLINE_MS, UINT64_C(24) * 60 * 60 * 1000},
		{FIELD_CLIENT_AUTH, CLIENT_AUTH_POST},
	};

	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(cases); i++) {
		print_message("%zu\n", i);
		assert_int_equal(read_with(cases[i].field, 0), COSMO_OK);
		assert_int_equal(read_with(cases[i].field, cases[i].most), COSMO_OK);
		assert_int_equal(read_with(cases[i].field, cases[i].most + 1), COSMO_E_INVALID);
		assert_int_equal(read_with(cases[i].field, UINT64_MAX), COSMO_E_INVALID);
		assert_int_equal(read_with(cases[i].field, UINT64_C(1) << 63), COSMO_E_INVALID);
	}
}

/* One too many is refused, not left out. */
static void test_setup_read_allowed__algorithms__are_bounded(void **state)
{
	COSMO_AUTO(message_free) struct message *question = NULL;
	struct jws_allowed allowed = {.count = 99};

	(void)state;
	assert_int_equal(message_new(MESSAGE_JUDGE_SIGN_IN, &question), COSMO_OK);
	assert_int_equal(setup_read_allowed(question, &allowed), COSMO_OK);
	assert_int_equal(allowed.count, 0);
	for (size_t i = 0; i < JWS_MAX_ALLOWED; i++)
		message_put_str(question, FIELD_ALG, "RS256");
	assert_int_equal(setup_read_allowed(question, &allowed), COSMO_OK);
	assert_int_equal(allowed.count, JWS_MAX_ALLOWED);
	message_put_str(question, FIELD_ALG, "RS256");
	assert_int_equal(setup_read_allowed(question, &allowed), COSMO_E_INVALID);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_setup_read__question__is_taken_whole),
		cmocka_unit_test(test_setup_read__nothing_optional__is_null),
		cmocka_unit_test(test_setup_read__values__are_bounded),
		cmocka_unit_test(test_setup_read_allowed__algorithms__are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
