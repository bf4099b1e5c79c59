/* SPDX-License-Identifier: MIT */
/* A commit costs the same with ten users and with a hundred thousand: calls and bytes are counted.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

#include "pam_cosmo_sso/helper/uid_register.h"
#include "pam_cosmo_sso/helper/users_db_write.h"
#include "tests/unit/store/store_fixture.h"
#include "tests/unit/store/traced_child.h"

#define FEW       10U
#define MANY      100000U
#define MAX_CALLS 512U

static struct fixture *setup(void **state)
{
	assert_int_equal(fixture_setup_in_memory(state), 0);
	return fixture_of(state);
}

/* As many files in the private folders as there are users; all one, for the sake of memory. */
static void fill_folders(struct fixture *fixture, unsigned int users)
{
	static const enum store_folder folders[] = {
		STORE_USERS, STORE_SUBJECTS, STORE_UIDS, STORE_NAMES};
	int fd = openat(
		store_private_fd(fixture->store), "one", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	close(fd);
	for (size_t i = 0; i < COSMO_ARRAY_LEN(folders); i++)
		for (unsigned int user = 0; user < users; user++) {
			char name[16] = "";

			snprintf(name, sizeof(name), "u%06u", user);
			assert_int_equal(
				linkat(store_private_fd(fixture->store), "one",
					store_folder_fd(fixture->store, folders[i]), name, 0),
				0);
		}
}

/* They stand in users.db alone, which has room for some more. */
static void fill_file(struct fixture *fixture, unsigned int users)
{
	COSMO_AUTO(users_db_file_free) struct users_db_file *file = NULL;
	const struct users_db_size size = {.users = users + 100, .longs = 64, .generation = 7};
	struct users_db_settings settings;

	assert_int_equal(users_db_settings(store_users_db(fixture->store), &settings), COSMO_OK);
	assert_int_equal(users_db_file_make(fixture->store, &settings, &size, &file), COSMO_OK);
	for (unsigned int i = 0; i < users; i++) {
		struct users_db_user user = {.uid = 2000000 + i, .gid = 2000000 + i, .roles = 1};

		snprintf(user.name, sizeof(user.name), "u%06u", i);
		snprintf(user.home, sizeof(user.home), "/home/%s", user.name);
		snprintf(user.shell, sizeof(user.shell), "/bin/bash");
		assert_int_equal(users_db_file_put(file, &user), COSMO_OK);
	}
	assert_int_equal(users_db_file_publish(fixture->store, file), COSMO_OK);
}

struct deed {
	const struct fixture *fixture;
	struct record *record;
};

static int do_deed(void *context)
{
	const struct deed *deed = context;
	const struct config *config = &deed->fixture->config;
	struct store *store = NULL;
	enum cosmo_err err = store_open(&deed->fixture->paths, &store);

	if (!err)
		err = store_lock(store, STORE_LOCK_MS);
	if (!err)
		err = commit_settings(store, config, -1);
	if (!err)
		err = uid_register_assign(store, deed->record->name, config->uid_min,
			config->uid_max, 0, &deed->record->uid);
	deed->record->gid = deed->record->uid;
	if (!err)
		err = commit_user(store, config, deed->record);
	store_free(store);
	return (int)err;
}

/* A new user, the same once more with other roles, with long texts, locked. */
#define COMMITS 4U

struct costs {
	struct traced_call calls[COMMITS][MAX_CALLS];
	size_t counts[COMMITS];
};

static void measure(unsigned int users, struct costs *ret)
{
	static const uint32_t versions[COMMITS] = {2, 7, 8, 5};
	void *state = NULL;
	struct fixture *fixture = setup(&state);
	uint64_t count = 0;

	fill_folders(fixture, users);
	fill_file(fixture, users);
	store_unlock(fixture->store);
	for (size_t i = 0; i < COMMITS; i++) {
		struct deed deed = {
			.fixture = fixture, .record = fixture_person(&fixture->config, "ada")};

		fixture_version(deed.record, versions[i]);
		ret->counts[i] = traced_list(do_deed, &deed, ret->calls[i], MAX_CALLS);
		assert_true(ret->counts[i] <= MAX_CALLS);
		record_free(deed.record);
	}
	assert_int_equal(users_db_count(store_users_db(fixture->store), &count), COSMO_OK);
	assert_int_equal(count, users + 1);
	assert_int_equal(fixture_teardown(&state), 0);
}

static uint64_t bytes_of(const struct costs *costs, size_t commit)
{
	uint64_t bytes = 0;

	for (size_t i = 0; i < costs->counts[commit]; i++)
		bytes += costs->calls[commit][i].bytes;
	return bytes;
}

static size_t syncs_of(const struct costs *costs, size_t commit)
{
	size_t syncs = 0;

	for (size_t i = 0; i < costs->counts[commit]; i++)
		syncs += costs->calls[commit][i].number == SYS_fsync ||
			 costs->calls[commit][i].number == SYS_fdatasync;
	return syncs;
}

static void test_commit_user__ten_and_hundred_thousand_users__same_calls_and_bytes(void **state)
{
	static struct costs few;
	static struct costs many;

	(void)state;
	if (geteuid() != 0) {
		print_message("SKIPPED: the files of a store are root's, and this is not root\n");
		skip();
	}
	measure(FEW, &few);
	measure(MANY, &many);
	for (size_t i = 0; i < COMMITS; i++) {
		print_message("commit %zu: %zu calls, %lu bytes written, %zu syncs\n", i,
			many.counts[i], (unsigned long)bytes_of(&many, i), syncs_of(&many, i));
		assert_int_equal(few.counts[i], many.counts[i]);
		assert_int_equal(bytes_of(&few, i), bytes_of(&many, i));
		assert_true(syncs_of(&few, i) > 3);
		for (size_t k = 0; k < few.counts[i]; k++) {
			assert_int_equal(few.calls[i][k].number, many.calls[i][k].number);
			assert_int_equal(few.calls[i][k].bytes, many.calls[i][k].bytes);
		}
	}
}

/* P9 against a power cut: whatever is put in force was synced before, and so was its folder. */
static void test_commit_user__known_user__syncs_in_order(void **state)
{
	static const struct {
		long number;
		const char *path;
	} expected[] = {
		{SYS_pwrite64, "users.1.db"},  /* what is about to be done */
		{SYS_fdatasync, "users.1.db"}, /* known before anything is done */
		{SYS_unlinkat, ".ada.new"}, {SYS_openat, ".ada.new"}, {SYS_fchmod, ".ada.new"},
		{SYS_write, ".ada.new"}, {SYS_fsync, ".ada.new"}, {SYS_renameat, "ada"},
		{SYS_fsync, "users"}, {SYS_pwrite64, "users.1.db"},          /* the slot */
		{SYS_fdatasync, "users.1.db"}, {SYS_pwrite64, "users.1.db"}, /* its current word */
		{SYS_pwrite64, "users.1.db"},                                /* done */
	};
	void *own = NULL;
	struct fixture *fixture = NULL;
	static struct traced_call calls[MAX_CALLS];
	struct deed deed = {.fixture = NULL};
	size_t count = 0;
	size_t at = 0;

	(void)fixture_of(state);
	fixture = setup(&own);
	fixture_enrol(fixture, "ada");
	store_unlock(fixture->store);
	deed = (struct deed){.fixture = fixture, .record = fixture_person(&fixture->config, "ada")};
	fixture_version(deed.record, 7);
	count = traced_list(do_deed, &deed, calls, MAX_CALLS);
	record_free(deed.record);
	for (size_t i = 0; i < count; i++) {
		if (!calls[i].is_changing || calls[i].number == SYS_mkdirat ||
			streq(calls[i].path, "lock"))
			continue;
		if (at >= COSMO_ARRAY_LEN(expected) || calls[i].number != expected[at].number ||
			!streq(calls[i].path, expected[at].path))
			fail_msg(
				"call %zu is number %ld to %s", at, calls[i].number, calls[i].path);
		at++;
	}
	assert_int_equal(at, COSMO_ARRAY_LEN(expected));
	assert_int_equal(fixture_teardown(&own), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			test_commit_user__ten_and_hundred_thousand_users__same_calls_and_bytes),
		WITH_FIXTURE(test_commit_user__known_user__syncs_in_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
