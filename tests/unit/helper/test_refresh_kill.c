/* SPDX-License-Identifier: MIT */
/*
 * A helper that is killed before or after any system call that changes something, or whose call
 * fails for want of space, between the question to an IdP that replaces the token at each use and
 * the end: no role that the IdP has taken back outlives the next try, and a token that was lost is
 * told of as that.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <cmocka.h>

#include "common/base/fdio.h"
#include "pam_cosmo_sso/helper/refresh_newer.h"
#include "pam_cosmo_sso/helper/refresh_store.h"
#include "tests/unit/store/store_fixture.h"
#include "tests/unit/store/traced_child.h"

#define ISSUER "https://idp.example"
#define HOUR_S 3600

#ifndef EACH_CALL
#define EACH_CALL 1
#endif

static char issuer[] = ISSUER;

/* What the IdP has heard, in memory that the killed process shares. */
static bool *was_asked;

struct world {
	struct fixture *fixture;
	unsigned char integration[INTEGRATION_BYTES];
};

static struct exchange exchange_in(struct world *world, struct store *store)
{
	return (struct exchange){.store = store, .user = "ada", .config = &world->fixture->config};
}

/* The IdP has taken admin away from ada, and made a developer of her. */
static struct identity identity_of_ada(void)
{
	return (struct identity){.issuer = ISSUER,
		.sub = "sub-of-ada",
		.username = "ada",
		.roles = {"developer"},
		.role_count = 1,
		.claim = CLAIM_PRESENT};
}

static enum cosmo_err take_token(struct exchange *exchange, struct refresh_sign_in *asked)
{
	COSMO_AUTO(message_free) struct message *message = NULL;
	enum cosmo_err err = message_new(MESSAGE_JUDGE_TOKEN, &message);

	if (err)
		return err;
	message_put_bytes(message, FIELD_REFRESH_TOKEN, "second", 6);
	return refresh_newer_store(exchange, asked, message);
}

/* Like refresh.c, whose judge is quick. */
static enum cosmo_err refresh(struct exchange *exchange, struct refresh_sign_in *asked)
{
	const struct identity who = identity_of_ada();
	bool is_due = false;
	enum cosmo_err err = refresh_store_asked(exchange, asked, &is_due);

	if (err || !is_due)
		return err;
	*was_asked = true;
	err = take_token(exchange, asked);
	if (err == COSMO_E_SIGNED_OUT)
		return err;
	return refresh_store_identity(exchange, asked, &who);
}

static int work(void *context)
{
	struct world *world = context;
	struct refresh_sign_in asked = {.token = NULL};
	struct store *store = NULL;
	enum cosmo_err err = store_open(&world->fixture->paths, &store);
	struct exchange exchange = exchange_in(world, store);

	if (!err)
		err = refresh(&exchange, &asked);
	refresh_sign_in_done(&asked);
	store_free(store);
	return (int)err;
}

static void enrol(struct world *world, struct store *store)
{
	COSMO_AUTO(record_free) struct record *record = fixture_record(world->fixture, "ada");

	memcpy(record->integration, world->integration, INTEGRATION_BYTES);
	record->signed_in_s = record->confirmed_s = fdio_now_s() - HOUR_S;
	assert_int_equal(secret_new("first", 5, &record->refresh_token), COSMO_OK);
	assert_int_equal(commit_user(store, &world->fixture->config, record), COSMO_OK);
}

static void prepare(void **state, struct world *ret)
{
	static const struct integration_partner partner = {
		.issuer = ISSUER, .client_id = "client", .offline_access = true};
	COSMO_AUTO(integration_free) struct integration *integration = NULL;
	struct fixture *fixture = fixture_of(state);

	*ret = (struct world){.fixture = fixture};
	fixture->config.issuer = issuer;
	fixture->config.refresh_after_s = HOUR_S / 4;
	assert_int_equal(integration_connect(fixture->store, &partner, &integration), COSMO_OK);
	memcpy(ret->integration, integration->id, INTEGRATION_BYTES);
}

