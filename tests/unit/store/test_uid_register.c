/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
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

#include "common/base/uid_candidate.h"
#include "pam_cosmo_sso/helper/uid_register.h"
#include "tests/unit/store/store_fixture.h"

static const unsigned char seed[SIPHASH_KEY_BYTES] = "fifteen letters";

static enum cosmo_err assign(struct fixture *fixture, const char *name, uint32_t min, uint32_t max,
	uint32_t demanded, uint32_t *ret)
{
	return uid_register_assign(fixture->store, name, min, max, demanded, ret);
}

static enum cosmo_err pick(
	struct fixture *fixture, const char *name, uint32_t min, uint32_t max, uint32_t *ret)
{
	return uid_candidate_pick(store_private_fd(fixture->store), name, min, max, ret);
}

/* A path below private/, for damage. */
static void write_private(struct fixture *fixture, const char *name, const char *text)
{
	char path[200] = "";
	FILE *file = NULL;

	snprintf(path, sizeof(path), "%s/private/%s", fixture->state_dir, name);
	file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
	assert_int_equal(chmod(path, 0600), 0);
}

static void remove_private(struct fixture *fixture, const char *name)
{
	char path[200] = "";

	snprintf(path, sizeof(path), "%s/private/%s", fixture->state_dir, name);
	assert_int_equal(unlink(path), 0);
}

static void test_uid_candidate__reference__is_siphash_of_the_name(void **state)
{
	uint64_t hash = siphash24(seed, "ada", 3);

	(void)state;
	assert_int_equal(uid_candidate(seed, "ada", 1000, 1999, 0), 1000 + hash % 1000);
	assert_int_equal(
		uid_candidate(seed, "ada", 0, UINT32_MAX, 0), (uint32_t)(hash % (1ULL << 32)));
	assert_int_equal(uid_candidate(seed, "ada", 7, 7, 5), 7);
	for (unsigned int i = 0; i < 30; i++) {
		uint32_t uid = uid_candidate(seed, "ada", 1000, 1009, i);

		assert_true(uid >= 1000 && uid <= 1009);
		assert_int_equal(uid_candidate(seed, "ada", 1000, 1009, i + 10), uid);
	}
	/* Anagrams are different people. */
	assert_int_not_equal(uid_candidate(seed, "ada", 0x70000400, 0x7ffdffff, 0),
		uid_candidate(seed, "daa", 0x70000400, 0x7ffdffff, 0));
}

static void test_uid_candidate_pick__no_seed__store_missing(void **state)
{
	struct fixture *fixture = fixture_of(state);
	uint32_t uid = 0;

	assert_int_equal(pick(fixture, "ada", 1000, 1999, &uid), COSMO_E_STORE_MISSING);
	assert_int_equal(assign(fixture, "ada", 1000, 1999, 0, &uid), COSMO_E_STORE_MISSING);
}

static void test_uid_candidate_pick__bad_name_or_range__invalid(void **state)
{
	struct fixture *fixture = fixture_of(state);
	uint32_t uid = 0;

	assert_int_equal(integration_seed_ensure(fixture->store, seed), COSMO_OK);
	assert_int_equal(pick(fixture, "../uid_seed", 1000, 1999, &uid), COSMO_E_INVALID);
	assert_int_equal(pick(fixture, "", 1000, 1999, &uid), COSMO_E_INVALID);
	assert_int_equal(pick(fixture, "ada", 2000, 1999, &uid), COSMO_E_INVALID);
}

static void test_uid_register_assign__new_name__is_what_was_picked(void **state)
{
	struct fixture *fixture = fixture_of(state);
	uint32_t picked = 0;
	uint32_t uid = 0;
	uint32_t again = 0;

	assert_int_equal(integration_seed_ensure(fixture->store, seed), COSMO_OK);
	assert_int_equal(pick(fixture, "ada", 1000, 1999, &picked), COSMO_OK);
	assert_int_equal(picked, uid_candidate(seed, "ada", 1000, 1999, 0));
	assert_int_equal(assign(fixture, "ada", 1000, 1999, 0, &uid), COSMO_OK);
	assert_int_equal(uid, picked);
	assert_int_equal(uid_register_check(fixture->store, "ada", uid), COSMO_OK);
	assert_int_equal(uid_register_check(fixture->store, "eve", uid), COSMO_E_UID);
	assert_int_equal(uid_register_check(fixture->store, "ada", uid + 1), COSMO_E_UID);
	assert_int_equal(uid_register_check(fixture->store, "bob", uid + 1), COSMO_E_NOT_FOUND);
	/* For ever: in whatever range, whatever is demanded. */
	assert_int_equal(assign(fixture, "ada", 5000, 5999, 0, &again), COSMO_OK);
	assert_int_equal(again, uid);
	assert_int_equal(assign(fixture, "ada", 5000, 5999, 5001, &again), COSMO_OK);
	assert_int_equal(again, uid);
}

