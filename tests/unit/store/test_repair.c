/* SPDX-License-Identifier: MIT */
/* What repair finds in a store, and what it makes of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "pam_cosmo_sso/helper/repair.h"
#include "pam_cosmo_sso/helper/uid_register.h"
#include "pam_cosmo_sso/helper/users_db_write.h"
#include "tests/unit/store/store_fixture.h"
#include "tests/unit/store/traced_child.h"

#define VIEWER 1ULL
#define ADMIN  4ULL

/* What others do just before the lock is theirs no more, and how many records are read one by one
 * since. */
static void (*meanwhile)(struct fixture *fixture);
static struct fixture *meanwhile_in;
static unsigned int read_locked;

enum cosmo_err __real_store_lock(struct store *store, int64_t timeout_ms);
enum cosmo_err __wrap_store_lock(struct store *store, int64_t timeout_ms);
enum cosmo_err __real_record_load(struct store *store, const char *name, struct record **ret);
enum cosmo_err __wrap_record_load(struct store *store, const char *name, struct record **ret);

enum cosmo_err __wrap_store_lock(struct store *store, int64_t timeout_ms)
{
	void (*deed)(struct fixture * fixture) = meanwhile;

	meanwhile = NULL;
	if (deed)
		deed(meanwhile_in);
	read_locked = 0;
	return __real_store_lock(store, timeout_ms);
}

enum cosmo_err __wrap_record_load(struct store *store, const char *name, struct record **ret)
{
	read_locked++;
	return __real_record_load(store, name, ret);
}

/* cat, rm and the like in the private folder. */
static void shell(const struct fixture *fixture, const char *words)
{
	char command[512] = "";

	snprintf(command, sizeof(command), "cd '%s/private' && umask 077 && %s", fixture->state_dir,
		words);
	/* NOLINTNEXTLINE(cert-env33-c, concurrency-mt-unsafe): a test's own */
	assert_int_equal(system(command), 0);
}

static struct repair_report look(const struct fixture *fixture)
{
	static struct repair_report report;

	assert_int_equal(repair_look(fixture->store, &report), COSMO_OK);
	return report;
}

static struct repair_report repair(const struct fixture *fixture)
{
	static struct repair_report report;

	assert_int_equal(repair_run(fixture->store, &fixture->config, &report), COSMO_OK);
	return report;
}

static struct users_db_user found(struct fixture *fixture, const char *name)
{
	struct users_db_user user = {0};

	assert_int_equal(users_db_find_name(store_users_db(fixture->store), name, &user), COSMO_OK);
	return user;
}

static void enrol_two(struct fixture *fixture)
{
	fixture_enrol(fixture, "ada");
	fixture_enrol(fixture, "bob");
}

static void test_repair_look__empty_store__nothing_is_the_matter(void **state)
{
	const struct repair_report report = look(fixture_of(state));

	assert_int_equal(report.users_db, COSMO_OK);
	assert_int_equal(report.seed, COSMO_OK);
	assert_int_equal(report.integration, COSMO_OK);
	assert_int_equal(report.records + report.damaged + report.names, 0);
}

static void test_repair_look__sound_store__counts(void **state)
{
	struct fixture *fixture = fixture_of(state);
	struct repair_report report;

	enrol_two(fixture);
	report = look(fixture);
	assert_int_equal(report.users_db, COSMO_OK);
	assert_int_equal(report.records, 2);
	assert_int_equal(report.names, 2);
	assert_int_equal(report.damaged + report.unregistered + report.recordless, 0);
}

/* Each way in which a record can be no good, by its file's name. */
static void test_repair_look__damaged_records__named_with_the_reason(void **state)
{
	struct fixture *fixture = fixture_of(state);
	struct repair_report report;

	enrol_two(fixture);
	fixture_enrol(fixture, "cyd");
	fixture_enrol(fixture, "dan");
	shell(fixture, "truncate -s -1 users/ada; chmod 644 users/bob; "
		       "echo ada > uids/$(cat names/dan)");
	report = look(fixture);
	assert_int_equal(report.records, 1);
	assert_int_equal(report.damaged, 3);
	for (size_t i = 0; i < 3; i++) {
		const char *name = report.named[i].name;
		enum cosmo_err expected = streq(name, "bob")   ? COSMO_E_UNSAFE_FILE
					  : streq(name, "dan") ? COSMO_E_UID
							       : COSMO_E_STORE_DAMAGED;

		assert_true(streq(name, "ada") || streq(name, "bob") || streq(name, "dan"));
		assert_int_equal(report.named[i].err, expected);
	}
}

