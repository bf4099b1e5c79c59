/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/base/uid_candidate.h"
#include "tests/unit/store/store_fixture.h"

static void test_commit_user__new_user__found_by_name_uid_and_enumeration(void **state)
{
	struct fixture *fixture = fixture_of(state);
	COSMO_AUTO(record_free) struct record *record = fixture_record(fixture, "ada");
	struct users_db *db = store_users_db(fixture->store);
	struct users_db_user user = {0};
	uint64_t cursor = 0;
	uint64_t count = 0;

	assert_int_equal(users_db_find_name(db, "ada", &user), COSMO_E_NOT_FOUND);
	assert_int_equal(commit_user(fixture->store, &fixture->config, record), COSMO_OK);
	assert_int_equal(users_db_find_name(db, "ada", &user), COSMO_OK);
	assert_string_equal(user.name, "ada");
	assert_string_equal(user.gecos, "Ada Lovelace");
	assert_string_equal(user.home, "/home/ada");
	assert_string_equal(user.shell, "/bin/bash");
	assert_int_equal(user.uid, record->uid);
	assert_int_equal(user.gid, record->uid);
	assert_int_equal(user.roles, 4);
	assert_int_equal(user.confirmed_s, 1800000002);
	assert_int_equal(user.signed_in_s, 1800000001);
	memset(&user, 0, sizeof(user));
	assert_int_equal(users_db_find_uid(db, record->uid, &user), COSMO_OK);
	assert_string_equal(user.name, "ada");
	assert_int_equal(users_db_next(db, &cursor, &user), COSMO_OK);
	assert_string_equal(user.name, "ada");
	assert_int_equal(users_db_next(db, &cursor, &user), COSMO_E_NOT_FOUND);
	assert_int_equal(users_db_count(db, &count), COSMO_OK);
	assert_int_equal(count, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			test_commit_user__new_user__found_by_name_uid_and_enumeration,
			fixture_setup_ready, fixture_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
