/* SPDX-License-Identifier: MIT */
/* A store that came from another machine, and an adoption that comes to grief at any call. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/base/fdio.h"
#include "pam_cosmo_sso/helper/adopt.h"
#include "tests/unit/store/store_fixture.h"
#include "tests/unit/store/traced_child.h"

#define ADMIN 4ULL

static const struct integration_partner partner = {
	.issuer = "https://idp.example", .client_id = "host", .offline_access = true};

static void give_token(struct fixture *fixture, const char *name)
{
	COSMO_AUTO(record_free) struct record *record = fixture_record(fixture, name);

	assert_int_equal(secret_new("refresh-me", 10, &record->refresh_token), COSMO_OK);
	record->refresh_expires_s = 5;
	assert_int_equal(commit_user(fixture->store, &fixture->config, record), COSMO_OK);
}

static void other_machine(const struct fixture *fixture)
{
	FILE *file = fopen(fixture->machine_id, "w");

	assert_non_null(file);
	fputs("fedcba9876543210fedcba9876543210\n", file);
	assert_int_equal(fclose(file), 0);
}

/* Connected on another machine, with an ada and a bob who have tokens. */
static struct fixture *make_clone(void **state)
{
	struct fixture *fixture = fixture_of(state);
	COSMO_AUTO(integration_free) struct integration *integration = NULL;

	assert_int_equal(integration_connect(fixture->store, &partner, &integration), COSMO_OK);
	give_token(fixture, "ada");
	give_token(fixture, "bob");
	other_machine(fixture);
	users_db_done(store_users_db(fixture->store));
	return fixture;
}

static enum cosmo_err run(struct store *store, const struct fixture *fixture)
{
	struct adopt_report report = {0};

	return adopt(store, &fixture->config, false, &report);
}

static enum cosmo_err find(struct fixture *fixture, const char *name, struct users_db_user *ret)
{
	struct users_db db = {.path = fixture->users_db, .machine_id_path = fixture->machine_id};
	enum cosmo_err err = users_db_find_name(&db, name, ret);

	users_db_done(&db);
	return err;
}

static bool has_token(struct fixture *fixture, const char *name)
{
	COSMO_AUTO(record_free) struct record *record = NULL;

	assert_int_equal(record_load(fixture->store, name, &record), COSMO_OK);
	return record->refresh_token != NULL;
}

static void check_adopted(struct fixture *fixture, uint32_t ada)
{
	COSMO_AUTO(integration_free) struct integration *integration = NULL;
	struct users_db_user user = {0};
	struct gate_view gate = {.state = GATE_OPEN};

	gate_read(store_gate(fixture->store), &gate);
	assert_int_equal(gate.state, GATE_CLOSED);
	assert_int_equal(integration_load(fixture->store, &integration), COSMO_OK);
	assert_false(integration->connected);
	assert_string_equal(integration->reason, "adopted");
	assert_int_equal(integration_check_machine(fixture->store), COSMO_OK);
	assert_int_equal(find(fixture, "ada", &user), COSMO_OK);
	assert_int_equal(user.uid, ada);
	assert_false(has_token(fixture, "ada") || has_token(fixture, "bob"));
}

static uint32_t uid_of(struct fixture *fixture, const char *name)
{
	COSMO_AUTO(record_free) struct record *record = NULL;

	assert_int_equal(record_load(fixture->store, name, &record), COSMO_OK);
	return record->uid;
}

static void test_adopt__clone__ids_stay_tokens_go_gate_is_closed(void **state)
{
	struct fixture *fixture = make_clone(state);
	struct users_db_user user = {0};
	struct adopt_report report = {0};

	assert_int_equal(integration_check_machine(fixture->store), COSMO_E_MACHINE);
	assert_int_equal(find(fixture, "ada", &user), COSMO_E_MACHINE);
	assert_int_equal(adopt(fixture->store, &fixture->config, true, &report), COSMO_OK);
	assert_false(report.is_ours);
	assert_int_equal(report.users, 2);
	assert_int_equal(report.tokens, 2);
	assert_int_equal(find(fixture, "ada", &user), COSMO_E_MACHINE);
	assert_true(has_token(fixture, "ada"));
	assert_int_equal(adopt(fixture->store, &fixture->config, false, &report), COSMO_OK);
	check_adopted(fixture, uid_of(fixture, "ada"));
	assert_int_equal(adopt(fixture->store, &fixture->config, false, &report), COSMO_OK);
	assert_true(report.is_ours);
}