static void test_repair_look__changes_nothing(void **state)
{
	struct fixture *fixture = fixture_of(state);

	enrol_two(fixture);
	shell(fixture, "truncate -s -1 users/ada; rm names/bob");
	shell(fixture, "find .. -type f -exec ls -l --full-time {} + | sort > ../../before");
	(void)look(fixture);
	shell(fixture, "find .. -type f -exec ls -l --full-time {} + | sort > ../../after");
	shell(fixture, "cmp ../../before ../../after");
}

static void test_repair_run__users_db_gone_or_garbage__made_anew(void **state)
{
	struct fixture *fixture = fixture_of(state);

	enrol_two(fixture);
	shell(fixture, "rm ../users.1.db");
	assert_int_equal(repair(fixture).users_db, COSMO_E_STORE_MISSING);
	assert_int_equal(found(fixture, "ada").roles, ADMIN);
	shell(fixture, "rm ../users.1.db && head -c 8192 /dev/urandom > ../users.1.db");
	assert_int_equal(repair(fixture).users_db, COSMO_E_STORE_DAMAGED);
	assert_int_equal(look(fixture).users_db, COSMO_OK);
}

static void test_repair_run__damaged_record__left_aside_and_locked(void **state)
{
	struct fixture *fixture = fixture_of(state);
	struct repair_report report;

	enrol_two(fixture);
	shell(fixture, "truncate -s -1 users/ada; cp users/ada ../../kept");
	for (int round = 0; round < 2; round++) {
		report = repair(fixture);
		assert_int_equal(report.damaged, 1);
		assert_string_equal(report.named[0].name, "ada");
		assert_int_equal(found(fixture, "ada").roles, 0);
		assert_int_equal(found(fixture, "ada").flags, USERS_DB_LOCKED);
		assert_int_equal(found(fixture, "bob").roles, ADMIN);
		shell(fixture, "cmp users/ada ../../kept");
	}
}

/* The uid is nobody's, so it is the record's again; not so if another name has it by now. */
static void test_repair_run__register_lost__written_again_unless_taken(void **state)
{
	struct fixture *fixture = fixture_of(state);
	struct repair_report report;
	struct users_db_user ada = {0};

	enrol_two(fixture);
	ada = found(fixture, "ada");
	shell(fixture, "rm uids/$(cat names/ada) names/ada; echo eve > uids/$(cat names/bob); "
		       "rm names/bob");
	report = repair(fixture);
	assert_int_equal(report.unregistered, 1);
	assert_int_equal(report.damaged, 1);
	assert_int_equal(uid_register_check(fixture->store, "ada", ada.uid), COSMO_OK);
	assert_int_equal(found(fixture, "ada").uid, ada.uid);
	assert_int_equal(found(fixture, "ada").roles, ADMIN);
	assert_int_equal(
		users_db_find_name(store_users_db(fixture->store), "bob", &ada), COSMO_E_NOT_FOUND);
	assert_int_equal(repair(fixture).unregistered, 0);
}

static void test_repair_run__uid_without_a_record__kept_for_its_name(void **state)
{
	struct fixture *fixture = fixture_of(state);
	uint32_t uid = 0;
	uint32_t again = 0;

	enrol_two(fixture);
	uid = found(fixture, "ada").uid;
	shell(fixture, "rm users/ada");
	assert_int_equal(repair(fixture).recordless, 1);
	assert_int_equal(uid_register_find(fixture->store, "ada", &again), COSMO_OK);
	assert_int_equal(again, uid);
}

