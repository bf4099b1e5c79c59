/* SPDX-License-Identifier: MIT */
/*
 * users.db grows again and again while others commit, look up and disconnect: nobody is missing,
 * nobody goes back, and from the moment at which the gate was closed nobody holds a role.
 */
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/base/effective_roles.h"
#include "pam_cosmo_sso/helper/uid_register.h"
#include "pam_cosmo_sso/helper/users_db_write.h"
#include "tests/unit/store/store_fixture.h"

#define ROUNDS    4U
#define NEWCOMERS 32U /* each with long texts: the file grows at the first, second, fourth ... */
#define COMMITS   60U /* of ada, at least */
#define THREADS   2U

/* Shared by all processes. */
struct board {
	atomic_uint committed; /* the version of ada */
	atomic_uint enrolled;  /* newcomers */
	atomic_bool closed;    /* the gate, before it was looked at */
	atomic_bool stop;
	atomic_ulong looks;
	atomic_ulong as_admin; /* looks at bob that showed him as what he was */
	atomic_ulong missing;
	atomic_ulong stale;
	atomic_ulong mixed;
	atomic_ulong too_much; /* roles behind a closed gate */
};

struct round {
	struct fixture *fixture;
	struct board *board;
	struct users_db *db;
	struct gate_reader *gate;
	unsigned int number;
};

static void name_newcomer(char ret[16], unsigned int number)
{
	snprintf(ret, 16, "new%u", number);
}

/* BUSY is an answer too: somebody writes just there. */
static bool find(const struct round *round, const char *name, struct users_db_user *ret)
{
	enum cosmo_err err = users_db_find_name(round->db, name, ret);

	if (err && err != COSMO_E_BUSY)
		atomic_fetch_add(&round->board->missing, 1);
	return !err;
}

static void look_at_ada(const struct round *round)
{
	unsigned int committed = atomic_load(&round->board->committed);
	struct users_db_user user;
	struct users_db_user same;
	enum cosmo_err err = COSMO_OK;

	if (!find(round, "ada", &user))
		return;
	if (fixture_version_of(&user) == UINT32_MAX)
		atomic_fetch_add(&round->board->mixed, 1);
	else if (fixture_version_of(&user) < committed)
		atomic_fetch_add(&round->board->stale, 1);
	err = users_db_find_uid(round->db, user.uid, &same);
	if (err && err != COSMO_E_BUSY)
		atomic_fetch_add(&round->board->missing, 1);
}

static void look_at_bob(const struct round *round)
{
	bool closed = atomic_load(&round->board->closed);
	struct users_db_user user;
	struct gate_view gate;
	struct effective_roles roles;

	if (!find(round, "bob", &user))
		return;
	gate_read(round->gate, &gate);
	roles = effective_roles(&user, &gate, 86400, user.confirmed_s);
	if (!roles.demoted)
		atomic_fetch_add(closed ? &round->board->too_much : &round->board->as_admin, 1);
}

static void look_at_newcomer(const struct round *round, unsigned long number)
{
	unsigned int enrolled = atomic_load(&round->board->enrolled);
	struct users_db_user user;
	char name[16] = "";

	if (enrolled == 0)
		return;
	name_newcomer(name, (unsigned int)(number % enrolled));
	(void)find(round, name, &user);
}

static void *look_on(void *context)
{
	const struct round *round = context;

	while (!atomic_load(&round->board->stop)) {
		look_at_ada(round);
		look_at_bob(round);
		look_at_newcomer(round, atomic_fetch_add(&round->board->looks, 1));
	}
	return NULL;
}

static int read_all(struct round *round)
{
	struct users_db db = {
		.path = round->fixture->users_db, .machine_id_path = round->fixture->machine_id};
	struct gate_reader gate = {.path = round->fixture->gate};
	pthread_t threads[THREADS];

	round->db = &db;
	round->gate = &gate;
	for (size_t i = 0; i < THREADS; i++)
		if (pthread_create(&threads[i], NULL, look_on, round) != 0)
			return 1;
	for (size_t i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	users_db_done(&db);
	gate_done(&gate);
	return 0;
}

/* With a store and for a moment the lock of its own. */
static enum cosmo_err commit(struct store *store, struct round *round, struct record *record)
{
	const struct config *config = &round->fixture->config;
	enum cosmo_err err = store_lock(store, 30 * STORE_LOCK_MS); /* of a loaded host */

	if (err)
		return err;
	err = uid_register_assign(
		store, record->name, config->uid_min, config->uid_max, 0, &record->uid);
	record->gid = record->uid;
	if (!err)
		err = commit_user(store, config, record);
	store_unlock(store);
	return err;
}

static int enrol_all(struct round *round)
{
	COSMO_AUTO(store_free) struct store *store = NULL;
	enum cosmo_err err = store_open(&round->fixture->paths, &store);

	for (unsigned int i = 0; i < NEWCOMERS && !err; i++) {
		char name[16] = "";
		struct record *record = NULL;

		name_newcomer(name, i);
		record = fixture_person(&round->fixture->config, name);
		fixture_version(record, 4 * i);
		err = commit(store, round, record);
		record_free(record);
		if (!err)
			atomic_store(&round->board->enrolled, i + 1);
	}
	return (int)err;
}

static int commit_all(struct round *round)
{
	COSMO_AUTO(store_free) struct store *store = NULL;
	COSMO_AUTO(record_free) struct record *record = NULL;
	enum cosmo_err err = store_open(&round->fixture->paths, &store);

	record = fixture_person(&round->fixture->config, "ada");
	for (unsigned int i = 1;
		!err && (i <= COMMITS || atomic_load(&round->board->enrolled) < NEWCOMERS); i++) {
		fixture_version(record, i);
		err = commit(store, round, record);
		if (!err)
			atomic_store(&round->board->committed, i);
	}
	return (int)err;
}

/* When so many have come as the round's number says. */
static int disconnect(struct round *round)
{
	const struct integration_end end = {
		.reason = "on request", .unfinished = true, .lock_ms = STORE_LOCK_MS};
	unsigned int when = (round->number * 2654435761U >> 16) % NEWCOMERS;
	COSMO_AUTO(store_free) struct store *store = NULL;
	enum cosmo_err err = store_open(&round->fixture->paths, &store);

	while (!err && (atomic_load(&round->board->enrolled) < when ||
			       atomic_load(&round->board->as_admin) == 0))
		usleep(200);
	if (!err)
		err = integration_close(store);
	atomic_store(&round->board->closed, true);
	return (int)(err ? err : integration_end(store, &end));
}

static pid_t start(struct round *round, int (*work)(struct round *round))
{
	pid_t child = 0;

	fflush(NULL);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		_exit(work(round));
	}
	return child;
}