static void test_uid_register_assign__small_range__probes_until_it_is_full(void **state)
{
	struct fixture *fixture = fixture_of(state);
	bool taken[10] = {false};
	uint32_t uid = 0;

	assert_int_equal(integration_seed_ensure(fixture->store, seed), COSMO_OK);
	for (int i = 0; i < 10; i++) {
		char name[16] = "";

		snprintf(name, sizeof(name), "user%d", i);
		assert_int_equal(assign(fixture, name, 1000, 1009, 0, &uid), COSMO_OK);
		assert_true(uid >= 1000 && uid <= 1009);
		assert_false(taken[uid - 1000]);
		taken[uid - 1000] = true;
	}
	assert_int_equal(assign(fixture, "late", 1000, 1009, 0, &uid), COSMO_E_UID);
	/* One that is demanded elsewhere is still to be had. */
	assert_int_equal(assign(fixture, "late", 1000, 1010, 1010, &uid), COSMO_OK);
	assert_int_equal(uid, 1010);
}

static enum cosmo_err registered(struct fixture *fixture, const char *name, uint32_t uid)
{
	return uid_candidate_is_registered(store_private_fd(fixture->store), name, uid);
}

static void test_uid_candidate_is_registered__names_and_uids__by_pairs(void **state)
{
	struct fixture *fixture = fixture_of(state);
	uint32_t uid = 0;
	char path[32] = "";

	assert_int_equal(integration_seed_ensure(fixture->store, seed), COSMO_OK);
	assert_int_equal(assign(fixture, "ada", 5000, 5999, 5001, &uid), COSMO_OK);
	assert_int_equal(assign(fixture, "eve", 5000, 5999, 5002, &uid), COSMO_OK);
	assert_int_equal(registered(fixture, "ada", 5001), COSMO_OK);
	assert_int_equal(registered(fixture, "eve", 5001), COSMO_E_NOT_FOUND);
	assert_int_equal(registered(fixture, "ada", 5002), COSMO_E_NOT_FOUND);
	assert_int_equal(registered(fixture, "ada", 5003), COSMO_E_NOT_FOUND);
	snprintf(path, sizeof(path), "uids/%08x", 5001U);
	write_private(fixture, path, "");
	assert_int_equal(registered(fixture, "ada", 5001), COSMO_E_STORE_DAMAGED);
}

/* What a look-up computed stays known as such when others have taken it since. */
static void test_uid_candidate_is_tried__taken_meanwhile__still_so(void **state)
{
	struct fixture *fixture = fixture_of(state);
	int fd = store_private_fd(fixture->store);
	uint32_t first = 0;
	uint32_t next = 0;
	uint32_t uid = 0;

	assert_int_equal(
		uid_candidate_is_tried(fd, "ada", 5000, 59999, 5000), COSMO_E_STORE_MISSING);
	assert_int_equal(integration_seed_ensure(fixture->store, seed), COSMO_OK);
	assert_int_equal(pick(fixture, "ada", 5000, 59999, &first), COSMO_OK);
	assert_int_equal(assign(fixture, "eve", 5000, 59999, first, &uid), COSMO_OK);
	assert_int_equal(pick(fixture, "ada", 5000, 59999, &next), COSMO_OK);
	assert_int_not_equal(first, next);
	assert_int_equal(uid_candidate_is_tried(fd, "ada", 5000, 59999, first), COSMO_OK);
	assert_int_equal(uid_candidate_is_tried(fd, "ada", 5000, 59999, next), COSMO_OK);
	uid = uid_candidate(seed, "ada", 5000, 59999, UID_CANDIDATE_MAX_PROBES);
	assert_int_equal(uid_candidate_is_tried(fd, "ada", 5000, 59999, uid), COSMO_E_NOT_FOUND);
	assert_int_equal(uid_candidate_is_tried(fd, "../x", 5000, 59999, uid), COSMO_E_INVALID);
	assert_int_equal(uid_candidate_is_tried(fd, "ada", 2, 1, 1), COSMO_E_INVALID);
	write_private(fixture, "uid_seed", "short");
	assert_int_equal(
		uid_candidate_is_tried(fd, "ada", 5000, 59999, first), COSMO_E_STORE_DAMAGED);
}