static void test_adopt__own_store__nothing_is_changed(void **state)
{
	struct fixture *fixture = fixture_of(state);
	COSMO_AUTO(integration_free) struct integration *integration = NULL;
	struct adopt_report report = {0};
	struct gate_view gate = {.state = GATE_CLOSED};

	assert_int_equal(integration_connect(fixture->store, &partner, &integration), COSMO_OK);
	give_token(fixture, "ada");
	assert_int_equal(adopt(fixture->store, &fixture->config, false, &report), COSMO_OK);
	assert_true(report.is_ours);
	assert_true(has_token(fixture, "ada"));
	gate_read(store_gate(fixture->store), &gate);
	assert_int_equal(gate.state, GATE_OPEN);
}

static void test_connect__foreign_store__refused(void **state)
{
	struct fixture *fixture = make_clone(state);
	COSMO_AUTO(integration_free) struct integration *integration = NULL;

	assert_int_equal(
		integration_connect(fixture->store, &partner, &integration), COSMO_E_MACHINE);
	assert_int_equal(run(fixture->store, fixture), COSMO_OK);
	assert_int_equal(integration_connect(fixture->store, &partner, &integration), COSMO_OK);
}

static void test_adopt__damaged_record__keeps_nobody_from_it(void **state)
{
	struct fixture *fixture = make_clone(state);
	struct adopt_report report = {0};

	assert_int_equal(fdio_replace_file(
				 store_folder_fd(fixture->store, STORE_USERS), "bob", "x", 1, 0600),
		COSMO_OK);
	assert_int_equal(adopt(fixture->store, &fixture->config, false, &report), COSMO_OK);
	assert_int_equal(report.left, 1);
	assert_int_equal(integration_check_machine(fixture->store), COSMO_OK);
	assert_false(has_token(fixture, "ada"));
}

static int adopt_elsewhere(void *context)
{
	struct fixture *fixture = context;
	struct store *store = NULL;
	enum cosmo_err err = store_open(&fixture->paths, &store);

	if (!err)
		err = run(store, fixture);
	store_free(store);
	return (int)err;
}

/* Until all is done nothing of it is this machine's, and whoever comes next does it all. */
static bool grieve(enum traced_action action, unsigned int nth)
{
	void *state = NULL;
	struct fixture *fixture = NULL;
	struct traced_end end = {0};
	struct gate_view gate = {.state = GATE_OPEN};
	uint32_t ada = 0;

	assert_int_equal(fixture_setup_in_memory(&state), 0);
	fixture = make_clone(&state);
	ada = uid_of(fixture, "ada");
	/* As after a boot. */
	assert_int_equal(integration_close(fixture->store), COSMO_OK);
	store_unlock(fixture->store);
	end = traced_run(adopt_elsewhere, fixture, action, nth);
	gate_read(store_gate(fixture->store), &gate);
	assert_int_equal(gate.state, GATE_CLOSED);
	if (integration_check_machine(fixture->store) == COSMO_OK)
		check_adopted(fixture, ada);
	else
		assert_int_not_equal(end.code, COSMO_OK);
	assert_int_equal(run(fixture->store, fixture), COSMO_OK);
	check_adopted(fixture, ada);
	assert_int_equal(fixture_teardown(&state), 0);
	return end.was_met;
}

static void test_adopt__killed_or_no_space_at_any_change__done_again(void **state)
{
	static const enum traced_action actions[] = {
		TRACED_KILL_BEFORE, TRACED_KILL_AFTER, TRACED_FAIL};

	(void)fixture_of(state);
	for (size_t i = 0; i < COSMO_ARRAY_LEN(actions); i++) {
		unsigned int calls = 0;

		while (grieve(actions[i], calls))
			calls++;
		assert_true(calls > 30);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_READY_FIXTURE(test_adopt__clone__ids_stay_tokens_go_gate_is_closed),
		WITH_READY_FIXTURE(test_adopt__own_store__nothing_is_changed),
		WITH_READY_FIXTURE(test_connect__foreign_store__refused),
		WITH_READY_FIXTURE(test_adopt__damaged_record__keeps_nobody_from_it),
		WITH_READY_FIXTURE(test_adopt__killed_or_no_space_at_any_change__done_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
