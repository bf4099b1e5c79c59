/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "pam_cosmo_sso/judge/ecdsa_signature.h"

static void test_ecdsa_signature_to_der__two_numbers__become_der(void **state)
{
	static const struct {
		unsigned char raw[4];
		const char *der;
		size_t len;
	} cases[] = {
		{{0x01, 0x02, 0x03, 0x04}, "\x30\x08\x02\x02\x01\x02\x02\x02\x03\x04", 10},
		/* leading zeros go, a set top bit gets one */
		{{0x00, 0x02, 0x00, 0x04}, "\x30\x06\x02\x01\x02\x02\x01\x04", 8},
		{{0x80, 0x00, 0x00, 0xff}, "\x30\x09\x02\x03\x00\x80\x00\x02\x02\x00\xff", 11},
	};

	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(cases); i++) {
		COSMO_AUTO(free) unsigned char *der = NULL;
		size_t len = 0;

		print_message("case %zu\n", i);
		assert_int_equal(ecdsa_signature_to_der(cases[i].raw, 4, 2, &der, &len), COSMO_OK);
		assert_int_equal(len, cases[i].len);
		assert_memory_equal(der, cases[i].der, len);
	}
}

static void test_ecdsa_signature_to_der__wrong_length__is_refused(void **state)
{
	static const size_t coordinates[] = {32, 48, 66};
	unsigned char raw[200] = {0};

	(void)state;
	memset(raw, 1, sizeof(raw));
	for (size_t i = 0; i < COSMO_ARRAY_LEN(coordinates); i++) {
		for (size_t len = 0; len <= sizeof(raw); len++) {
			COSMO_AUTO(free) unsigned char *der = NULL;
			size_t der_len = 0;
			bool is_good = len == 2 * coordinates[i];

			assert_int_equal(
				ecdsa_signature_to_der(raw, len, coordinates[i], &der, &der_len),
				is_good ? COSMO_OK : COSMO_E_FORMAT);
		}
	}
}

static void test_ecdsa_signature_to_der__no_coordinates__is_refused(void **state)
{
	unsigned char *der = NULL;
	size_t len = 0;

	(void)state;
	assert_int_equal(ecdsa_signature_to_der((const unsigned char *)"", 0, 0, &der, &len),
		COSMO_E_FORMAT);
}

/* A zero would make some implementations accept anything (CVE-2022-21449). */
static void test_ecdsa_signature_to_der__zero__is_refused(void **state)
{
	static const unsigned char cases[][4] = {{0, 0, 0, 0}, {0, 0, 0, 1}, {0, 1, 0, 0}};

	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(cases); i++) {
		unsigned char *der = NULL;
		size_t len = 0;

		assert_int_equal(
			ecdsa_signature_to_der(cases[i], 4, 2, &der, &len), COSMO_E_FORMAT);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ecdsa_signature_to_der__two_numbers__become_der),
		cmocka_unit_test(test_ecdsa_signature_to_der__wrong_length__is_refused),
		cmocka_unit_test(test_ecdsa_signature_to_der__no_coordinates__is_refused),
		cmocka_unit_test(test_ecdsa_signature_to_der__zero__is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
