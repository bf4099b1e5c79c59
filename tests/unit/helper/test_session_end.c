/* SPDX-License-Identifier: MIT */
/* What of an end of sessions needs no process that is to end; with real ones it is in
 * test_session_end.py. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/base/auto.h"
#include "pam_cosmo_sso/helper/local_ids.h"
#include "pam_cosmo_sso/helper/session_end.h"
#include "pam_cosmo_sso/helper/uid_kill.h"
#include "tests/unit/store/store_fixture.h"

static bool passwd_is_unreadable;
static unsigned int kills;

enum cosmo_err __real_local_ids_have(const char *path, uint32_t id, bool *ret_have);
enum cosmo_err __wrap_local_ids_have(const char *path, uint32_t id, bool *ret_have);
enum cosmo_err __wrap_uid_kill(uint32_t uid, uint32_t shield_uid);
bool __wrap_logind_leave(void);

enum cosmo_err __wrap_local_ids_have(const char *path, uint32_t id, bool *ret_have)
{
	return passwd_is_unreadable ? COSMO_E_IO : __real_local_ids_have(path, id, ret_have);
}

enum cosmo_err __wrap_uid_kill(uint32_t uid, uint32_t shield_uid)
{
	assert_int_not_equal(uid, shield_uid);
	kills++;
	return COSMO_OK;
}

/* The tests stay where they are. */
bool __wrap_logind_leave(void)
{
	return true;
}

static enum cosmo_err end(struct fixture *fixture, struct session_tally *ret)
{
	const struct session_scope scope = {.user = "ada", .grace_ms = 1};
	COSMO_AUTO(record_free) struct record *record = fixture_record(fixture, "ada");

	kills = 0;
	return session_end(fixture->store, &scope, NULL, NULL, ret);
}

static void test_session_end__no_uid_to_kill_by__is_not_told_as_done(void **state)
{
	struct fixture *fixture = fixture_of(state);
	struct session_tally tally = {0};

	passwd_is_unreadable = false;
	assert_int_equal(end(fixture, &tally), COSMO_OK);
	assert_true(kills > 0);
	assert_true(tally.seen);
	passwd_is_unreadable = true;
	assert_int_equal(end(fixture, &tally), COSMO_E_IO);
	assert_int_equal(kills, 0);
	assert_false(tally.seen);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_READY_FIXTURE(test_session_end__no_uid_to_kill_by__is_not_told_as_done),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