static int end_of(pid_t child)
{
	int status = -1;

	assert_int_equal(waitpid(child, &status, 0), child);
	return status;
}

/* ada, bob who has a role by the integration in force, and a file in which one text may be long. */
static void prepare(struct fixture *fixture)
{
	COSMO_AUTO(integration_free) struct integration *integration = NULL;
	COSMO_AUTO(users_db_file_free) struct users_db_file *file = NULL;
	COSMO_AUTO(record_free) struct record *ada = fixture_record(fixture, "ada");
	COSMO_AUTO(record_free) struct record *bob = fixture_record(fixture, "bob");
	const struct integration_partner partner = {
		.issuer = "https://idp.example", .client_id = "host"};
	const struct users_db_size size = {.users = 2, .longs = 1, .generation = 2};
	struct users_db *db = store_users_db(fixture->store);
	struct users_db_settings settings;
	struct users_db_user user;
	uint64_t cursor = 0;

	assert_int_equal(integration_connect(fixture->store, &partner, &integration), COSMO_OK);
	memcpy(bob->integration, integration->id, INTEGRATION_BYTES);
	fixture_version(ada, 1);
	assert_int_equal(commit_user(fixture->store, &fixture->config, ada), COSMO_OK);
	assert_int_equal(commit_user(fixture->store, &fixture->config, bob), COSMO_OK);
	assert_int_equal(users_db_settings(db, &settings), COSMO_OK);
	assert_int_equal(users_db_file_make(fixture->store, &settings, &size, &file), COSMO_OK);
	while (users_db_next(db, &cursor, &user) == COSMO_OK)
		assert_int_equal(users_db_file_put(file, &user), COSMO_OK);
	assert_int_equal(users_db_file_publish(fixture->store, file), COSMO_OK);
	store_unlock(fixture->store);
}

static void check_end(const struct fixture *fixture, const struct board *board)
{
	COSMO_AUTO(integration_free) struct integration *integration = NULL;
	uint64_t count = 0;

	print_message("%u commits, %lu looks, %lu as admin; missing %lu, stale %lu, mixed %lu, too "
		      "much %lu\n",
		board->committed, board->looks, board->as_admin, board->missing, board->stale,
		board->mixed, board->too_much);
	assert_int_equal(board->missing + board->stale + board->mixed + board->too_much, 0);
	assert_true(board->as_admin > 0);
	assert_int_equal(users_db_count(store_users_db(fixture->store), &count), COSMO_OK);
	assert_int_equal(count, NEWCOMERS + 2);
	assert_int_equal(users_db_file_inspect(fixture->store), COSMO_OK);
	assert_int_equal(integration_load(fixture->store, &integration), COSMO_OK);
	assert_false(integration->connected);
}

static void run(unsigned int number)
{
	void *state = NULL;
	struct board *board = mmap(
		NULL, sizeof(*board), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct round round = {.board = board, .number = number};
	pid_t reader = 0;
	pid_t workers[3] = {0};

	assert_true(board != MAP_FAILED);
	assert_int_equal(fixture_setup_in_memory(&state), 0);
	round.fixture = state;
	prepare(round.fixture);
	reader = start(&round, read_all);
	workers[0] = start(&round, enrol_all);
	workers[1] = start(&round, commit_all);
	workers[2] = start(&round, disconnect);
	for (size_t i = 0; i < COSMO_ARRAY_LEN(workers); i++)
		assert_int_equal(end_of(workers[i]), 0);
	atomic_store(&board->stop, true);
	assert_int_equal(end_of(reader), 0);
	check_end(round.fixture, board);
	assert_int_equal(fixture_teardown(&state), 0);
	munmap(board, sizeof(*board));
}

static void test_growth__commits_readers_and_disconnect__nobody_is_lost(void **state)
{
	(void)state;
	if (geteuid() != 0) {
		print_message("SKIPPED: the files of a store are root's, and this is not root\n");
		skip();
	}
	for (unsigned int i = 1; i <= ROUNDS; i++)
		run(i);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_growth__commits_readers_and_disconnect__nobody_is_lost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
