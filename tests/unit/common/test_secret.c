/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/base/secret.h"

static void test_secret_new__bytes__are_copied_with_a_nul(void **state)
{
	char source[] = "to\0ken";
	COSMO_AUTO(secret_free) struct cosmo_secret *secret = NULL;

	(void)state;
	assert_int_equal(secret_new(source, 6, &secret), COSMO_OK);
	memset(source, 'x', sizeof(source));
	assert_int_equal(secret_len(secret), 6);
	assert_memory_equal(secret_peek(secret), "to\0ken", 7);
}

static void test_secret_new__nothing__is_empty(void **state)
{
	COSMO_AUTO(secret_free) struct cosmo_secret *secret = NULL;

	(void)state;
	assert_int_equal(secret_new(NULL, 0, &secret), COSMO_OK);
	assert_int_equal(secret_len(secret), 0);
	assert_string_equal(secret_peek(secret), "");
}

static void test_secret_new__too_big__is_refused(void **state)
{
	static const char big[COSMO_MAX_SECRET_BYTES + 1];
	COSMO_AUTO(secret_free) struct cosmo_secret *secret = NULL;

	(void)state;
	assert_int_equal(secret_new(big, sizeof(big), &secret), COSMO_E_TOO_BIG);
	assert_null(secret);
	assert_int_equal(secret_new(big, COSMO_MAX_SECRET_BYTES, &secret), COSMO_OK);
}

static bool are_equal(const char *a, size_t a_len, const char *b, size_t b_len)
{
	COSMO_AUTO(secret_free) struct cosmo_secret *one = NULL;
	COSMO_AUTO(secret_free) struct cosmo_secret *other = NULL;

	assert_int_equal(secret_new(a, a_len, &one), COSMO_OK);
	assert_int_equal(secret_new(b, b_len, &other), COSMO_OK);
	return secret_equal(one, other);
}

static void test_secret_equal__all_bytes__count(void **state)
{
	(void)state;
	assert_true(are_equal("abc", 3, "abc", 3));
	assert_true(are_equal("", 0, "", 0));
	assert_false(are_equal("abc", 3, "abd", 3));
	assert_false(are_equal("xbc", 3, "abc", 3));
	assert_false(are_equal("abc", 3, "ab", 2));
	assert_false(are_equal("a\0c", 3, "a\0d", 3));
}

static void test_secret_free__null__is_allowed(void **state)
{
	(void)state;
	secret_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_secret_new__bytes__are_copied_with_a_nul),
		cmocka_unit_test(test_secret_new__nothing__is_empty),
		cmocka_unit_test(test_secret_new__too_big__is_refused),
		cmocka_unit_test(test_secret_equal__all_bytes__count),
		cmocka_unit_test(test_secret_free__null__is_allowed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
