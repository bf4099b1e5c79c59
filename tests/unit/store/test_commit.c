/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/base/users_db_map.h"
#include "common/base/users_db_slot.h"
#include "pam_cosmo_sso/helper/users_db_write.h"
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

static struct users_db_user found(struct fixture *fixture, const char *name)
{
	struct users_db_user user = {0};

	assert_int_equal(users_db_find_name(store_users_db(fixture->store), name, &user), COSMO_OK);
	assert_string_equal(user.name, name);
	return user;
}

static bool is_known(struct fixture *fixture, const char *name)
{
	struct users_db_user user = {0};

	return users_db_find_ever(store_users_db(fixture->store), name, &user) == COSMO_OK;
}

static enum cosmo_err commit(struct fixture *fixture, const struct record *record)
{
	return commit_user(fixture->store, &fixture->config, record);
}

static void test_commit_user__thousands_of_versions__each_as_written(void **state)
{
	struct fixture *fixture = fixture_of(state);
	COSMO_AUTO(record_free) struct record *record = fixture_record(fixture, "ada");

	for (uint32_t version = 0; version < 2000; version++) {
		struct users_db_user user = {0};

		fixture_version(record, version);
		assert_int_equal(commit(fixture, record), COSMO_OK);
		user = found(fixture, "ada");
		assert_int_equal(fixture_version_of(&user), version);
	}
}

static void test_commit_user__unfit_record__refused_and_nothing_changed(void **state)
{
	struct fixture *fixture = fixture_of(state);
	COSMO_AUTO(record_free) struct record *record = fixture_record(fixture, "ada");
	COSMO_AUTO(record_free) struct record *stranger = fixture_person(&fixture->config, "eve");
	char *home = record->home;
	static char bad_home[] = "/home/a:b";
	uint32_t uid = record->uid;
	uint64_t generation = 0;

	assert_int_equal(commit(fixture, record), COSMO_OK);
	generation = fixture_generation(fixture);
	record->home = bad_home;
	assert_int_equal(commit(fixture, record), COSMO_E_INVALID);
	record->home = home;
	record->uid = record->gid = uid + 1; /* nobody's */
	assert_int_equal(commit(fixture, record), COSMO_E_STORE_DAMAGED);
	record->uid = record->gid = uid;
	/* Not registered, and another's. */
	stranger->uid = stranger->gid = uid + 2;
	assert_int_equal(commit(fixture, stranger), COSMO_E_STORE_DAMAGED);
	stranger->uid = stranger->gid = uid;
	assert_int_equal(commit(fixture, stranger), COSMO_E_STORE_DAMAGED);
	assert_false(is_known(fixture, "eve"));
	/* What the register does not confirm is no reason to make the file anew, for nothing. */
	assert_int_equal(fixture_generation(fixture), generation);
	assert_int_equal(found(fixture, "ada").uid, uid);
	assert_string_equal(found(fixture, "ada").home, "/home/ada");
}

static void test_commit_users__bad_batch__refused(void **state)
{
	static const struct record *many[COMMIT_MAX_USERS + 1];
	struct fixture *fixture = fixture_of(state);
	COSMO_AUTO(record_free) struct record *ada = fixture_record(fixture, "ada");
	COSMO_AUTO(record_free) struct record *bob = fixture_record(fixture, "bob");
	const struct record *const twice[] = {ada, bob, ada};

	assert_int_equal(commit_users(fixture->store, &fixture->config, twice, 0), COSMO_E_INVALID);
	assert_int_equal(commit_users(fixture->store, &fixture->config, many, COMMIT_MAX_USERS + 1),
		COSMO_E_INVALID);
	assert_int_equal(commit_users(fixture->store, &fixture->config, twice, 3), COSMO_E_INVALID);
	assert_false(is_known(fixture, "ada"));
	assert_int_equal(commit_users(fixture->store, &fixture->config, twice, 2), COSMO_OK);
	assert_true(is_known(fixture, "ada") && is_known(fixture, "bob"));
}