/* What a writer left half-made may hold tokens. */
static void test_repair_run__stages_of_a_dead_writer__removed(void **state)
{
	struct fixture *fixture = fixture_of(state);

	enrol_two(fixture);
	shell(fixture, "touch users/.ada.new subjects/.x.new names/.y.new uids/.z.new");
	(void)repair(fixture);
	shell(fixture, "! find . -name '.*.new' | grep .");
}

static void test_repair_run__seed_lost__refused_and_nothing_changed(void **state)
{
	struct fixture *fixture = fixture_of(state);
	struct repair_report report;
	struct stat before = {0};
	struct stat after = {0};

	enrol_two(fixture);
	shell(fixture, "rm uid_seed");
	assert_int_equal(stat(fixture->users_db, &before), 0);
	assert_int_equal(
		repair_run(fixture->store, &fixture->config, &report), COSMO_E_STORE_MISSING);
	assert_int_equal(report.seed, COSMO_E_STORE_MISSING);
	assert_int_equal(stat(fixture->users_db, &after), 0);
	assert_int_equal(before.st_ino, after.st_ino);
}

static void commit_roles(struct fixture *fixture, const char *name, const char *role)
{
	COSMO_AUTO(record_free) struct record *record = fixture_record(fixture, name);

	free(record->roles[0]);
	record->roles[0] = strdup(role);
	assert_int_equal(commit_user(fixture->store, &fixture->config, record), COSMO_OK);
}

static void write_some(struct fixture *fixture)
{
	commit_roles(fixture, "bob", "viewer");
	commit_roles(fixture, "eve", "viewer");
	shell(fixture,
		"cp users/cyd users/.cyd && truncate -s -1 users/.cyd && mv users/.cyd users/cyd");
}

/* Of those whom nobody has touched nothing is read again. */
static void test_repair_run__others_write_until_it_has_the_lock__theirs_counts(void **state)
{
	struct fixture *fixture = meanwhile_in = fixture_of(state);

	enrol_two(fixture);
	fixture_enrol(fixture, "cyd");
	for (char name[] = "u0"; name[1] <= '9'; name[1]++)
		fixture_enrol(fixture, name);
	meanwhile = write_some;
	(void)repair(fixture);
	assert_int_equal(read_locked, 3);
	assert_int_equal(found(fixture, "ada").roles, ADMIN);
	assert_int_equal(found(fixture, "bob").roles, VIEWER);
	assert_int_equal(found(fixture, "eve").roles, VIEWER);
	assert_int_equal(found(fixture, "cyd").flags, USERS_DB_LOCKED);
	assert_int_equal(found(fixture, "u7").roles, ADMIN);
	assert_int_equal(look(fixture).users_db, COSMO_OK);
}

static void remove_ada(struct fixture *fixture)
{
	shell(fixture, "rm users/ada");
}

static uint64_t grown_to;

static void grow_the_file(struct fixture *fixture)
{
	COSMO_AUTO(users_db_file_free) struct users_db_file *present = NULL;
	COSMO_AUTO(users_db_file_free) struct users_db_file *larger = NULL;

	assert_int_equal(users_db_file_open(fixture->store, &present), COSMO_OK);
	assert_int_equal(users_db_file_grow(fixture->store, present, &larger), COSMO_OK);
	assert_int_equal(users_db_file_publish(fixture->store, larger), COSMO_OK);
	grown_to = fixture_generation(fixture);
}

/* More than there is room for in a file for two. */
static void enrol_many(struct fixture *fixture)
{
	char name[16] = "";

	for (int i = 0; i < 400; i++) {
		(void)snprintf(name, sizeof(name), "many%d", i);
		fixture_enrol(fixture, name);
	}
}

