/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/base/effective_roles.h"
#include "pam_cosmo_sso/helper/rebind.h"
#include "pam_cosmo_sso/helper/uid_register.h"
#include "pam_cosmo_sso/helper/user_change.h"
#include "tests/unit/store/store_fixture.h"

#define NOW 1800000000

static struct record *ada(void)
{
	struct record *record = calloc(1, sizeof(*record));

	assert_non_null(record);
	strcpy(record->name, "ada");
	record->uid = record->gid = 1879049000;
	record->issuer = strdup("https://idp.example");
	record->sub = strdup("1000");
	record->display_name = strdup("Ada");
	record->home = strdup("/home/ada");
	record->shell = strdup("/bin/bash");
	record->roles[0] = strdup("admin");
	record->role_count = 1;
	record->enrolled_s = record->signed_in_s = record->confirmed_s = NOW - 60;
	record->seen_from_count = 2;
	assert_int_equal(secret_new("refresh", 7, &record->refresh_token), COSMO_OK);
	return record;
}

static enum cosmo_err apply(
	struct record *record, enum user_change change, const char *why, bool *ret_changed)
{
	const struct user_order order = {.name = "ada", .change = change, .why = why, .now_s = NOW};

	return user_change_apply(&order, record, ret_changed);
}

static void do_it(struct record *record, enum user_change change)
{
	bool changed = false;

	assert_int_equal(apply(record, change, "as told", &changed), COSMO_OK);
	assert_true(changed);
}

static bool is_as_signed_in(const struct record *record)
{
	return record->role_count == 1 && streq(record->roles[0], "admin") &&
	       record->refresh_token && record->confirmed_s == NOW - 60 &&
	       record->reason == COSMO_OK && record->seen_from_count == 2;
}

static void test_user_change__lock__keeps_all_that_unlock_gives_back(void **state)
{
	COSMO_AUTO(record_free) struct record *record = ada();

	(void)state;
	do_it(record, USER_CHANGE_LOCK);
	assert_int_equal(record->flags, USERS_DB_LOCKED);
	assert_int_equal(record->changed_s, NOW);
	assert_string_equal(record->changed_why, "as told");
	assert_true(is_as_signed_in(record));
	do_it(record, USER_CHANGE_UNLOCK);
	assert_int_equal(record->flags, 0);
	assert_int_equal(record->changed_s, 0);
	assert_null(record->changed_why);
	assert_true(is_as_signed_in(record));
}

/* Locked and unlocked in a moment, a sign-in that was under way is over all the same. */
static void test_user_change__each_ending__is_counted_for_sign_ins_under_way(void **state)
{
	static const enum user_change endings[] = {
		USER_CHANGE_LOCK, USER_CHANGE_DISCONNECT, USER_CHANGE_REMOVE};

	(void)state;
	for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
		COSMO_AUTO(record_free) struct record *record = ada();

		do_it(record, endings[i]);
		assert_int_equal(record->sign_outs, 1);
	}
}

static void test_user_change__said_again__changes_nothing_but_the_words(void **state)
{
	COSMO_AUTO(record_free) struct record *record = ada();
	bool changed = true;

	(void)state;
	assert_int_equal(apply(record, USER_CHANGE_UNLOCK, NULL, &changed), COSMO_OK);
	assert_false(changed);
	do_it(record, USER_CHANGE_LOCK);
	assert_int_equal(apply(record, USER_CHANGE_LOCK, "as told", &changed), COSMO_OK);
	assert_false(changed);
	assert_int_equal(apply(record, USER_CHANGE_LOCK, NULL, &changed), COSMO_OK);
	assert_false(changed);
	assert_int_equal(apply(record, USER_CHANGE_LOCK, "better", &changed), COSMO_OK);
	assert_true(changed);
	assert_string_equal(record->changed_why, "better");
	assert_int_equal(record->sign_outs, 1);
	do_it(record, USER_CHANGE_REMOVE);
	assert_int_equal(apply(record, USER_CHANGE_REMOVE, "again", &changed), COSMO_OK);
	assert_false(changed);
	assert_string_equal(record->changed_why, "as told");
}

static void test_user_change__disconnect__drops_roles_and_demotes(void **state)
{
	COSMO_AUTO(record_free) struct record *record = ada();

	(void)state;
	do_it(record, USER_CHANGE_DISCONNECT);
	assert_int_equal(record->role_count, 0);
	assert_int_equal(record->reason, COSMO_E_SIGNED_OUT);
	assert_int_equal(record->flags, 0);
	assert_non_null(record->refresh_token); /* to be revoked */
	do_it(record, USER_CHANGE_DISCONNECT);
	assert_int_equal(record->sign_outs, 2);
}

/* Whom the IdP refused may not even be a viewer; that an administrator signs him out as well must
 * not make him one. */
static void test_user_change__disconnect_of_a_refused_person__stays_a_refusal(void **state)
{
	static const enum cosmo_err refusals[] = {COSMO_E_NO_ROLE, COSMO_E_CLAIM_MISSING,
		COSMO_E_NOT_ENROLLED, COSMO_E_INVALID_GRANT};

	(void)state;
	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		COSMO_AUTO(record_free) struct record *record = ada();

		record->reason = refusals[i];
		do_it(record, USER_CHANGE_DISCONNECT);
		assert_int_equal(record->reason, refusals[i]);
	}
}

