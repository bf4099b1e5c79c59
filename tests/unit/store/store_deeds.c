/* SPDX-License-Identifier: MIT */
#include "tests/unit/store/store_deeds.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/base/siphash.h"
#include "pam_cosmo_sso/helper/repair.h"
#include "pam_cosmo_sso/helper/uid_register.h"
#include "pam_cosmo_sso/helper/user_change.h"
#include "pam_cosmo_sso/helper/users_db_write.h"

#define CROWD 166 /* with whom the smallest file is full */

static const unsigned char seed[SIPHASH_KEY_BYTES] = "fifteen letters";

void deed_done(struct deed *deed)
{
	for (size_t i = 0; i < deed->count; i++)
		record_free(deed->records[i]);
	deed->count = 0;
}

void deed_add(struct deed *deed, const char *name, uint32_t version)
{
	struct record *record = fixture_person(&deed->config, name);

	fixture_version(record, version);
	assert_true(deed->count < DEED_MAX_RECORDS);
	deed->records[deed->count++] = record;
}

int deed_do(void *context)
{
	struct deed *deed = context;
	struct store *store = NULL;
	enum cosmo_err err = store_open(deed->paths, &store);

	if (!err)
		err = store_lock(store, STORE_LOCK_MS);
	if (!err)
		err = deed->act(deed, store);
	store_free(store);
	return (int)err;
}

