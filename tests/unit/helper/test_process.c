/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/base/fdio.h"
#include "pam_cosmo_sso/helper/process.h"

static void test_process_list_take_until__time_is_over__is_told_and_has_none(void **state)
{
	struct process_list list = {0};

	(void)state;
	assert_int_equal(process_list_take_until(fdio_boot_ms(), &list), COSMO_E_DEADLINE);
	assert_null(list.items);
	assert_int_equal(process_list_take_until(INT64_MAX, &list), COSMO_OK);
	assert_non_null(process_list_find(&list, getpid()));
	process_list_done(&list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_process_list_take_until__time_is_over__is_told_and_has_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
