/* SPDX-License-Identifier: MIT */
/* Questions of a run go out evenly spread. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "pam_cosmo_sso/helper/refresh_pace.h"

#define START_MS INT64_C(5000000)

static void test_refresh_pace__questions__are_a_minutes_share_apart(void **state)
{
	struct refresh_pace pace = {.per_minute = 120};

	(void)state;
	assert_int_equal(refresh_pace_left_ms(&pace, START_MS), 0);
	refresh_pace_take(&pace, START_MS);
	assert_int_equal(refresh_pace_left_ms(&pace, START_MS), 500);
	assert_int_equal(refresh_pace_left_ms(&pace, START_MS + 499), 1);
	assert_int_equal(refresh_pace_left_ms(&pace, START_MS + 500), 0);
	/* who was held up does not make up for it */
	refresh_pace_take(&pace, START_MS + 60000);
	assert_int_equal(refresh_pace_left_ms(&pace, START_MS + 60000), 500);
}

static void test_refresh_pace__bounds__slowest_and_fastest(void **state)
{
	struct refresh_pace slow = {.per_minute = 1};
	struct refresh_pace fast = {.per_minute = 6000};

	(void)state;
	refresh_pace_take(&slow, START_MS);
	refresh_pace_take(&fast, START_MS);
	assert_int_equal(refresh_pace_left_ms(&slow, START_MS), 60000);
	assert_int_equal(refresh_pace_left_ms(&fast, START_MS), 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refresh_pace__questions__are_a_minutes_share_apart),
		cmocka_unit_test(test_refresh_pace__bounds__slowest_and_fastest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