static void test_user_change__remove__leaves_name_ids_and_whose_it_was(void **state)
{
	COSMO_AUTO(record_free) struct record *record = ada();

	(void)state;
	assert_int_equal(rebind_allow(record, "https://idp.example", 60, NOW), COSMO_OK);
	record->flags = USERS_DB_LOCKED;
	do_it(record, USER_CHANGE_REMOVE);
	assert_int_equal(record->flags, USERS_DB_REMOVED);
	assert_int_equal(record->uid, 1879049000);
	assert_string_equal(record->sub, "1000");
	assert_string_equal(record->home, "/home/ada");
	assert_null(record->display_name);
	assert_int_equal(record->role_count, 0);
	assert_int_equal(record->signed_in_s, 0);
	assert_int_equal(record->seen_from_count, 0);
	assert_null(record->rebind_issuer);
	assert_non_null(record->refresh_token); /* to be revoked */
	assert_int_equal(record->reason, COSMO_E_NOT_ENROLLED);
}

static void test_user_change__of_a_removed_user__is_refused(void **state)
{
	COSMO_AUTO(record_free) struct record *record = ada();
	bool changed = true;

	(void)state;
	do_it(record, USER_CHANGE_REMOVE);
	for (int change = USER_CHANGE_LOCK; change < USER_CHANGE_REMOVE; change++) {
		assert_int_equal(
			apply(record, (enum user_change)change, NULL, &changed), COSMO_E_REMOVED);
		assert_false(changed);
	}
	assert_int_equal(record->flags, USERS_DB_REMOVED);
	assert_int_equal(apply(record, (enum user_change)0, NULL, &changed), COSMO_E_REMOVED);
}

static void test_user_change__no_change_of_ours__is_invalid(void **state)
{
	COSMO_AUTO(record_free) struct record *record = ada();
	bool changed = true;

	(void)state;
	assert_int_equal(apply(record, (enum user_change)0, NULL, &changed), COSMO_E_INVALID);
	assert_int_equal(apply(record, (enum user_change)5, NULL, &changed), COSMO_E_INVALID);
	assert_false(changed);
}

/* In the store. */

static struct user_changed change(
	struct fixture *fixture, const char *name, enum user_change change, enum cosmo_err expected)
{
	const struct user_order order = {
		.name = name, .change = change, .why = "wet\nfeet = 1", .now_s = NOW};
	struct user_changed done;

	assert_int_equal(user_change(fixture->store, NULL, &order, &done), expected);
	return done;
}

static void test_user_change__in_the_store__is_what_look_ups_show(void **state)
{
	struct fixture *fixture = fixture_of(state);
	struct users_db *db = store_users_db(fixture->store);
	struct users_db_user user;
	struct user_changed done;
	uint32_t uid = 0;
	uint64_t shown = 0;

	fixture_enrol(fixture, "ada");
	fixture_enrol(fixture, "bob");
	done = change(fixture, "ada", USER_CHANGE_LOCK, COSMO_OK);
	assert_true(done.changed);
	assert_string_equal(done.record->changed_why, "wet\nfeet = 1");
	uid = done.record->uid;
	user_changed_done(&done);
	assert_int_equal(users_db_find_name(db, "ada", &user), COSMO_OK);
	assert_int_equal(user.flags, USERS_DB_LOCKED);
	done = change(fixture, "ada", USER_CHANGE_REMOVE, COSMO_OK);
	user_changed_done(&done);
	assert_int_equal(users_db_find_name(db, "ada", &user), COSMO_E_NOT_FOUND);
	assert_int_equal(users_db_find_uid(db, uid, &user), COSMO_E_NOT_FOUND);
	assert_int_equal(users_db_find_ever(db, "ada", &user), COSMO_OK);
	assert_int_equal(users_db_count(db, &shown), COSMO_OK);
	assert_int_equal(shown, 1);
	/* The uid is nobody else's for ever. */
	assert_int_equal(uid_register_check(fixture->store, "ada", uid), COSMO_OK);
	assert_int_equal(uid_register_check(fixture->store, "eve", uid), COSMO_E_UID);
	assert_int_equal(users_db_find_name(db, "bob", &user), COSMO_OK);
}

static void test_user_change_take_back__a_removed_user__is_the_same_without_roles(void **state)
{
	struct fixture *fixture = fixture_of(state);
	COSMO_AUTO(record_free) struct record *record = NULL;
	struct users_db_user user;
	struct user_changed done;
	uint32_t uid = 0;

	fixture_enrol(fixture, "ada");
	assert_int_equal(user_change_take_back(fixture->store, NULL, "ada"), COSMO_E_EXISTS);
	assert_int_equal(user_change_take_back(fixture->store, NULL, "eve"), COSMO_E_NOT_FOUND);
	done = change(fixture, "ada", USER_CHANGE_REMOVE, COSMO_OK);
	uid = done.record->uid;
	user_changed_done(&done);
	assert_int_equal(user_change_take_back(fixture->store, NULL, "ada"), COSMO_OK);
	assert_int_equal(
		users_db_find_name(store_users_db(fixture->store), "ada", &user), COSMO_OK);
	assert_int_equal(user.uid, uid);
	assert_int_equal(user.roles, 0);
	assert_int_equal(user.reason, COSMO_E_NOT_ENROLLED);
	assert_int_equal(record_load(fixture->store, "ada", &record), COSMO_OK);
	assert_int_equal(record->sign_outs, 1);
	assert_null(record->changed_why);
	assert_true(rebind_is_holder(record, record->issuer, record->sub));
}

