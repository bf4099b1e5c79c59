/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "ctl/pam_vendor.h"

static void test_pam_vendor_front__takes_each_phase_in_from_where_it_is(void **state)
{
	COSMO_AUTO(free) char *front = NULL;

	(void)state;
	assert_int_equal(pam_vendor_front("polkit-1", &front), COSMO_OK);
	assert_string_equal(front, "auth     include /usr/lib/pam.d/polkit-1\n"
				   "account  include /usr/lib/pam.d/polkit-1\n"
				   "password include /usr/lib/pam.d/polkit-1\n"
				   "session  include /usr/lib/pam.d/polkit-1\n");
}

static void test_pam_vendor_has__no_such_file__false(void **state)
{
	(void)state;
	assert_false(pam_vendor_has("no-such-service"));
	assert_false(pam_vendor_has("")); /* the folder itself */
	assert_false(pam_vendor_has("../pam.d"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pam_vendor_front__takes_each_phase_in_from_where_it_is),
		cmocka_unit_test(test_pam_vendor_has__no_such_file__false),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
