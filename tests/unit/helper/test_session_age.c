/* SPDX-License-Identifier: MIT */
/* Which sessions have lasted too long: by when they were opened, whatever the wall clock says, and
 * by when their process began where that is not known. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/base/fdio.h"
#include "pam_cosmo_sso/helper/process.h"
#include "pam_cosmo_sso/helper/session.h"
#include "pam_cosmo_sso/helper/session_age.h"
#include "pam_cosmo_sso/helper/session_end.h"
#include "tests/unit/store/store_fixture.h"

#define DAY_S INT64_C(86400)

static int64_t ahead_ms;
static unsigned int asked;
static char ended[2][SESSION_ID_BYTES];
static enum cosmo_err outcome;

int64_t __wrap_fdio_boot_ms(void);
enum cosmo_err __wrap_session_end(struct store *store, const struct session_scope *scope,
	session_progress progress, void *context, struct session_tally *ret);

int64_t __wrap_fdio_boot_ms(void)
{
	struct timespec now = {0};

	assert_int_equal(clock_gettime(CLOCK_BOOTTIME, &now), 0);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000 + ahead_ms;
}

enum cosmo_err __wrap_session_end(struct store *store, const struct session_scope *scope,
	session_progress progress, void *context, struct session_tally *ret)
{
	(void)store;
	assert_null(progress);
	assert_null(context);
	assert_null(scope->user);
	assert_string_equal(scope->by, "the test");
	assert_true(asked <= 1);
	(void)snprintf(ended[asked++], SESSION_ID_BYTES, "%s", scope->session);
	ret->ended = outcome == COSMO_OK;
	return outcome;
}

static void add(struct fixture *fixture, uint32_t uid, int64_t opened_boot_ms)
{
	struct session session = {.leader = getpid(),
		.uid = uid,
		.user = "ada",
		.service = "sshd",
		.opened_s = 1,
		.opened_boot_ms = opened_boot_ms};
	struct process self = {0};

	assert_int_equal(process_read(getpid(), &self), COSMO_OK);
	session.start = self.start;
	assert_int_equal(session_add(store_run_fd(fixture->store), &session), COSMO_OK);
}

/* Sessions of two users that this process leads, as a version wrote them that did not note when
 * they were opened. */
static int set_up(void **state)
{
	int failed = fixture_setup(state);

	ahead_ms = 0;
	asked = 0;
	outcome = COSMO_OK;
	if (failed)
		return failed;
	for (uint32_t i = 0; i < 2; i++)
		add(fixture_of(state), 5001 + i, 0);
	return 0;
}

static uint64_t enforce(struct fixture *fixture, int64_t max_s, enum cosmo_err expected)
{
	const struct session_age_limit limit = {.max_s = max_s, .by = "the test"};
	uint64_t count = 99;

	assert_int_equal(session_age_enforce(fixture->store, &limit, &count), expected);
	return count;
}

/* case: refresh: sessions older than session_max are ended, by when they began and not by the wall
 * clock */
static void test_session_age__older_than_the_limit__are_ended(void **state)
{
	struct fixture *fixture = fixture_of(state);

	ahead_ms = (14 * DAY_S - 3600) * 1000;
	assert_int_equal(enforce(fixture, 14 * DAY_S, COSMO_OK), 0);
	assert_int_equal(asked, 0);
	ahead_ms = 14 * DAY_S * 1000;
	assert_int_equal(enforce(fixture, 14 * DAY_S, COSMO_OK), 2);
	assert_int_equal(asked, 2);
	assert_string_not_equal(ended[0], ended[1]);
}

/* case: refresh: a session counts from when it was opened, however old its process was by then */
static void test_session_age__opened_by_an_old_process__counts_from_its_opening(void **state)
{
	struct fixture *fixture = fixture_of(state);

	ahead_ms = 20 * DAY_S * 1000;
	add(fixture, 5001, fdio_boot_ms());
	assert_int_equal(enforce(fixture, 14 * DAY_S, COSMO_OK), 1);
	assert_non_null(strstr(ended[0], ".5002"));
	asked = 0;
	ahead_ms += 14 * DAY_S * 1000;
	assert_int_equal(enforce(fixture, 14 * DAY_S, COSMO_OK), 2);
}

static void test_session_age__limit_longer_than_the_boot__ends_none(void **state)
{
	struct fixture *fixture = fixture_of(state);

	assert_int_equal(enforce(fixture, 90 * 365 * DAY_S, COSMO_OK), 0);
	assert_int_equal(asked, 0);
}

static void test_session_age__one_fails__the_others_are_ended_all_the_same(void **state)
{
	struct fixture *fixture = fixture_of(state);

	ahead_ms = 14 * DAY_S * 1000;
	outcome = COSMO_E_NOT_FOUND; /* ended by itself meanwhile */
	assert_int_equal(enforce(fixture, DAY_S, COSMO_OK), 0);
	assert_int_equal(asked, 2);
	asked = 0;
	outcome = COSMO_E_IO;
	assert_int_equal(enforce(fixture, DAY_S, COSMO_E_IO), 0);
	assert_int_equal(asked, 2);
}

static void test_session_age_end_open__one_user__his_alone(void **state)
{
	struct fixture *fixture = fixture_of(state);
	uint64_t count = 0;

	assert_int_equal(session_age_end_open(fixture->store, 5002, "the test", &count), COSMO_OK);
	assert_int_equal(count, 1);
	assert_non_null(strstr(ended[0], ".5002"));
}

#define ONE(test) cmocka_unit_test_setup_teardown(test, set_up, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ONE(test_session_age__older_than_the_limit__are_ended),
		ONE(test_session_age__opened_by_an_old_process__counts_from_its_opening),
		ONE(test_session_age__limit_longer_than_the_boot__ends_none),
		ONE(test_session_age__one_fails__the_others_are_ended_all_the_same),
		ONE(test_session_age_end_open__one_user__his_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