static uint64_t shown_roles(struct store *store)
{
	struct users_db_user user = {0};

	assert_int_equal(users_db_find_name(store_users_db(store), "ada", &user), COSMO_OK);
	return user.roles;
}

/* What is stored at whatever moment: nothing that is neither before nor after. */
static void check_stored(struct store *store)
{
	COSMO_AUTO(record_free) struct record *record = NULL;
	bool has_second = false;

	assert_int_equal(record_load(store, "ada", &record), COSMO_OK);
	has_second = streq(secret_peek(record->refresh_token), "second");
	assert_int_equal(record->role_count, 1);
	if (*was_asked)
		assert_true(has_second || record->refresh_asked_s != 0);
	else
		assert_false(has_second);
	if (streq(record->roles[0], "developer"))
		assert_true(has_second && record->refresh_asked_s == 0);
}

/* The next account phase, with an IdP that takes "first" once. */
static void check_next(struct world *world, struct store *store)
{
	struct exchange exchange = exchange_in(world, store);
	struct refresh_sign_in asked = {.token = NULL};
	const struct identity who = identity_of_ada();
	bool is_due = false;

	assert_int_equal(refresh_store_asked(&exchange, &asked, &is_due), COSMO_OK);
	if (is_due && *was_asked && streq(secret_peek(asked.token), "first")) {
		assert_int_equal(
			refresh_store_refusal(&exchange, &asked), COSMO_E_REFRESH_INTERRUPTED);
		assert_int_equal(shown_roles(store), 0);
	} else if (is_due) {
		assert_int_equal(refresh_store_identity(&exchange, &asked, &who), COSMO_OK);
		assert_int_equal(shown_roles(store), 1ULL << 1);
	} else {
		/* it was all done; what is shown may wait for the next writer */
		assert_int_equal(commit_recover(store), COSMO_OK);
		assert_int_equal(shown_roles(store), 1ULL << 1);
	}
	refresh_sign_in_done(&asked);
}

static void try_each(void **state, enum traced_action action)
{
	struct world world = {0};
	struct traced_end end = {.was_met = true};
	unsigned int lost = 0;
	unsigned int nth = 0;

	prepare(state, &world);
	for (; end.was_met; nth += EACH_CALL) {
		struct store *store = world.fixture->store;

		enrol(&world, store);
		*was_asked = false;
		store_unlock(store);
		end = traced_run(work, &world, action, nth);
		assert_int_equal(store_lock(store, STORE_LOCK_MS), COSMO_OK);
		check_stored(store);
		check_next(&world, store);
		lost += shown_roles(store) == 0;
	}
	print_message("%u calls, %u tokens lost\n", nth, lost);
	assert_true(nth > 10);
	assert_true(action == TRACED_FAIL || lost > 0);
	assert_int_equal(end.code, 0);
}

static void test_refresh__killed_before_any_call__keeps_no_role_and_says_so(void **state)
{
	try_each(state, TRACED_KILL_BEFORE);
}

/* case: refresh: a helper killed at any step costs one sign-in at most, says so, and keeps no role
 */
static void test_refresh__killed_after_any_call__keeps_no_role_and_says_so(void **state)
{
	try_each(state, TRACED_KILL_AFTER);
}

static void test_refresh__any_call_fails__keeps_no_role_and_says_so(void **state)
{
	try_each(state, TRACED_FAIL);
}

static int share(void **state)
{
	(void)state;
	was_asked = mmap(NULL, sizeof(*was_asked), PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	return was_asked == MAP_FAILED ? -1 : 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_MEMORY_FIXTURE(
			test_refresh__killed_before_any_call__keeps_no_role_and_says_so),
		WITH_MEMORY_FIXTURE(test_refresh__killed_after_any_call__keeps_no_role_and_says_so),
		WITH_MEMORY_FIXTURE(test_refresh__any_call_fails__keeps_no_role_and_says_so),
	};

	return cmocka_run_group_tests(tests, share, NULL);
}