int deed_do_elsewhere(struct deed *deed)
{
	int status = 0;
	pid_t child = 0;

	fflush(NULL);
	child = fork();
	assert_true(child >= 0);
	if (child == 0)
		_exit(deed_do(deed));
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static enum cosmo_err ensure_seed(struct store *store)
{
	enum cosmo_err err = integration_seed_ensure(store, seed);

	return err == COSMO_E_EXISTS ? COSMO_OK : err;
}

static enum cosmo_err assign(struct deed *deed, struct store *store)
{
	enum cosmo_err err = COSMO_OK;

	for (size_t i = 0; i < deed->count && !err; i++) {
		struct record *record = deed->records[i];

		err = uid_register_assign(store, record->name, deed->config.uid_min,
			deed->config.uid_max, 0, &record->uid);
		record->gid = record->uid;
	}
	return err;
}

static enum cosmo_err act_commit(struct deed *deed, struct store *store)
{
	enum cosmo_err err = ensure_seed(store);

	if (!err)
		err = assign(deed, store);
	return err ? err : commit_user(store, &deed->config, deed->records[0]);
}

static enum cosmo_err act_batch(struct deed *deed, struct store *store)
{
	enum cosmo_err err = assign(deed, store);

	return err ? err
		   : commit_users(store, &deed->config, (const struct record *const *)deed->records,
			     deed->count);
}

static enum cosmo_err act_assign(struct deed *deed, struct store *store)
{
	return assign(deed, store);
}

static enum cosmo_err act_settings(struct deed *deed, struct store *store)
{
	return commit_settings(store, &deed->config, 1);
}

static enum cosmo_err act_first(struct deed *deed, struct store *store)
{
	enum cosmo_err err = ensure_seed(store);

	if (!err)
		err = commit_settings(store, &deed->config, -1);
	return err ? err : act_commit(deed, store);
}

static enum cosmo_err act_rebuild(struct deed *deed, struct store *store)
{
	return commit_rebuild(store, &deed->config);
}

static enum cosmo_err act_repair(struct deed *deed, struct store *store)
{
	struct repair_report report;

	return repair_run(store, &deed->config, &report);
}

/* What an administrator does to ada, in words that are to be written as well. */
static enum cosmo_err act_change(struct store *store, enum user_change change)
{
	const struct user_order order = {
		.name = "ada", .change = change, .why = "left", .now_s = 1800000000};
	struct user_changed done;
	enum cosmo_err err = user_change(store, NULL, &order, &done);

	user_changed_done(&done);
	return err;
}

static enum cosmo_err act_disconnect(struct deed *deed, struct store *store)
{
	(void)deed;
	return act_change(store, USER_CHANGE_DISCONNECT);
}

static enum cosmo_err act_remove(struct deed *deed, struct store *store)
{
	(void)deed;
	return act_change(store, USER_CHANGE_REMOVE);
}

/* A store with a bob and an ada in it, and @crowd others. */
static void prepare(struct fixture *fixture, unsigned int crowd)
{
	const struct record *crowd_records[CROWD] = {NULL};
	struct store *store = NULL;
	struct deed deed = {.config = fixture->config};

	assert_int_equal(store_open(&fixture->paths, &store), COSMO_OK);
	assert_int_equal(store_lock(store, STORE_LOCK_MS), COSMO_OK);
	assert_int_equal(ensure_seed(store), COSMO_OK);
	assert_int_equal(commit_settings(store, &fixture->config, -1), COSMO_OK);
	deed_add(&deed, "ada", 3);
	deed_add(&deed, "bob", 4);
	assert_int_equal(act_batch(&deed, store), COSMO_OK);
	deed_done(&deed);
	fixture->store = store;
	for (unsigned int i = 0; i < crowd; i++) {
		char name[16] = "";

		snprintf(name, sizeof(name), "user%u", i);
		crowd_records[i] = fixture_record(fixture, name);
	}
	fixture->store = NULL;
	if (crowd > 0)
		assert_int_equal(
			commit_users(store, &fixture->config, crowd_records, crowd), COSMO_OK);
	for (unsigned int i = 0; i < crowd; i++)
		record_free((struct record *)(uintptr_t)crowd_records[i]);
	store_free(store);
}

static void prepare_nothing(struct fixture *fixture)
{
	(void)fixture;
}

static void prepare_two(struct fixture *fixture)
{
	prepare(fixture, 0);
}

static void prepare_crowd(struct fixture *fixture)
{
	prepare(fixture, CROWD);
}

static void new_user(struct deed *deed)
{
	deed_add(deed, "cyd", 2);
}

static void first_user(struct deed *deed)
{
	deed_add(deed, "ada", 1);
}

static void known_user(struct deed *deed)
{
	deed_add(deed, "ada", 7); /* developer instead of viewer; unlocked */
}

static void locked_user(struct deed *deed)
{
	deed_add(deed, "bob", 5);
}

static void long_texts(struct deed *deed)
{
	deed_add(deed, "ada", 8);
}

static void long_texts_again(struct deed *deed)
{
	deed_add(deed, "bob", 12);
}

static void several_users(struct deed *deed)
{
	deed_add(deed, "ada", 6);
	deed_add(deed, "cyd", 12);
	deed_add(deed, "bob", 9);
}

static void other_lease(struct deed *deed)
{
	deed->config.role_lease_s = 600;
}

/* Every bit but the first means another role than before. */
static void other_roles(struct deed *deed)
{
	struct config_role *roles = deed->config.roles;

	memmove(roles + 2, roles + 1, 2 * sizeof(*roles));
	snprintf(roles[1].name, sizeof(roles[1].name), "auditor");
	snprintf(roles[1].group, sizeof(roles[1].group), "cosmo-auditor");
	roles[1].gid = 1879048310;
	deed->config.role_count = 4;
}

static void nothing_else(struct deed *deed)
{
	(void)deed;
}

static enum cosmo_err act_connect(struct deed *deed, struct store *store)
{
	COSMO_AUTO(integration_free) struct integration *made = NULL;
	const struct integration_partner partner = {
		.issuer = "https://idp.example", .client_id = "host"};

	(void)deed;
	return integration_connect(store, &partner, &made);
}

/* The two steps of a disconnect that must last. */
static enum cosmo_err act_disconnect_host(struct deed *deed, struct store *store)
{
	const struct integration_end end = {
		.reason = "on request", .unfinished = true, .lock_ms = STORE_LOCK_MS};
	enum cosmo_err err = integration_end(store, &end);

	(void)deed;
	return err ? err : integration_finish(store);
}

static enum cosmo_err act_boot(struct deed *deed, struct store *store)
{
	(void)deed;
	return integration_boot(store);
}

/* A refresh token that replaces another one; nothing of it is shown. */
static enum cosmo_err rotate(struct store *store, const char *name, struct record **ret)
{
	COSMO_AUTO(record_free) struct record *record = NULL;
	static unsigned int number;
	char token[32] = "";
	enum cosmo_err err = record_load(store, name, &record);

	snprintf(token, sizeof(token), "token-%u", number++);
	if (!err) {
		secret_free(record->refresh_token);
		record->refresh_token = NULL;
		err = secret_new(token, strlen(token), &record->refresh_token);
	}
	if (!err)
		*ret = COSMO_STEAL(&record);
	return err;
}

static enum cosmo_err act_token(struct deed *deed, struct store *store)
{
	COSMO_AUTO(record_free) struct record *ada = NULL;
	enum cosmo_err err = rotate(store, "ada", &ada);

	(void)deed;
	return err ? err : commit_unshown(store, ada);
}

static enum cosmo_err act_tokens(struct deed *deed, struct store *store)
{
	COSMO_AUTO(record_free) struct record *ada = NULL;
	COSMO_AUTO(record_free) struct record *bob = NULL;
	enum cosmo_err err = rotate(store, "ada", &ada);

	(void)deed;
	if (!err)
		err = rotate(store, "bob", &bob);
	return err ? err : commit_unshown_all(store, (const struct record *const[]){ada, bob}, 2);
}

static enum cosmo_err act_provisional_off(struct deed *deed, struct store *store)
{
	(void)deed;
	return commit_provisional_off(store);
}

static enum cosmo_err act_stale(struct deed *deed, struct store *store)
{
	(void)deed;
	return commit_note_stale(store);
}

static void prepare_connected(struct fixture *fixture)
{
	struct deed deed = {.paths = &fixture->paths, .act = act_connect};

	prepare_two(fixture);
	assert_int_equal(deed_do(&deed), COSMO_OK);
}

/* Not even the folders are there. */
static void prepare_no_folders(struct fixture *fixture)
{
	fixture_empty(fixture->state_dir);
}

/* The folders are there, and as the package makes it an empty file; nobody has written yet. */
static void prepare_empty(struct fixture *fixture)
{
	struct deed deed = {
		.paths = &fixture->paths, .config = fixture->config, .act = act_settings};

	assert_int_equal(deed_do(&deed), COSMO_OK);
}

/* ada is on the list of those who may enrol. */
static void prepare_listed(struct fixture *fixture)
{
	COSMO_AUTO(store_free) struct store *store = NULL;

	prepare_two(fixture);
	assert_int_equal(store_open(&fixture->paths, &store), COSMO_OK);
	assert_int_equal(records_list_name(store, "ada"), COSMO_OK);
}

/* A file with room for one pair of long texts, which bob has. */
static void prepare_full(struct fixture *fixture)
{
	COSMO_AUTO(store_free) struct store *store = NULL;
	COSMO_AUTO(users_db_file_free) struct users_db_file *file = NULL;
	const struct users_db_size size = {.users = 2, .longs = 1, .generation = 2};
	struct users_db_settings settings;
	struct users_db_user user;
	uint64_t cursor = 0;

	prepare_two(fixture);
	assert_int_equal(store_open(&fixture->paths, &store), COSMO_OK);
	assert_int_equal(store_lock(store, STORE_LOCK_MS), COSMO_OK);
	assert_int_equal(users_db_settings(store_users_db(store), &settings), COSMO_OK);
	assert_int_equal(users_db_file_make(store, &settings, &size, &file), COSMO_OK);
	while (users_db_next(store_users_db(store), &cursor, &user) == COSMO_OK)
		assert_int_equal(users_db_file_put(file, &user), COSMO_OK);
	assert_int_equal(users_db_file_publish(store, file), COSMO_OK);
}

const struct scenario scenarios[] = {
	{"the first commit ever", prepare_nothing, {{first_user, act_first}}, 0},
	{"the first commit, without folders", prepare_no_folders, {{first_user, act_first}}, 0},
	{"the first commit, without settings", prepare_nothing, {{first_user, act_commit}}, 0},
	{"the first commit into an empty file", prepare_empty, {{first_user, act_commit}}, 0},
	{"a new user", prepare_two, {{new_user, act_commit}}, SCENARIO_RECOVERED},
	{"other roles of a known user", prepare_two, {{known_user, act_commit}},
		SCENARIO_RECOVERED},
	{"a user is locked", prepare_two, {{locked_user, act_commit}}, 0},
	{"a user is disconnected", prepare_two, {{nothing_else, act_disconnect}}, 0},
	{"a user is removed", prepare_listed, {{nothing_else, act_remove}}, 0},
	{"texts become long", prepare_two, {{long_texts, act_commit}}, 0},
	{"long texts change", prepare_two, {{long_texts_again, act_commit}}, 0},
	{"the file grows", prepare_full, {{long_texts, act_commit}}, SCENARIO_RECOVERED},
	{"the file grows with a crowd", prepare_crowd, {{new_user, act_commit}}, SCENARIO_LARGE},
	{"a batch", prepare_two, {{several_users, act_batch}}, SCENARIO_RECOVERED},
	{"a batch makes the file grow", prepare_full, {{several_users, act_batch}}, 0},
	{"a batch makes the file of a crowd grow", prepare_crowd, {{several_users, act_batch}},
		SCENARIO_LARGE},
	{"a uid is assigned", prepare_two, {{new_user, act_assign}}, 0},
	{"a refresh token is replaced", prepare_two, {{nothing_else, act_token}}, SCENARIO_UNSHOWN},
	{"refresh tokens are replaced", prepare_two, {{nothing_else, act_tokens}},
		SCENARIO_UNSHOWN},
	{"settings change in place", prepare_two, {{other_lease, act_settings}}, 0},
	{"the roles table changes", prepare_two, {{other_roles, act_settings}}, 0},
	{"a rebuild", prepare_two, {{nothing_else, act_rebuild}}, 0},
	{"a repair", prepare_two, {{nothing_else, act_repair}}, 0},
	{"the host is connected", prepare_two, {{nothing_else, act_connect}}, 0},
	{"the host is disconnected", prepare_connected,
		{{nothing_else, act_boot}, {nothing_else, act_disconnect_host}}, 0},
	{"the host is connected anew", prepare_connected,
		{{nothing_else, act_boot}, {nothing_else, act_disconnect_host},
			{nothing_else, act_connect}},
		0},
	{"one user twice", prepare_two, {{known_user, act_commit}, {long_texts, act_commit}}, 0},
	{"a new user and another one", prepare_two,
		{{new_user, act_commit}, {locked_user, act_commit}, {known_user, act_commit}}, 0},
	{"settings change twice", prepare_two,
		{{other_lease, act_settings}, {nothing_else, act_provisional_off},
			{known_user, act_commit}},
		0},
	{"a stale file", prepare_two, {{nothing_else, act_stale}, {known_user, act_commit}}, 0},
	{"growth, and on with the new file", prepare_full,
		{{long_texts, act_commit}, {locked_user, act_commit}}, 0},
};

const size_t scenario_count = COSMO_ARRAY_LEN(scenarios);

struct deed scenario_deed(const struct scenario *scenario, size_t step,
	const struct store_paths *paths, const struct config *config)
{
	struct deed deed = {.paths = paths, .config = *config, .act = scenario->steps[step].act};

	scenario->steps[step].plan(&deed);
	return deed;
}

struct deed deed_of_next_writer(const struct store_paths *paths, const struct config *config)
{
	struct deed deed = {.paths = paths, .config = *config, .act = act_commit};

	deed_add(&deed, "dan", 9);
	return deed;
}

struct deed deed_of_repair(const struct store_paths *paths, const struct config *config)
{
	return (struct deed){.paths = paths, .config = *config, .act = act_repair};
}