static void test_uid_register_assign__demanded__as_said_or_refused(void **state)
{
	struct fixture *fixture = fixture_of(state);
	uint32_t uid = 0;

	assert_int_equal(integration_seed_ensure(fixture->store, seed), COSMO_OK);
	assert_int_equal(assign(fixture, "ada", 1000, 1999, 1500, &uid), COSMO_OK);
	assert_int_equal(uid, 1500);
	assert_int_equal(assign(fixture, "eve", 1000, 1999, 1500, &uid), COSMO_E_UID);
	assert_int_equal(assign(fixture, "eve", 1000, 1999, 999, &uid), COSMO_E_UID);
	assert_int_equal(assign(fixture, "eve", 1000, 1999, 2000, &uid), COSMO_E_UID);
	assert_int_equal(pick(fixture, "eve", 1500, 1500, &uid), COSMO_E_UID);
}

static void test_uid_register_assign__broken_off_between_its_files__goes_on(void **state)
{
	struct fixture *fixture = fixture_of(state);
	uint32_t uid = 0;
	uint32_t again = 0;

	assert_int_equal(integration_seed_ensure(fixture->store, seed), COSMO_OK);
	assert_int_equal(assign(fixture, "ada", 1000, 1999, 0, &uid), COSMO_OK);
	remove_private(fixture, "names/ada");
	assert_int_equal(pick(fixture, "ada", 1000, 1999, &again), COSMO_OK);
	assert_int_equal(again, uid);
	assert_int_equal(assign(fixture, "ada", 1000, 1999, 0, &again), COSMO_OK);
	assert_int_equal(again, uid);
	assert_int_equal(uid_register_check(fixture->store, "ada", uid), COSMO_OK);
}

/* Either half says what the other was, and neither is written over. */
static void test_uid_register_restore__half_of_an_entry_lost__is_there_again(void **state)
{
	struct fixture *fixture = fixture_of(state);
	struct store *store = fixture->store;
	char path[32] = "";
	uint32_t uid = 0;

	assert_int_equal(integration_seed_ensure(store, seed), COSMO_OK);
	assert_int_equal(assign(fixture, "ada", 1000, 1999, 0, &uid), COSMO_OK);
	(void)snprintf(path, sizeof(path), "uids/%08x", uid);
	for (int lost = 1; lost <= 3; lost++) {
		if (lost & 1)
			remove_private(fixture, "names/ada");
		if (lost & 2)
			remove_private(fixture, path);
		assert_int_equal(uid_register_check(store, "ada", uid), COSMO_E_NOT_FOUND);
		assert_int_equal(uid_register_restore(store, "ada", uid), COSMO_OK);
		assert_int_equal(uid_register_check(store, "ada", uid), COSMO_OK);
	}
	assert_int_equal(uid_register_restore(store, "eve", uid), COSMO_E_UID);
	assert_int_equal(uid_register_restore(store, "ada", uid + 1), COSMO_E_UID);
	assert_int_equal(uid_register_check(store, "eve", uid + 1), COSMO_E_NOT_FOUND);
	write_private(fixture, path, "");
	assert_int_equal(uid_register_restore(store, "ada", uid), COSMO_E_STORE_DAMAGED);
}

static void test_uid_register__damaged_entries__store_damaged(void **state)
{
	static const char *const bad[] = {"", "ada", "\n", "00001\n00", "0000zzzz\n", "0x1\n",
		"-1\n", "00000000\n", "ffffffff\n", "1234567890123456789012345678901234567890\n"};
	struct fixture *fixture = fixture_of(state);
	char path[32] = "";
	uint32_t uid = 0;

	assert_int_equal(integration_seed_ensure(fixture->store, seed), COSMO_OK);
	for (size_t i = 0; i < COSMO_ARRAY_LEN(bad); i++) {
		write_private(fixture, "names/ada", bad[i]);
		if (pick(fixture, "ada", 1000, 1999, &uid) != COSMO_E_STORE_DAMAGED)
			fail_msg("row %zu", i);
		assert_int_equal(
			assign(fixture, "ada", 1000, 1999, 0, &uid), COSMO_E_STORE_DAMAGED);
	}
	remove_private(fixture, "names/ada");
	snprintf(path, sizeof(path), "uids/%08x", uid_candidate(seed, "ada", 1000, 1999, 0));
	write_private(fixture, path, "");
	assert_int_equal(pick(fixture, "ada", 1000, 1999, &uid), COSMO_E_STORE_DAMAGED);
	assert_int_equal(assign(fixture, "ada", 1000, 1999, 0, &uid), COSMO_E_STORE_DAMAGED);
}

