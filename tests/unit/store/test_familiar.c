/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "pam_cosmo_sso/helper/familiar.h"
#include "pam_cosmo_sso/helper/record_write.h"
#include "tests/unit/store/store_fixture.h"

static const char *const places[] = {
	"4:192.0.2.1", "4:192.0.2.2", "4:192.0.2.3", "4:192.0.2.4", "4:192.0.2.5"};

static void note(struct fixture *fixture, struct record *record, size_t place)
{
	assert_int_equal(familiar_note(fixture->store, record, places[place]), COSMO_OK);
}

static bool has(struct fixture *fixture, const struct record *record, size_t place)
{
	return familiar_has(fixture->store, record, places[place]);
}

static void test_familiar_has__nothing_noted__nowhere(void **state)
{
	struct fixture *fixture = fixture_of(state);
	COSMO_AUTO(record_free) struct record *record = fixture_record(fixture, "ada");

	assert_false(has(fixture, record, 0));
	assert_false(familiar_has(fixture->store, record, ""));
}

/* case: budget: the last four places of a user's sign-ins are familiar, and the oldest is forgotten
 */
static void test_familiar_note__a_fifth__first_is_forgotten(void **state)
{
	struct fixture *fixture = fixture_of(state);
	COSMO_AUTO(record_free) struct record *record = fixture_record(fixture, "ada");

	for (size_t i = 0; i < 4; i++)
		note(fixture, record, i);
	for (size_t i = 0; i < 4; i++)
		assert_true(has(fixture, record, i));
	assert_false(has(fixture, record, 4));
	note(fixture, record, 0); /* the newest again: 1 is the oldest now */
	assert_int_equal(record->seen_from_count, 4);
	note(fixture, record, 4);
	assert_int_equal(record->seen_from_count, RECORD_MAX_SEEN_FROM);
	assert_false(has(fixture, record, 1));
	for (size_t i = 0; i < 5; i++)
		assert_int_equal(has(fixture, record, i), i != 1);
}

static void test_familiar_note__two_users__nothing_in_common(void **state)
{
	struct fixture *fixture = fixture_of(state);
	COSMO_AUTO(record_free) struct record *ada = fixture_record(fixture, "ada");
	COSMO_AUTO(record_free) struct record *dev = fixture_record(fixture, "dev");

	note(fixture, ada, 0);
	note(fixture, dev, 0);
	assert_memory_not_equal(ada->seen_from[0], dev->seen_from[0], sizeof(ada->seen_from[0]));
	memcpy(dev->seen_from, ada->seen_from, sizeof(ada->seen_from));
	assert_false(has(fixture, dev, 0));
}

static void test_familiar__written_and_read__still(void **state)
{
	struct fixture *fixture = fixture_of(state);
	COSMO_AUTO(record_free) struct record *record = fixture_record(fixture, "ada");
	COSMO_AUTO(record_free) struct record *read = NULL;

	note(fixture, record, 0);
	assert_int_equal(record_stage(fixture->store, record, true), COSMO_OK);
	assert_int_equal(record_settle(fixture->store, record), COSMO_OK);
	assert_int_equal(record_load(fixture->store, "ada", &read), COSMO_OK);
	assert_true(has(fixture, read, 0));
	assert_false(has(fixture, read, 1));
}

/* case: budget: without the seed no place is familiar, so that nobody gets more than a stranger */
static void test_familiar_has__seed_lost__nowhere(void **state)
{
	struct fixture *fixture = fixture_of(state);
	COSMO_AUTO(record_free) struct record *record = fixture_record(fixture, "ada");

	note(fixture, record, 0);
	assert_int_equal(unlinkat(store_private_fd(fixture->store), "uid_seed", 0), 0);
	assert_false(has(fixture, record, 0));
	assert_int_equal(familiar_note(fixture->store, record, places[1]), COSMO_E_STORE_MISSING);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_READY_FIXTURE(test_familiar_has__nothing_noted__nowhere),
		WITH_READY_FIXTURE(test_familiar_note__a_fifth__first_is_forgotten),
		WITH_READY_FIXTURE(test_familiar_note__two_users__nothing_in_common),
		WITH_READY_FIXTURE(test_familiar__written_and_read__still),
		WITH_READY_FIXTURE(test_familiar_has__seed_lost__nowhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
