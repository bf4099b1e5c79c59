/* SPDX-License-Identifier: MIT */
/* How far a run came is read as it was written, or not at all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "common/base/fdio.h"
#include "pam_cosmo_sso/helper/refresh_state.h"
#include "tests/unit/store/store_fixture.h"

static const struct refresh_state sample = {
	.integration = {1, 2, 3},
	.began_s = 1800000000,
	.ended_s = 1800000060,
	.is_of_all = true,
	.outcome = COSMO_E_MASS_REFUSAL,
	.tally = {.total = 9,
		.confirmed = 1,
		.changed = 2,
		.refused = 3,
		.unanswered = 4,
		.passed_over = 5},
};

static void assert_same(const struct refresh_state *found, const struct refresh_state *expected)
{
	assert_memory_equal(found->integration, expected->integration, sizeof(found->integration));
	assert_int_equal(found->began_s, expected->began_s);
	assert_int_equal(found->ended_s, expected->ended_s);
	assert_int_equal(found->is_of_all, expected->is_of_all);
	assert_int_equal(found->outcome, expected->outcome);
	assert_memory_equal(&found->tally, &expected->tally, sizeof(found->tally));
}

static void test_refresh_state__saved__is_read_as_it_was(void **state)
{
	struct fixture *fixture = fixture_of(state);
	struct refresh_state found = sample;

	refresh_state_load(fixture->store, &found);
	assert_same(&found, &(struct refresh_state){.began_s = 0});
	assert_int_equal(refresh_state_save(fixture->store, &sample), COSMO_OK);
	refresh_state_load(fixture->store, &found);
	assert_same(&found, &sample);
}

static void test_refresh_state__damaged__is_no_run(void **state)
{
	struct fixture *fixture = fixture_of(state);
	COSMO_AUTO(free) char *text = NULL;
	const struct fdio_demands demands = {.owner = 0, .max_bytes = 4096};
	struct refresh_state found = {.began_s = 0};
	size_t len = 0;

	assert_int_equal(refresh_state_save(fixture->store, &sample), COSMO_OK);
	assert_int_equal(
		fdio_read_file(store_run_fd(fixture->store), "refresh-run", &demands, &text, &len),
		COSMO_OK);
	for (size_t i = 0; i < len; i++) {
		text[i] ^= 1;
		assert_int_equal(fdio_replace_file(store_run_fd(fixture->store), "refresh-run",
					 text, len, 0600),
			COSMO_OK);
		text[i] ^= 1;
		refresh_state_load(fixture->store, &found);
		assert_int_equal(found.began_s, 0);
	}
}

static void test_refresh_state__one_run_at_a_time(void **state)
{
	struct fixture *fixture = fixture_of(state);
	COSMO_AUTO_FD int first = -1;
	int second = -1;

	assert_int_equal(refresh_state_lock(fixture->store, &first), COSMO_OK);
	assert_int_equal(refresh_state_lock(fixture->store, &second), COSMO_E_BUSY);
	cosmo_auto_close(&first);
	assert_int_equal(refresh_state_lock(fixture->store, &second), COSMO_OK);
	cosmo_auto_close(&second);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_FIXTURE(test_refresh_state__saved__is_read_as_it_was),
		WITH_FIXTURE(test_refresh_state__damaged__is_no_run),
		WITH_FIXTURE(test_refresh_state__one_run_at_a_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
