/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "pam_cosmo_sso/judge/reason.h"

static void test_reason_give__text__is_filtered_and_the_code_handed_back(void **state)
{
	struct reason why = {.text = "before"};

	(void)state;
	assert_int_equal(
		reason_give(&why, COSMO_E_DENIED, "%s/%d", "a\x1b\n\xc3\xa9z", 7), COSMO_E_DENIED);
	assert_string_equal(why.text, "a???z/7");
	assert_int_equal(reason_give(NULL, COSMO_E_DNS, "x"), COSMO_E_DNS);
}

static void test_reason_give__long_text__is_cut(void **state)
{
	struct reason why = {.text = ""};
	char text[3000] = "";

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	assert_int_equal(reason_give(&why, COSMO_E_IO, "%s", text), COSMO_E_IO);
	assert_int_equal(strlen(why.text), sizeof(why.text) - 1);
	assert_string_equal(why.text + sizeof(why.text) - 4, "...");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reason_give__text__is_filtered_and_the_code_handed_back),
		cmocka_unit_test(test_reason_give__long_text__is_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
