/* SPDX-License-Identifier: MIT */
/* What is wiped, and what is not; that the IdP is asked is shown in test_check.py and
 * test_judge.py. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "common/base/fdio.h"
#include "pam_cosmo_sso/helper/token_revoke.h"
#include "tests/unit/store/store_fixture.h"

/* What happens just before the lock is taken for a batch; NULL: nothing. */
static void (*meanwhile)(struct fixture *fixture);
static struct fixture *meanwhile_fixture;
static bool lock_is_busy;

enum cosmo_err __real_store_lock(struct store *store, int64_t timeout_ms);
enum cosmo_err __wrap_store_lock(struct store *store, int64_t timeout_ms);

enum cosmo_err __wrap_store_lock(struct store *store, int64_t timeout_ms)
{
	void (*change)(struct fixture * fixture) = meanwhile;

	meanwhile = NULL;
	if (change)
		change(meanwhile_fixture);
	return lock_is_busy ? COSMO_E_BUSY : __real_store_lock(store, timeout_ms);
}

static void set_token(struct record *record, const char *token)
{
	secret_free(record->refresh_token);
	record->refresh_token = NULL;
	if (token)
		assert_int_equal(
			secret_new(token, strlen(token), &record->refresh_token), COSMO_OK);
	record->refresh_expires_s = token ? 1900000000 : 0;
}

static void enrol(struct fixture *fixture, const char *name, const char *token)
{
	COSMO_AUTO(record_free) struct record *record = fixture_record(fixture, name);

	set_token(record, token);
	record->signed_in_s = 1800000000;
	assert_int_equal(commit_user(fixture->store, &fixture->config, record), COSMO_OK);
}

static struct record *load(struct fixture *fixture, const char *name)
{
	struct record *record = NULL;

	assert_int_equal(record_load(fixture->store, name, &record), COSMO_OK);
	return record;
}

static bool has_token(struct fixture *fixture, const char *name)
{
	COSMO_AUTO(record_free) struct record *record = load(fixture, name);

	return record->refresh_token != NULL;
}

/* As the helper calls it: the lock is nobody's. */
static enum cosmo_err wipe(struct fixture *fixture, const char *user, struct token_tally *ret)
{
	meanwhile_fixture = fixture;
	store_unlock(fixture->store);
	return token_revoke(fixture->store, NULL, user, 0, NULL, NULL, ret);
}

static void test_token_revoke__everybody__no_token_is_left(void **state)
{
	struct fixture *fixture = fixture_of(state);
	struct token_tally tally = {0};

	enrol(fixture, "ada", "t-ada");
	enrol(fixture, "bob", NULL);
	enrol(fixture, "eve", "t-eve");
	assert_int_equal(wipe(fixture, NULL, &tally), COSMO_OK);
	assert_int_equal(tally.wiped, 2);
	assert_int_equal(tally.left, 0);
	assert_int_equal(tally.revoked, 0);
	assert_int_equal(tally.not_revoked, 2);
	assert_int_equal(tally.why, COSMO_E_CONFIG);
	assert_false(has_token(fixture, "ada"));
	assert_false(has_token(fixture, "eve"));
	/* Done twice is done. */
	assert_int_equal(token_revoke(fixture->store, NULL, NULL, 0, NULL, NULL, &tally), COSMO_OK);
	assert_int_equal(tally.wiped, 0);
	assert_int_equal(tally.not_revoked, 0);
}