static void test_uid_candidate_pick__damaged_seed__store_damaged(void **state)
{
	struct fixture *fixture = fixture_of(state);
	uint32_t uid = 0;

	write_private(fixture, "uid_seed", "too short");
	assert_int_equal(pick(fixture, "ada", 1000, 1999, &uid), COSMO_E_STORE_DAMAGED);
	write_private(fixture, "uid_seed", "one letter beyond");
	assert_int_equal(pick(fixture, "ada", 1000, 1999, &uid), COSMO_E_STORE_DAMAGED);
}

/* Whoever was removed keeps his uid, and nobody else is given it. */
static void test_uid_register_assign__removed_user__uid_is_his_for_ever(void **state)
{
	struct fixture *fixture = fixture_of(state);
	COSMO_AUTO(record_free) struct record *record = NULL;
	struct users_db_user user = {0};
	uint32_t uid = 0;

	assert_int_equal(store_lock(fixture->store, STORE_LOCK_MS), COSMO_OK);
	assert_int_equal(integration_seed_ensure(fixture->store, seed), COSMO_OK);
	assert_int_equal(commit_settings(fixture->store, &fixture->config, -1), COSMO_OK);
	record = fixture_record(fixture, "ada");
	assert_int_equal(commit_user(fixture->store, &fixture->config, record), COSMO_OK);
	record->flags = USERS_DB_REMOVED;
	assert_int_equal(commit_user(fixture->store, &fixture->config, record), COSMO_OK);
	assert_int_equal(users_db_find_name(store_users_db(fixture->store), "ada", &user),
		COSMO_E_NOT_FOUND);
	assert_int_equal(users_db_find_uid(store_users_db(fixture->store), record->uid, &user),
		COSMO_E_NOT_FOUND);
	assert_int_equal(
		users_db_find_ever(store_users_db(fixture->store), "ada", &user), COSMO_OK);
	/* Nobody else: neither by choice nor by chance, from the one uid of that range. */
	assert_int_equal(assign(fixture, "eve", record->uid, record->uid, 0, &uid), COSMO_E_UID);
	assert_int_equal(
		assign(fixture, "eve", FIXTURE_UID_MIN, FIXTURE_UID_MAX, record->uid, &uid),
		COSMO_E_UID);
	assert_int_equal(assign(fixture, "ada", 1000, 1999, 0, &uid), COSMO_OK);
	assert_int_equal(uid, record->uid);
	/* Also when users.db is lost, and made anew. */
	assert_int_equal(unlink(fixture->users_db), 0);
	assert_int_equal(commit_rebuild(fixture->store, &fixture->config), COSMO_OK);
	users_db_done(store_users_db(fixture->store));
	assert_int_equal(
		users_db_find_ever(store_users_db(fixture->store), "ada", &user), COSMO_OK);
	assert_int_equal(user.uid, record->uid);
	assert_int_equal(users_db_find_name(store_users_db(fixture->store), "ada", &user),
		COSMO_E_NOT_FOUND);
	assert_int_equal(assign(fixture, "eve", record->uid, record->uid, 0, &uid), COSMO_E_UID);
}

/* Whose first choices are the same: the later one gets the next free one. */
static void test_uid_register_assign__same_first_choice__next_free_one(void **state)
{
	struct fixture *fixture = fixture_of(state);
	char name[16] = "";
	uint32_t first = 0;
	uint32_t second = 0;
	uint32_t wanted = uid_candidate(seed, "ada", 1000, 1999, 0);

	assert_int_equal(integration_seed_ensure(fixture->store, seed), COSMO_OK);
	for (int i = 0; !name[0] || uid_candidate(seed, name, 1000, 1999, 0) != wanted; i++)
		snprintf(name, sizeof(name), "user%d", i);
	assert_int_equal(assign(fixture, "ada", 1000, 1999, 0, &first), COSMO_OK);
	assert_int_equal(first, wanted);
	assert_int_equal(assign(fixture, name, 1000, 1999, 0, &second), COSMO_OK);
	assert_int_equal(second, uid_candidate(seed, "ada", 1000, 1999, 1));
	/* They keep what they have, whoever comes first next time. */
	assert_int_equal(pick(fixture, name, 1000, 1999, &second), COSMO_OK);
	assert_int_equal(second, uid_candidate(seed, "ada", 1000, 1999, 1));
}