/* What cannot be mended in the file that was made ahead is made anew. */
static void test_repair_run__what_was_made_ahead_is_of_no_use__all_is_read_again(void **state)
{
	static void (*const deeds[])(struct fixture * fixture) = {
		remove_ada, grow_the_file, enrol_many};
	struct fixture *fixture = meanwhile_in = fixture_of(state);

	for (size_t i = 0; i < COSMO_ARRAY_LEN(deeds); i++) {
		struct users_db_user ada = {0};

		enrol_two(fixture);
		meanwhile = deeds[i];
		(void)repair(fixture);
		assert_true(fixture_generation(fixture) > grown_to);
		assert_int_equal(users_db_find_name(store_users_db(fixture->store), "ada", &ada),
			deeds[i] == remove_ada ? COSMO_E_NOT_FOUND : COSMO_OK);
		assert_int_equal(found(fixture, "bob").roles, ADMIN);
		assert_int_equal(look(fixture).users_db, COSMO_OK);
	}
	assert_int_equal(found(fixture, "many399").roles, ADMIN);
}

/* In a process of its own, which may die. */
static int repair_elsewhere(void *context)
{
	struct fixture *fixture = context;
	static struct repair_report report;
	struct store *store = NULL;
	enum cosmo_err err = store_open(&fixture->paths, &store);

	if (!err)
		err = repair_run(store, &fixture->config, &report);
	store_free(store);
	return (int)err;
}

static bool grieve(enum traced_action action, unsigned int nth)
{
	void *state = NULL;
	struct fixture *fixture = NULL;
	struct users_db_user ada = {0};
	struct traced_end end = {0};

	assert_int_equal(fixture_setup_in_memory(&state), 0);
	fixture = fixture_of(&state);
	enrol_two(fixture);
	ada = found(fixture, "ada");
	shell(fixture, "rm uids/$(cat names/ada) names/ada; truncate -s -1 users/bob; "
		       "touch users/.bob.new; cp users/bob ../../kept");
	store_unlock(fixture->store);
	end = traced_run(repair_elsewhere, fixture, action, nth);
	/* Whatever was reached: nobody has another uid, and the next one mends it all. */
	assert_int_equal(found(fixture, "ada").uid, ada.uid);
	assert_int_equal(repair(fixture).damaged, 1);
	assert_int_equal(uid_register_check(fixture->store, "ada", ada.uid), COSMO_OK);
	assert_int_equal(found(fixture, "ada").roles, ADMIN);
	assert_int_equal(found(fixture, "bob").roles, 0);
	shell(fixture, "cmp users/bob ../../kept && ! find . -name '.*.new' | grep .");
	assert_int_equal(fixture_teardown(&state), 0);
	return end.was_met;
}

static void test_repair_run__killed_or_no_space_at_any_change__the_next_mends(void **state)
{
	static const enum traced_action actions[] = {
		TRACED_KILL_BEFORE, TRACED_KILL_AFTER, TRACED_FAIL};

	(void)fixture_of(state);
	for (size_t i = 0; i < COSMO_ARRAY_LEN(actions); i++) {
		unsigned int calls = 0;

		while (grieve(actions[i], calls))
			calls++;
		assert_true(calls > 15);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_READY_FIXTURE(test_repair_look__empty_store__nothing_is_the_matter),
		WITH_READY_FIXTURE(test_repair_look__sound_store__counts),
		WITH_READY_FIXTURE(test_repair_look__damaged_records__named_with_the_reason),
		WITH_READY_FIXTURE(test_repair_look__changes_nothing),
		WITH_READY_FIXTURE(test_repair_run__users_db_gone_or_garbage__made_anew),
		WITH_READY_FIXTURE(test_repair_run__damaged_record__left_aside_and_locked),
		WITH_READY_FIXTURE(test_repair_run__register_lost__written_again_unless_taken),
		WITH_READY_FIXTURE(test_repair_run__uid_without_a_record__kept_for_its_name),
		WITH_READY_FIXTURE(test_repair_run__stages_of_a_dead_writer__removed),
		WITH_READY_FIXTURE(test_repair_run__seed_lost__refused_and_nothing_changed),
		WITH_READY_FIXTURE(
			test_repair_run__others_write_until_it_has_the_lock__theirs_counts),
		WITH_MEMORY_FIXTURE(
			test_repair_run__what_was_made_ahead_is_of_no_use__all_is_read_again),
		WITH_READY_FIXTURE(
			test_repair_run__killed_or_no_space_at_any_change__the_next_mends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
