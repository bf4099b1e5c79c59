/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/fdio.h"
#include "pam_cosmo_sso/helper/left_files.h"
#include "tests/unit/store/store_fixture.h"

#define LOCAL_UID 1000U
#define ROLE      1879048302U /* developer's */

/* Time goes on by this with each question for it; each name that is met asks once. */
static int64_t step_ms;
static int64_t *now_ms; /* shared with the process that searches */

int64_t __wrap_fdio_boot_ms(void);

int64_t __wrap_fdio_boot_ms(void)
{
	*now_ms += step_ms;
	return *now_ms;
}

static char shared[128];
static const char *const folders[] = {shared, NULL};

/* A home below the fixture's folder, and the uid. */
static uint32_t enrol(struct fixture *fixture, const char *name)
{
	COSMO_AUTO(record_free) struct record *record = fixture_record(fixture, name);

	assert_int_equal(mkdir(record->home, 0700), 0);
	assert_int_equal(commit_user(fixture->store, &fixture->config, record), COSMO_OK);
	return record->uid;
}

static void put(const char *folder, const char *name, uid_t uid, mode_t mode)
{
	char path[256] = "";
	int fd = -1;

	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(fchown(fd, uid, ROLE), 0);
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
}

static void put_at_home(struct fixture *fixture, const char *whose, const char *name, uid_t uid)
{
	char home[128] = "";

	(void)snprintf(home, sizeof(home), "%s/home/%s", fixture->dir, whose);
	put(home, name, uid, 02755);
}

static void fill(struct fixture *fixture, const char *place, unsigned int count)
{
	char folder[128] = "";

	(void)snprintf(folder, sizeof(folder), "%s/%s", fixture->dir, place);
	for (unsigned int i = 0; i < count; i++) {
		char name[16] = "";

		(void)snprintf(name, sizeof(name), "f%u", i);
		put(folder, name, LOCAL_UID, 0600);
	}
}

static struct fixture *ready(void **state)
{
	static char home[128];
	char homes[128] = "";
	struct fixture *fixture = fixture_of(state);

	(void)snprintf(home, sizeof(home), "%s/home/%%u", fixture->dir);
	(void)snprintf(homes, sizeof(homes), "%s/home", fixture->dir);
	(void)snprintf(shared, sizeof(shared), "%s/shared", fixture->dir);
	assert_int_equal(mkdir(homes, 0755), 0);
	assert_int_equal(mkdir(shared, 01777), 0);
	fixture->config.home = home;
	step_ms = 0;
	return fixture;
}

static struct left_files look(struct fixture *fixture, const char *user, bool strip)
{
	const struct left_scope scope = {.user = user, .folders = folders, .strip = strip};
	struct our_uids ours;
	COSMO_AUTO(our_uids_done) struct our_uids *owned = &ours;
	struct left_files found;

	assert_int_equal(our_uids_init(owned, fixture->store, "/dev/null", user), COSMO_OK);
	assert_int_equal(left_files_find(fixture->store, owned, &scope, &found), COSMO_OK);
	return found;
}

static void test_left_files_find__in_homes_and_shared_folders__by_their_owner(void **state)
{
	struct fixture *fixture = ready(state);
	uint32_t ada = enrol(fixture, "ada");
	uint32_t bob = enrol(fixture, "bob");

	put_at_home(fixture, "ada", "tool", ada);
	put_at_home(fixture, "bob", "tool", ada);
	put_at_home(fixture, "bob", "locals", LOCAL_UID);
	put(shared, "adas", ada, 02755);
	put(shared, "bobs", bob, 02755);
	put(shared, "plain", bob, 0755);
	put(shared, "locals", LOCAL_UID, 02755);

	assert_int_equal(look(fixture, "ada", false).found, 2);
	assert_int_equal(look(fixture, "bob", false).found, 1);
	assert_int_equal(look(fixture, NULL, false).found, 4);
	assert_int_equal(look(fixture, NULL, true).stripped, 4);
	assert_int_equal(look(fixture, NULL, true).found, 0);
	assert_string_equal(look(fixture, NULL, false).places, "");
}

/* 21 s, 3.5 s: each beyond what there is for one. */
static void test_left_files_find__a_huge_place__the_others_are_looked_through(void **state)
{
	static const char *const others[] = {"a", "b", "c", "x", "y", "z"};
	struct fixture *fixture = ready(state);
	struct left_files found;

	enrol(fixture, "huge");
	fill(fixture, "home/huge", 2100);
	fill(fixture, "shared", 350);
	for (size_t i = 0; i < COSMO_ARRAY_LEN(others); i++)
		put_at_home(fixture, others[i], "tool", enrol(fixture, others[i]));
	step_ms = 10;

	found = look(fixture, NULL, false);
	assert_int_equal(found.found, COSMO_ARRAY_LEN(others));
	assert_int_equal(found.unseen, 2);
	assert_int_equal(found.why, COSMO_E_TIMEOUT);
	assert_non_null(strstr(found.places, "huge's home, /"));
	assert_non_null(strstr(found.places, "/shared"));
}

static void test_left_files_find__to_be_stripped_or_one_user__there_is_more_time(void **state)
{
	struct fixture *fixture = ready(state);

	enrol(fixture, "ada");
	fill(fixture, "home/ada", 300);
	step_ms = 10;
	assert_int_equal(look(fixture, NULL, false).unseen, 1);
	assert_int_equal(look(fixture, NULL, true).unseen, 0);
	assert_int_equal(look(fixture, "ada", false).unseen, 0);
}

/* A home of nobody knows where; and all of them, of which but the first can be told. */
static void test_left_files_find__many_unseen__whose_and_how_many(void **state)
{
	struct fixture *fixture = ready(state);
	struct left_files found;

	for (unsigned int i = 0; i < 40; i++) {
		char name[16] = "";

		(void)snprintf(name, sizeof(name), "user%u", i);
		put_at_home(fixture, name, "tool", enrol(fixture, name));
	}
	assert_int_equal(fdio_replace_file(store_folder_fd(fixture->store, STORE_USERS), "user7",
				 "torn", 4, 0600),
		COSMO_OK);
	found = look(fixture, NULL, false);
	assert_int_equal(found.found, 39);
	assert_int_equal(found.unseen, 1);
	assert_int_equal(found.why, COSMO_E_STORE_DAMAGED);
	assert_string_equal(found.places, "user7's home");

	step_ms = 30000;
	found = look(fixture, NULL, false);
	assert_int_equal(found.unseen, 40);
	assert_string_equal(
		found.places + strlen(found.places) - strlen("'s home, ..."), "'s home, ...");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_MEMORY_FIXTURE(
			test_left_files_find__in_homes_and_shared_folders__by_their_owner),
		WITH_MEMORY_FIXTURE(
			test_left_files_find__a_huge_place__the_others_are_looked_through),
		WITH_MEMORY_FIXTURE(
			test_left_files_find__to_be_stripped_or_one_user__there_is_more_time),
		WITH_MEMORY_FIXTURE(test_left_files_find__many_unseen__whose_and_how_many),
	};

	now_ms = mmap(
		NULL, sizeof(*now_ms), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (now_ms == MAP_FAILED)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
