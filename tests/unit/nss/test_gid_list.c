/* SPDX-License-Identifier: MIT */
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "nss_cosmo/gid_list.h"

struct array {
	long count;
	long size;
	gid_t *gids;
};

static struct array array_of(long size)
{
	return (struct array){.size = size, .gids = calloc((size_t)size + 1, sizeof(gid_t))};
}

static struct gid_list list_over(struct array *array, long limit)
{
	return (struct gid_list){
		.primary = 1000,
		.count = &array->count,
		.size = &array->size,
		.gids = &array->gids,
		.limit = limit,
	};
}

static void test_gid_list_add__full_array__grows(void **state)
{
	struct array array = array_of(1);
	struct gid_list list = list_over(&array, -1);

	(void)state;
	for (gid_t gid = 2000; gid < 2100; gid++)
		assert_int_equal(gid_list_add(&list, gid), COSMO_OK);
	assert_int_equal(array.count, 100);
	assert_true(array.size >= 100);
	for (long i = 0; i < array.count; i++)
		assert_int_equal(array.gids[i], 2000 + i);
	free(array.gids);
}

static void test_gid_list_add__empty_array__grows(void **state)
{
	struct array array = {0};
	struct gid_list list = list_over(&array, 0);

	(void)state;
	assert_int_equal(gid_list_add(&list, 7), COSMO_OK);
	assert_int_equal(array.count, 1);
	free(array.gids);
}

static void test_gid_list_add__present_or_primary__is_left_out(void **state)
{
	struct array array = array_of(4);
	struct gid_list list = list_over(&array, -1);

	(void)state;
	assert_int_equal(gid_list_add(&list, 2000), COSMO_OK);
	assert_int_equal(gid_list_add(&list, 2000), COSMO_OK);
	assert_int_equal(gid_list_add(&list, 1000), COSMO_OK);
	assert_int_equal(array.count, 1);
	free(array.gids);
}

static void test_gid_list_add__limit__truncates_without_error(void **state)
{
	(void)state;
	for (long limit = 1; limit < 20; limit++) {
		struct array array = array_of(1);
		struct gid_list list = list_over(&array, limit);

		for (gid_t gid = 2000; gid < 2030; gid++)
			assert_int_equal(gid_list_add(&list, gid), COSMO_OK);
		assert_int_equal(array.count, limit);
		assert_true(array.size <= limit);
		free(array.gids);
	}
}

static void test_gid_list_add__absurd_size__is_no_memory(void **state)
{
	long count = LONG_MAX / 4;
	long size = LONG_MAX / 4;
	gid_t *gids = NULL;
	struct gid_list list = {
		.primary = 0, .count = &count, .size = &size, .gids = &gids, .limit = -1};

	(void)state;
	count = 0; /* nothing to look through */
	size = 0;
	assert_int_equal(gid_list_add(&list, 5), COSMO_OK);
	free(gids);
	gids = NULL;
	count = 0;
	size = LONG_MAX / 4;
	assert_int_equal(gid_list_add(&list, 0), COSMO_OK); /* the primary: nothing to do */
	assert_int_equal(count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_gid_list_add__full_array__grows),
		cmocka_unit_test(test_gid_list_add__empty_array__grows),
		cmocka_unit_test(test_gid_list_add__present_or_primary__is_left_out),
		cmocka_unit_test(test_gid_list_add__limit__truncates_without_error),
		cmocka_unit_test(test_gid_list_add__absurd_size__is_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