/* Growth upon growth: everybody is still there, with what he had. */
static void test_commit_users__file_grows__nobody_is_lost(void **state)
{
	struct fixture *fixture = fixture_of(state);
	uint64_t count = 0;

	for (unsigned int i = 0; i < 1000; i += 50) {
		struct record *records[50] = {NULL};

		for (unsigned int k = 0; k < 50; k++) {
			char name[16] = "";

			snprintf(name, sizeof(name), "user%u", i + k);
			records[k] = fixture_record(fixture, name);
			fixture_version(records[k], i + k);
		}
		assert_int_equal(commit_users(fixture->store, &fixture->config,
					 (const struct record *const *)records, 50),
			COSMO_OK);
		for (unsigned int k = 0; k < 50; k++)
			record_free(records[k]);
	}
	for (unsigned int i = 0; i < 1000; i++) {
		struct users_db_user user = {0};
		struct users_db_user by_uid = {0};
		char name[16] = "";

		snprintf(name, sizeof(name), "user%u", i);
		user = found(fixture, name);
		assert_int_equal(fixture_version_of(&user), i);
		assert_int_equal(
			users_db_find_uid(store_users_db(fixture->store), user.uid, &by_uid),
			COSMO_OK);
		assert_string_equal(by_uid.name, name);
	}
	assert_int_equal(users_db_count(store_users_db(fixture->store), &count), COSMO_OK);
	assert_int_equal(count, 1000);
}

/* The copy a pair counts last gets the last sequence there is. */
static void put_last_sequence(const struct fixture *fixture, const struct users_db_map *map,
	const struct users_db_pair *pair, size_t count)
{
	uint64_t words[USERS_DB_SETTINGS_WORDS];
	const uint64_t last = UINT32_MAX;
	size_t copies = (size_t)(pair->copies - map->words);
	int copy = users_db_pair_load(pair, count, words);
	int fd = open(fixture->users_db, O_WRONLY | O_CLOEXEC);

	assert_true(fd >= 0 && copy >= 0);
	words[1] |= last;
	words[0] = users_db_check(
		users_db_copy_key(pair->key, (unsigned int)copy), words + 1, count - 1);
	assert_int_equal(
		pwrite(fd, words, count * 8, (off_t)((copies + (size_t)copy * pair->stride) * 8)),
		(ssize_t)(count * 8));
	assert_int_equal(
		pwrite(fd, &last, 8, (off_t)((size_t)(pair->current - map->words) * 8)), 8);
	close(fd);
}

/* After 2^32 changes counting begins anew, in a new file; nobody is locked out by it. */
static void test_commit_user__sequences_at_their_end__goes_on(void **state)
{
	struct fixture *fixture = fixture_of(state);
	COSMO_AUTO(record_free) struct record *record = fixture_record(fixture, "ada");

	for (uint32_t row = 0; row < 3; row++) {
		const struct users_db_map *map = NULL;
		struct users_db_pair pair = {0};
		struct users_db_name name;
		struct users_db_user user;
		uint32_t slot = 0;

		fixture_version(record, row);
		assert_int_equal(commit(fixture, record), COSMO_OK);
		assert_int_equal(
			users_db_map_open(AT_FDCWD, fixture->users_db, fixture->machine_id, &map),
			COSMO_OK);
		assert_true(users_db_name_make(map, "ada", &name));
		assert_int_equal(users_db_slot_by_name(map, &name, &slot, &user), SLOT_FOUND);
		pair = row == 0   ? users_db_state_pair(map->words, map->header.key)
		       : row == 1 ? users_db_slot_pair(map, slot)
				  : users_db_settings_pair(map);
		put_last_sequence(fixture, map, &pair,
			row == 0   ? USERS_DB_STATE_WORDS
			: row == 1 ? USERS_DB_COPY_WORDS
				   : USERS_DB_SETTINGS_WORDS);
		users_db_map_free(map);
		fixture->config.role_lease_s++;
		if (row == 2)
			assert_int_equal(
				commit_settings(fixture->store, &fixture->config, -1), COSMO_OK);
		fixture_version(record, 10 + row);
		assert_int_equal(commit(fixture, record), COSMO_OK);
		user = found(fixture, "ada");
		assert_int_equal(fixture_version_of(&user), 10 + row);
	}
}