/* Nothing else of the record changes, and nothing of what is shown. */
static void test_token_revoke__a_record__keeps_all_but_the_token(void **state)
{
	struct fixture *fixture = fixture_of(state);
	struct token_tally tally = {0};
	COSMO_AUTO(record_free) struct record *before = NULL;
	COSMO_AUTO(record_free) struct record *after = NULL;
	struct users_db_user shown[2];

	enrol(fixture, "ada", "t-ada");
	before = load(fixture, "ada");
	assert_int_equal(
		users_db_find_name(store_users_db(fixture->store), "ada", &shown[0]), COSMO_OK);
	assert_int_equal(wipe(fixture, "ada", &tally), COSMO_OK);
	after = load(fixture, "ada");
	assert_int_equal(
		users_db_find_name(store_users_db(fixture->store), "ada", &shown[1]), COSMO_OK);
	assert_null(after->refresh_token);
	assert_int_equal(after->refresh_expires_s, 0);
	assert_int_equal(after->role_count, before->role_count);
	assert_int_equal(after->uid, before->uid);
	assert_int_equal(after->signed_in_s, before->signed_in_s);
	assert_int_equal(after->confirmed_s, before->confirmed_s);
	assert_int_equal(shown[1].roles, shown[0].roles);
	assert_int_equal(shown[1].confirmed_s, shown[0].confirmed_s);
}

static void test_token_revoke__one_user__the_others_keep_theirs(void **state)
{
	struct fixture *fixture = fixture_of(state);
	struct token_tally tally = {0};

	enrol(fixture, "ada", "t-ada");
	enrol(fixture, "eve", "t-eve");
	assert_int_equal(wipe(fixture, "eve", &tally), COSMO_OK);
	assert_int_equal(tally.wiped, 1);
	assert_true(has_token(fixture, "ada"));
	assert_false(has_token(fixture, "eve"));
	assert_int_equal(
		token_revoke(fixture->store, NULL, "nobody", 0, NULL, NULL, &tally), COSMO_OK);
	assert_int_equal(tally.wiped + tally.left + tally.not_revoked, 0);
}

static void sign_in_again(struct fixture *fixture)
{
	COSMO_AUTO(record_free) struct record *record = load(fixture, "ada");

	set_token(record, "t-newer");
	record->signed_in_s++;
	assert_int_equal(__real_store_lock(fixture->store, 1000), COSMO_OK);
	assert_int_equal(commit_user(fixture->store, &fixture->config, record), COSMO_OK);
	store_unlock(fixture->store);
}

static void reconnect(struct fixture *fixture)
{
	COSMO_AUTO(record_free) struct record *record = load(fixture, "ada");

	memset(record->integration, 9, INTEGRATION_BYTES);
	assert_int_equal(__real_store_lock(fixture->store, 1000), COSMO_OK);
	assert_int_equal(commit_user(fixture->store, &fixture->config, record), COSMO_OK);
	store_unlock(fixture->store);
}

static void refresh(struct fixture *fixture)
{
	COSMO_AUTO(record_free) struct record *record = load(fixture, "ada");

	set_token(record, "t-rotated");
	record->confirmed_s++;
	assert_int_equal(__real_store_lock(fixture->store, 1000), COSMO_OK);
	assert_int_equal(commit_user(fixture->store, &fixture->config, record), COSMO_OK);
	store_unlock(fixture->store);
}

static void test_token_revoke__signed_in_meanwhile__the_newer_token_stays(void **state)
{
	static void (*const changes[])(struct fixture * fixture) = {sign_in_again, reconnect};
	struct fixture *fixture = fixture_of(state);
	struct token_tally tally = {0};

	enrol(fixture, "ada", "t-ada");
	enrol(fixture, "eve", "t-eve");
	store_unlock(fixture->store);
	meanwhile_fixture = fixture;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(changes); i++) {
		meanwhile = changes[i];
		assert_int_equal(
			token_revoke(fixture->store, NULL, NULL, 0, NULL, NULL, &tally), COSMO_OK);
		assert_null(meanwhile);
		assert_true(has_token(fixture, "ada"));
		assert_false(has_token(fixture, "eve"));
	}
}

static void test_token_revoke__refreshed_meanwhile__wiped_and_the_refresh_kept(void **state)
{
	struct fixture *fixture = fixture_of(state);
	struct token_tally tally = {0};
	COSMO_AUTO(record_free) struct record *before = NULL;
	COSMO_AUTO(record_free) struct record *after = NULL;

	enrol(fixture, "ada", "t-ada");
	before = load(fixture, "ada");
	store_unlock(fixture->store);
	meanwhile_fixture = fixture;
	meanwhile = refresh;
	assert_int_equal(token_revoke(fixture->store, NULL, NULL, 0, NULL, NULL, &tally), COSMO_OK);
	after = load(fixture, "ada");
	assert_null(after->refresh_token);
	assert_int_equal(after->confirmed_s, before->confirmed_s + 1);
	assert_int_equal(tally.wiped, 1);
}

