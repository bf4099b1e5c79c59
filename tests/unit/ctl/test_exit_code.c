/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ctl/exit_code.h"

static const int by_class[] = {
	[COSMO_CLASS_OK] = 0,
	[COSMO_CLASS_DENIED] = 1,
	[COSMO_CLASS_NOT_OURS] = 1,
	[COSMO_CLASS_UNREACHABLE] = 3,
	[COSMO_CLASS_MISCONFIGURED] = 4,
	[COSMO_CLASS_BUSY] = 5,
	[COSMO_CLASS_INTERNAL] = 6,
};

static void test_exit_code_of__each_error__by_its_class(void **state)
{
	(void)state;
	for (size_t i = 0; i < cosmo_err_count(); i++) {
		enum cosmo_err err = (enum cosmo_err)i;

		if (err == COSMO_E_NOT_FOUND || err == COSMO_E_EXISTS || err == COSMO_E_INVALID)
			continue;
		print_message("%s\n", cosmo_err_id(err));
		assert_int_equal(exit_code_of(err), by_class[cosmo_err_class(err)]);
	}
}

static void test_exit_code_of__what_is_not_so__is_no_fault_of_the_host(void **state)
{
	(void)state;
	assert_int_equal(exit_code_of(COSMO_E_NOT_FOUND), 1);
	assert_int_equal(exit_code_of(COSMO_E_EXISTS), 1);
	assert_int_equal(exit_code_of(COSMO_E_INVALID), 2);
}

static void test_exit_code_of__success_alone__is_zero(void **state)
{
	(void)state;
	assert_int_equal(exit_code_of(COSMO_OK), 0);
	for (size_t i = 1; i < cosmo_err_count() + 2; i++)
		assert_int_not_equal(exit_code_of((enum cosmo_err)i), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_exit_code_of__each_error__by_its_class),
		cmocka_unit_test(test_exit_code_of__what_is_not_so__is_no_fault_of_the_host),
		cmocka_unit_test(test_exit_code_of__success_alone__is_zero),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
