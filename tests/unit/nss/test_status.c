/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "nss_cosmo/status.h"

static void test_status_of__every_error__has_its_answer(void **state)
{
	(void)state;
	for (enum cosmo_err err = COSMO_OK; (size_t)err < cosmo_err_count(); err++) {
		int code = -1;
		enum nss_status status = status_of(err, &code);

		/* Success, absence and a short buffer are said for nothing else. */
		assert_int_equal(status == NSS_STATUS_SUCCESS, err == COSMO_OK);
		assert_int_equal(status == NSS_STATUS_NOTFOUND,
			err == COSMO_E_NOT_FOUND || err == COSMO_E_STORE_MISSING);
		assert_int_equal(code == ERANGE, err == COSMO_E_RANGE);
		assert_int_equal(status == NSS_STATUS_TRYAGAIN,
			err == COSMO_E_RANGE || err == COSMO_E_BUSY || err == COSMO_E_NOMEM);
		assert_int_equal(code == 0, err == COSMO_OK);
	}
}

static void test_status_of__codes__are_those_of_the_protocol(void **state)
{
	int code = -1;

	(void)state;
	assert_int_equal(status_of(COSMO_E_NOT_FOUND, &code), NSS_STATUS_NOTFOUND);
	assert_int_equal(code, ENOENT);
	assert_int_equal(status_of(COSMO_E_RANGE, &code), NSS_STATUS_TRYAGAIN);
	assert_int_equal(code, ERANGE);
	assert_int_equal(status_of(COSMO_E_BUSY, &code), NSS_STATUS_TRYAGAIN);
	assert_int_equal(code, EAGAIN);
	assert_int_equal(status_of(COSMO_E_STORE_DAMAGED, &code), NSS_STATUS_UNAVAIL);
	assert_int_equal(code, EIO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_status_of__every_error__has_its_answer),
		cmocka_unit_test(test_status_of__codes__are_those_of_the_protocol),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