static void test_token_revoke__a_damaged_record__does_not_keep_the_others(void **state)
{
	struct fixture *fixture = fixture_of(state);
	struct token_tally tally = {0};

	enrol(fixture, "ada", "t-ada");
	enrol(fixture, "eve", "t-eve");
	assert_int_equal(fdio_replace_file(store_folder_fd(fixture->store, STORE_USERS), "eve",
				 "torn", 4, 0600),
		COSMO_OK);
	assert_int_equal(wipe(fixture, NULL, &tally), COSMO_E_STORE_DAMAGED);
	assert_int_equal(tally.wiped, 1);
	assert_int_equal(tally.left, 1);
	assert_false(has_token(fixture, "ada"));
}

static void test_token_revoke__a_busy_store__is_waited_for_once(void **state)
{
	struct fixture *fixture = fixture_of(state);
	struct token_tally tally = {0};

	enrol(fixture, "ada", "t-ada");
	enrol(fixture, "eve", "t-eve");
	lock_is_busy = true;
	assert_int_equal(wipe(fixture, NULL, &tally), COSMO_E_BUSY);
	lock_is_busy = false;
	assert_int_equal(tally.left, 2);
	assert_int_equal(tally.wiped, 0);
	assert_true(has_token(fixture, "ada"));
	assert_int_equal(token_revoke(fixture->store, NULL, NULL, 0, NULL, NULL, &tally), COSMO_OK);
	assert_int_equal(tally.wiped, 2);
}

struct told {
	uint64_t done;
	uint64_t total;
	unsigned int calls;
};

/* Under one hold of the lock: on a slow disk a thousand keep it for longer than anybody waits. */
#define MOST_AT_ONCE 256

static void tell(void *context, uint64_t done, uint64_t total)
{
	struct told *told = context;

	assert_true(done > told->done);
	assert_true(done - told->done <= MOST_AT_ONCE);
	told->done = done;
	told->total = total;
	told->calls++;
}

#define MANY (COMMIT_MAX_USERS + 7)

/* More than one batch, none of them of all. */
static void test_token_revoke__many__told_how_far(void **state)
{
	struct fixture *fixture = fixture_of(state);
	struct token_tally tally = {0};
	struct told told = {0};

	for (unsigned int i = 0; i < MANY; i++) {
		char name[16] = "";

		snprintf(name, sizeof(name), "u%u", i);
		enrol(fixture, name, "t");
	}
	store_unlock(fixture->store);
	assert_int_equal(
		token_revoke(fixture->store, NULL, NULL, 0, tell, &told, &tally), COSMO_OK);
	assert_int_equal(tally.wiped, MANY);
	assert_int_equal(told.done, MANY);
	assert_int_equal(told.total, MANY);
	assert_true(told.calls > MANY / MOST_AT_ONCE);
	assert_false(has_token(fixture, "u0"));
	assert_false(has_token(fixture, "u1030"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_MEMORY_FIXTURE(test_token_revoke__everybody__no_token_is_left),
		WITH_MEMORY_FIXTURE(test_token_revoke__a_record__keeps_all_but_the_token),
		WITH_MEMORY_FIXTURE(test_token_revoke__one_user__the_others_keep_theirs),
		WITH_MEMORY_FIXTURE(test_token_revoke__signed_in_meanwhile__the_newer_token_stays),
		WITH_MEMORY_FIXTURE(
			test_token_revoke__refreshed_meanwhile__wiped_and_the_refresh_kept),
		WITH_MEMORY_FIXTURE(test_token_revoke__a_damaged_record__does_not_keep_the_others),
		WITH_MEMORY_FIXTURE(test_token_revoke__a_busy_store__is_waited_for_once),
		WITH_MEMORY_FIXTURE(test_token_revoke__many__told_how_far),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