/* A commit meets damage: in what is not concerned it stays, in what is it is mended. */
static void test_commit_user__file_lost_or_damaged__made_anew_from_the_records(void **state)
{
	struct fixture *fixture = fixture_of(state);
	COSMO_AUTO(record_free) struct record *record = fixture_record(fixture, "ada");

	fixture_enrol(fixture, "bob");
	for (int row = 0; row < 4; row++) {
		int fd = open(fixture->users_db, O_WRONLY | O_CLOEXEC);

		assert_true(fd >= 0);
		if (row == 0)
			assert_int_equal(unlink(fixture->users_db), 0);
		else if (row == 1)
			assert_int_equal(truncate(fixture->users_db, 8192), 0);
		else if (row == 2)
			assert_int_equal(pwrite(fd, "x", 1, 20), 1); /* the header */
		else
			assert_int_equal(truncate(fixture->users_db, 0), 0);
		close(fd);
		users_db_done(store_users_db(fixture->store));
		assert_int_equal(commit(fixture, record), COSMO_OK);
		assert_int_equal(found(fixture, "bob").roles, 4);
		assert_int_equal(found(fixture, "ada").roles, 4);
	}
	assert_int_equal(chown(fixture->users_db, 1, 1), 0);
	assert_int_equal(commit(fixture, record), COSMO_E_UNSAFE_FILE);
	assert_int_equal(commit_rebuild(fixture->store, &fixture->config), COSMO_OK);
	users_db_done(store_users_db(fixture->store));
	assert_int_equal(found(fixture, "bob").roles, 4);
}

/* A tag that the disk lost half of: after a boot it is met and mended, whoever is committed. */
static void test_commit_user__first_since_boot__damage_elsewhere_is_mended(void **state)
{
	struct fixture *fixture = fixture_of(state);
	struct users_db *db = store_users_db(fixture->store);
	struct users_db_file *file = NULL;
	const struct users_db_map *map = NULL;
	struct users_db_name name;
	struct users_db_user user;
	char note[160] = "";
	uint32_t slot = 0;
	const uint64_t bad = 0x0123456789abcdefULL;
	int fd = open(fixture->users_db, O_WRONLY | O_CLOEXEC);

	fixture_enrol(fixture, "ada");
	assert_int_equal(users_db_file_open(fixture->store, &file), COSMO_OK);
	map = users_db_file_map(file);
	assert_true(users_db_name_make(map, "ada", &name));
	assert_int_equal(users_db_slot_by_name(map, &name, &slot, &user), SLOT_FOUND);
	assert_int_equal(users_db_file_verify(file), COSMO_OK);
	assert_true(fd >= 0);
	assert_int_equal(
		pwrite(fd, &bad, 8, (off_t)(users_db_at_slot(slot) + USERS_DB_SLOT_AT_IDS) * 8), 8);
	close(fd);
	assert_int_equal(users_db_file_verify(file), COSMO_E_STORE_DAMAGED);
	users_db_file_free(file);
	/* Looked at once since the boot: others go on. */
	fixture_enrol(fixture, "bob");
	assert_int_equal(users_db_find_name(db, "ada", &user), COSMO_E_STORE_DAMAGED);
	snprintf(note, sizeof(note), "%s/private/verified", fixture->run_dir);
	assert_int_equal(unlink(note), 0);
	fixture_enrol(fixture, "eve");
	assert_int_equal(found(fixture, "ada").roles, 4);
	assert_int_equal(found(fixture, "bob").roles, 4);
	assert_int_equal(access(note, F_OK), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			test_commit_user__new_user__found_by_name_uid_and_enumeration,
			fixture_setup_ready, fixture_teardown),
		WITH_MEMORY_FIXTURE(test_commit_user__thousands_of_versions__each_as_written),
		WITH_READY_FIXTURE(test_commit_user__unfit_record__refused_and_nothing_changed),
		WITH_READY_FIXTURE(test_commit_users__bad_batch__refused),
		WITH_MEMORY_FIXTURE(test_commit_users__file_grows__nobody_is_lost),
		WITH_READY_FIXTURE(test_commit_user__sequences_at_their_end__goes_on),
		WITH_READY_FIXTURE(test_commit_user__first_since_boot__damage_elsewhere_is_mended),
		WITH_READY_FIXTURE(
			test_commit_user__file_lost_or_damaged__made_anew_from_the_records),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
