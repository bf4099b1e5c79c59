/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/base/auto.h"
#include "pam_cosmo_sso/helper/our_uids.h"
#include "pam_cosmo_sso/helper/store.h"
#include "tests/unit/store/store_fixture.h"

#define LOCAL_UID 1000U
#define MISSING   "/nonexistent/passwd"

static struct rlimit limit;

/* Neither the register nor any other file can be opened from here on. */
static void take_descriptors_away(void)
{
	struct rlimit none = {0};

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	none.rlim_max = limit.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
}

static void give_descriptors_back(void)
{
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

static bool have(const struct fixture *fixture, const char *passwd_path, uint32_t uid)
{
	struct our_uids ours;
	COSMO_AUTO(our_uids_done) struct our_uids *owned = &ours;
	bool ret = false;

	assert_int_equal(our_uids_init(owned, fixture->store, passwd_path, NULL), COSMO_OK);
	assert_int_equal(our_uids_have(owned, uid, &ret, NULL), COSMO_OK);
	return ret;
}

static uint32_t enrol(struct fixture *fixture, const char *name)
{
	COSMO_AUTO(record_free) struct record *record = fixture_record(fixture, name);

	return record->uid;
}

/* The register's file of @uid, opened to be overwritten. */
static int open_entry(const struct fixture *fixture, uint32_t uid)
{
	char digits[16] = "";
	int fd = -1;

	(void)snprintf(digits, sizeof(digits), "%08x", uid);
	fd = openat(store_folder_fd(fixture->store, STORE_UIDS), digits,
		O_WRONLY | O_TRUNC | O_CLOEXEC);
	assert_true(fd >= 0);
	return fd;
}

static void test_our_uids_have__passwd_cannot_be_read__the_register_alone_tells(void **state)
{
	struct fixture *fixture = fixture_of(state);
	uint32_t ada = enrol(fixture, "ada");

	assert_true(have(fixture, "/dev/null", ada));
	assert_true(have(fixture, MISSING, ada));
	assert_false(have(fixture, MISSING, LOCAL_UID));
}

static void test_our_uids_have__register_is_damaged_there__is_ours(void **state)
{
	struct fixture *fixture = fixture_of(state);
	uint32_t ada = enrol(fixture, "ada");
	uint32_t bob = enrol(fixture, "bob");
	COSMO_AUTO_FD int damaged = open_entry(fixture, ada); /* by being emptied */
	COSMO_AUTO_FD int unsafe = open_entry(fixture, bob);

	assert_int_equal(fchmod(damaged, 0600), 0);
	assert_int_equal(fchmod(unsafe, 0666), 0);
	assert_true(have(fixture, MISSING, ada));
	assert_true(have(fixture, MISSING, bob));
}

static void test_our_uids_have__register_cannot_be_read__is_nobodys_and_remembered(void **state)
{
	struct fixture *fixture = fixture_of(state);
	uint32_t ada = enrol(fixture, "ada");
	struct our_uids ours;
	COSMO_AUTO(our_uids_done) struct our_uids *owned = &ours;
	char unread[OUR_UIDS_UNREAD_BYTES] = "";
	char expected[16] = "";
	bool is_ours = false;

	(void)snprintf(expected, sizeof(expected), "%u", ada);
	assert_int_equal(our_uids_init(owned, fixture->store, "/dev/null", NULL), COSMO_OK);
	assert_int_equal(our_uids_have(owned, LOCAL_UID, &is_ours, NULL), COSMO_OK);
	assert_int_equal(our_uids_unread(owned, unread), 0);
	take_descriptors_away();
	assert_int_equal(our_uids_have(owned, ada, &is_ours, NULL), COSMO_OK);
	assert_int_equal(our_uids_have(owned, LOCAL_UID, &is_ours, NULL), COSMO_OK);
	give_descriptors_back();
	assert_false(is_ours);
	assert_int_equal(our_uids_unread(owned, unread), 1);
	assert_string_equal(unread, expected);
	/* where it was the moment's trouble it is not nobody's for good */
	assert_int_equal(our_uids_have(owned, ada, &is_ours, NULL), COSMO_OK);
	assert_true(is_ours);
	assert_int_equal(our_uids_unread(owned, unread), 1);
}

static void test_our_uids_unread__more_than_there_is_room_for__is_cut(void **state)
{
	struct our_uids ours;
	COSMO_AUTO(our_uids_done) struct our_uids *owned = &ours;
	char unread[OUR_UIDS_UNREAD_BYTES] = "";
	bool is_ours = false;

	assert_int_equal(
		our_uids_init(owned, fixture_of(state)->store, "/dev/null", NULL), COSMO_OK);
	take_descriptors_away();
	for (uint32_t i = 1; i <= 9; i++)
		assert_int_equal(
			our_uids_have(owned, UINT32_C(4000000000) + i, &is_ours, NULL), COSMO_OK);
	give_descriptors_back();
	assert_int_equal(our_uids_unread(owned, unread), 9);
	assert_string_equal(
		unread, "4000000001, 4000000002, 4000000003, 4000000004, 4000000005, ...");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_READY_FIXTURE(
			test_our_uids_have__passwd_cannot_be_read__the_register_alone_tells),
		WITH_READY_FIXTURE(test_our_uids_have__register_is_damaged_there__is_ours),
		WITH_READY_FIXTURE(
			test_our_uids_have__register_cannot_be_read__is_nobodys_and_remembered),
		WITH_READY_FIXTURE(test_our_uids_unread__more_than_there_is_room_for__is_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