static void test_uid_register_assign__anagrams__each_his_own(void **state)
{
	static const char *const names[] = {"abcd", "abdc", "acbd", "acdb", "adbc", "adcb", "bacd",
		"badc", "bcad", "bcda", "bdac", "bdca"};
	struct fixture *fixture = fixture_of(state);
	uint32_t uids[COSMO_ARRAY_LEN(names)] = {0};

	assert_int_equal(integration_seed_ensure(fixture->store, seed), COSMO_OK);
	for (size_t i = 0; i < COSMO_ARRAY_LEN(names); i++) {
		assert_int_equal(
			assign(fixture, names[i], 0x70000400, 0x7ffdffff, 0, &uids[i]), COSMO_OK);
		/* Not by probing either: the hash tells them apart. */
		assert_int_equal(uids[i], uid_candidate(seed, names[i], 0x70000400, 0x7ffdffff, 0));
		for (size_t k = 0; k < i; k++)
			assert_int_not_equal(uids[i], uids[k]);
	}
}

/* The two sides of the register do not agree: nobody is given a second uid, or another's. */
static void test_uid_register_assign__sides_disagree__store_damaged(void **state)
{
	struct fixture *fixture = fixture_of(state);
	char path[32] = "";
	char line[16] = "";
	uint32_t ada = 0;
	uint32_t eve = 0;
	uint32_t uid = 0;

	assert_int_equal(integration_seed_ensure(fixture->store, seed), COSMO_OK);
	assert_int_equal(assign(fixture, "ada", 1000, 1999, 0, &ada), COSMO_OK);
	assert_int_equal(assign(fixture, "eve", 1000, 1999, 0, &eve), COSMO_OK);
	snprintf(line, sizeof(line), "%08x\n", eve);
	write_private(fixture, "names/ada", line);
	assert_int_equal(pick(fixture, "ada", 1000, 1999, &uid), COSMO_E_STORE_DAMAGED);
	assert_int_equal(assign(fixture, "ada", 1000, 1999, 0, &uid), COSMO_E_STORE_DAMAGED);
	/* One bit: a uid that nobody has. */
	snprintf(line, sizeof(line), "%08x\n", ada ^ 0x10000000);
	write_private(fixture, "names/ada", line);
	assert_int_equal(pick(fixture, "ada", 1000, 1999, &uid), COSMO_E_STORE_DAMAGED);
	assert_int_equal(assign(fixture, "ada", 1000, 1999, 0, &uid), COSMO_E_STORE_DAMAGED);
	assert_int_equal(assign(fixture, "ada", 1000, 1999, 1500, &uid), COSMO_E_STORE_DAMAGED);
	assert_int_equal(
		uid_register_check(fixture->store, "ada", ada ^ 0x10000000), COSMO_E_NOT_FOUND);
	snprintf(line, sizeof(line), "%08x\n", ada);
	write_private(fixture, "names/ada", line);
	assert_int_equal(assign(fixture, "ada", 1000, 1999, 0, &uid), COSMO_OK);
	snprintf(path, sizeof(path), "uids/%08x", ada);
	write_private(fixture, path, "eve\n");
	assert_int_equal(pick(fixture, "ada", 1000, 1999, &uid), COSMO_E_STORE_DAMAGED);
	assert_int_equal(assign(fixture, "ada", 1000, 1999, 0, &uid), COSMO_E_STORE_DAMAGED);
	remove_private(fixture, path);
	assert_int_equal(pick(fixture, "ada", 1000, 1999, &uid), COSMO_E_STORE_DAMAGED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_uid_candidate__reference__is_siphash_of_the_name),
		WITH_FIXTURE(test_uid_candidate_pick__no_seed__store_missing),
		WITH_FIXTURE(test_uid_candidate_pick__bad_name_or_range__invalid),
		WITH_FIXTURE(test_uid_register_assign__new_name__is_what_was_picked),
		WITH_FIXTURE(test_uid_register_assign__small_range__probes_until_it_is_full),
		WITH_FIXTURE(test_uid_candidate_is_registered__names_and_uids__by_pairs),
		WITH_FIXTURE(test_uid_candidate_is_tried__taken_meanwhile__still_so),
		WITH_FIXTURE(test_uid_register_assign__demanded__as_said_or_refused),
		WITH_FIXTURE(test_uid_register_assign__broken_off_between_its_files__goes_on),
		WITH_FIXTURE(test_uid_register_restore__half_of_an_entry_lost__is_there_again),
		WITH_FIXTURE(test_uid_register__damaged_entries__store_damaged),
		WITH_FIXTURE(test_uid_candidate_pick__damaged_seed__store_damaged),
		WITH_FIXTURE(test_uid_register_assign__removed_user__uid_is_his_for_ever),
		WITH_FIXTURE(test_uid_register_assign__same_first_choice__next_free_one),
		WITH_FIXTURE(test_uid_register_assign__anagrams__each_his_own),
		WITH_FIXTURE(test_uid_register_assign__sides_disagree__store_damaged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