static void test_user_change__of_a_listed_name__takes_it_off_the_list(void **state)
{
	struct fixture *fixture = fixture_of(state);
	struct user_changed done;
	bool listed = true;

	assert_int_equal(records_list_name(fixture->store, "eve"), COSMO_OK);
	done = change(fixture, "eve", USER_CHANGE_LOCK, COSMO_E_NOT_FOUND);
	assert_false(done.unlisted);
	done = change(fixture, "eve", USER_CHANGE_REMOVE, COSMO_OK);
	assert_true(done.unlisted && !done.record && !done.changed);
	assert_int_equal(records_is_listed(fixture->store, "eve", &listed), COSMO_OK);
	assert_false(listed);
	done = change(fixture, "eve", USER_CHANGE_REMOVE, COSMO_E_NOT_FOUND);
	assert_false(done.unlisted);
	/* Enrolled, and listed before. */
	assert_int_equal(records_list_name(fixture->store, "ada"), COSMO_OK);
	fixture_enrol(fixture, "ada");
	done = change(fixture, "ada", USER_CHANGE_REMOVE, COSMO_OK);
	assert_true(done.unlisted && done.record && done.changed);
	user_changed_done(&done);
	assert_int_equal(records_is_listed(fixture->store, "ada", &listed), COSMO_OK);
	assert_false(listed);
}

static void test_user_change__in_a_rehearsal__writes_nothing(void **state)
{
	struct fixture *fixture = fixture_of(state);
	struct users_db_user user;
	bool listed = false;

	assert_int_equal(records_list_name(fixture->store, "ada"), COSMO_OK);
	fixture_enrol(fixture, "ada");
	for (int i = USER_CHANGE_LOCK; i <= USER_CHANGE_REMOVE; i++) {
		const struct user_order order = {.name = "ada",
			.change = (enum user_change)i,
			.dry_run = true,
			.now_s = NOW};
		struct user_changed done;

		assert_int_equal(user_change(fixture->store, NULL, &order, &done), COSMO_OK);
		assert_int_equal(done.changed, i != USER_CHANGE_UNLOCK);
		assert_int_equal(done.record->flags, 0);
		assert_int_equal(done.record->sign_outs, 0);
		user_changed_done(&done);
	}
	assert_int_equal(
		users_db_find_name(store_users_db(fixture->store), "ada", &user), COSMO_OK);
	assert_int_equal(user.flags, 0);
	assert_int_equal(records_is_listed(fixture->store, "ada", &listed), COSMO_OK);
	assert_true(listed);
}

/* Which roles there are is known from users.db alone then, and without that from nowhere. */
static void test_user_change__without_a_configuration_and_users_db__is_said(void **state)
{
	struct fixture *fixture = fixture_of(state);
	const struct user_order order = {.name = "ada", .change = USER_CHANGE_LOCK, .now_s = NOW};
	struct user_changed done;

	fixture_enrol(fixture, "ada");
	assert_int_equal(unlink(fixture->users_db), 0);
	assert_int_equal(user_change(fixture->store, NULL, &order, &done), COSMO_E_STORE_DAMAGED);
	user_changed_done(&done);
	assert_int_equal(user_change(fixture->store, &fixture->config, &order, &done), COSMO_OK);
	assert_true(done.changed);
	user_changed_done(&done);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_user_change__lock__keeps_all_that_unlock_gives_back),
		cmocka_unit_test(test_user_change__each_ending__is_counted_for_sign_ins_under_way),
		cmocka_unit_test(test_user_change__said_again__changes_nothing_but_the_words),
		cmocka_unit_test(test_user_change__disconnect__drops_roles_and_demotes),
		cmocka_unit_test(test_user_change__disconnect_of_a_refused_person__stays_a_refusal),
		cmocka_unit_test(test_user_change__remove__leaves_name_ids_and_whose_it_was),
		cmocka_unit_test(test_user_change__of_a_removed_user__is_refused),
		cmocka_unit_test(test_user_change__no_change_of_ours__is_invalid),
		WITH_READY_FIXTURE(test_user_change__in_the_store__is_what_look_ups_show),
		WITH_READY_FIXTURE(
			test_user_change_take_back__a_removed_user__is_the_same_without_roles),
		WITH_READY_FIXTURE(test_user_change__of_a_listed_name__takes_it_off_the_list),
		WITH_READY_FIXTURE(test_user_change__in_a_rehearsal__writes_nothing),
		WITH_READY_FIXTURE(test_user_change__without_a_configuration_and_users_db__is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
