/* SPDX-License-Identifier: MIT */
/*
 * Readers see each user as one commit wrote him, while another process commits all the time: two
 * processes of two threads each look up by name, by uid and by enumeration what a writer changes
 * 100,000 times. Two readers with a fault fail the same test.
 */
#include <limits.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/unit/store/store_fixture.h"

#define PROCESSES 2U
#define THREADS   2U /* in each */
#define READERS   (PROCESSES * THREADS)
#ifndef COMMITS
#define COMMITS 100000U /* fewer under sanitizers, whose matter is not their number */
#endif
#define MAX_COMMITS  (20 * COMMITS) /* where readers hardly ever run */
#define MIN_VERSIONS 1000U
#define REBUILD_EACH 5000U /* commits: the file is replaced under the readers */
#define BYSTANDER    4U    /* the version of the other user, who has long texts */

/* The reader under test. */
struct reader {
	enum cosmo_err (*find_name)(struct users_db *, const char *, struct users_db_user *);
	enum cosmo_err (*find_uid)(struct users_db *, uint32_t, struct users_db_user *);
	enum cosmo_err (*next)(struct users_db *, uint64_t *, struct users_db_user *);
};

static const struct reader sound = {users_db_find_name, users_db_find_uid, users_db_next};

enum cosmo_err unchecked_find_name(struct users_db *, const char *, struct users_db_user *);
enum cosmo_err unchecked_find_uid(struct users_db *, uint32_t, struct users_db_user *);
enum cosmo_err unchecked_next(struct users_db *, uint64_t *, struct users_db_user *);
enum cosmo_err unordered_find_name(struct users_db *, const char *, struct users_db_user *);
enum cosmo_err unordered_find_uid(struct users_db *, uint32_t, struct users_db_user *);
enum cosmo_err unordered_next(struct users_db *, uint64_t *, struct users_db_user *);

static const struct reader unchecked = {unchecked_find_name, unchecked_find_uid, unchecked_next};
static const struct reader unordered = {unordered_find_name, unordered_find_uid, unordered_next};

/* What one thread saw. */
struct tally {
	atomic_ulong looks;
	atomic_ulong versions; /* how often it was another than before */
	atomic_ulong mixed;    /* fields of different versions, or of another user */
	atomic_ulong stale;    /* older than what was committed before the look */
	atomic_ulong busy;
	atomic_ulong refused; /* any other error, or somebody missing */
};

/* Shared by all processes. */
struct board {
	atomic_uint committed;
	atomic_uint rebuilds; /* odd while the file is being replaced */
	atomic_bool stop;
	struct tally tallies[READERS];
};

struct watch {
	const struct reader *reader;
	struct users_db *db;
	struct board *board;
	struct tally *tally;
	uint32_t uid;
	uint32_t last;
};

static void judge(struct watch *watch, const struct users_db_user *user, uint32_t committed)
{
	uint32_t version = fixture_version_of(user);

	if (version == UINT32_MAX || strcmp(user->name, "ada") != 0 || user->uid != watch->uid ||
		user->gid != watch->uid)
		atomic_fetch_add(&watch->tally->mixed, 1);
	else if (version < committed)
		atomic_fetch_add(&watch->tally->stale, 1);
	else if (version != watch->last)
		atomic_fetch_add(&watch->tally->versions, 1);
	watch->last = version;
}

static void note_error(struct watch *watch, enum cosmo_err err)
{
	atomic_fetch_add(err == COSMO_E_BUSY ? &watch->tally->busy : &watch->tally->refused, 1);
}

/* Both users, each once. */
static void enumerate(struct watch *watch)
{
	unsigned int rebuilds = atomic_load(&watch->board->rebuilds);
	uint32_t committed = atomic_load(&watch->board->committed);
	struct users_db_user user;
	uint64_t cursor = 0;
	unsigned int seen = 0; /* ada counts 1, bob 16 */
	enum cosmo_err err = COSMO_OK;

	while (!(err = watch->reader->next(watch->db, &cursor, &user))) {
		if (strcmp(user.name, "bob") == 0 && fixture_version_of(&user) == BYSTANDER) {
			seen += 16;
			continue;
		}
		judge(watch, &user, committed);
		seen++;
	}
	/* Where a rebuilt file takes the place of the one that is walked through, all may be
	 * elsewhere. */
	if (err != COSMO_E_NOT_FOUND)
		note_error(watch, err);
	else if (seen != 17 && rebuilds % 2 == 0 &&
		 rebuilds == atomic_load(&watch->board->rebuilds))
		atomic_fetch_add(&watch->tally->refused, 1);
}

static void look(struct watch *watch, unsigned long number)
{
	uint32_t committed = atomic_load(&watch->board->committed);
	struct users_db_user user;
	enum cosmo_err err = COSMO_OK;

	if (number % 8 == 7) {
		enumerate(watch);
		return;
	}
	err = number % 2 ? watch->reader->find_uid(watch->db, watch->uid, &user)
			 : watch->reader->find_name(watch->db, "ada", &user);
	if (err)
		note_error(watch, err);
	else
		judge(watch, &user, committed);
}

static void *watch_on(void *context)
{
	struct watch *watch = context;

	while (!atomic_load(&watch->board->stop))
		look(watch, atomic_fetch_add(&watch->tally->looks, 1));
	return NULL;
}

/* A process of its own, with a view of its own. */
static void run_process(const struct fixture *fixture, const struct reader *reader,
	struct board *board, uint32_t uid, unsigned int number)
{
	struct users_db db = {.path = fixture->users_db, .machine_id_path = fixture->machine_id};
	struct watch watches[THREADS];
	pthread_t threads[THREADS];

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	(void)!nice(5); /* four readers that never rest; the writer is to get on */
	for (size_t i = 0; i < THREADS; i++) {
		watches[i] = (struct watch){.reader = reader,
			.db = &db,
			.board = board,
			.tally = &board->tallies[number * THREADS + i],
			.uid = uid};
		if (pthread_create(&threads[i], NULL, watch_on, &watches[i]) != 0)
			_exit(1);
	}
	for (size_t i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	_exit(0);
}

static unsigned long total(const struct board *board, size_t offset)
{
	unsigned long sum = 0;

	for (size_t i = 0; i < READERS; i++)
		sum += atomic_load(
			(const atomic_ulong *)(const void *)((const char *)&board->tallies[i] +
							     offset));
	return sum;
}

#define TOTAL(board, field) total((board), offsetof(struct tally, field))

static unsigned long fewest_versions(const struct board *board)
{
	unsigned long fewest = ULONG_MAX;

	for (size_t i = 0; i < READERS; i++)
		if (atomic_load(&board->tallies[i].versions) < fewest)
			fewest = atomic_load(&board->tallies[i].versions);
	return fewest;
}

/* Has a reader with a fault shown it? */
static bool is_caught(const struct board *board)
{
	return TOTAL(board, mixed) > 0 || TOTAL(board, stale) > 0;
}

static bool goes_on(const struct board *board, const struct reader *reader, uint32_t version)
{
	if (reader != &sound)
		return version < MAX_COMMITS && !is_caught(board);
	return version < COMMITS ||
	       (version < MAX_COMMITS && fewest_versions(board) < MIN_VERSIONS);
}

/* Nobody waits for anybody: versions are committed as fast as it goes. */
static void write_versions(struct fixture *fixture, struct record *record, struct board *board,
	const struct reader *reader)
{
	for (uint32_t version = 1; goes_on(board, reader, version - 1); version++) {
		fixture_version(record, version);
		assert_int_equal(commit_user(fixture->store, &fixture->config, record), COSMO_OK);
		atomic_store(&board->committed, version);
		if (version % REBUILD_EACH != 0)
			continue;
		atomic_fetch_add(&board->rebuilds, 1);
		assert_int_equal(commit_rebuild(fixture->store, &fixture->config), COSMO_OK);
		atomic_fetch_add(&board->rebuilds, 1);
	}
}

static struct board *run(struct fixture *fixture, const struct reader *reader)
{
	COSMO_AUTO(record_free) struct record *other = fixture_record(fixture, "bob");
	COSMO_AUTO(record_free) struct record *record = fixture_record(fixture, "ada");
	struct board *board = mmap(
		NULL, sizeof(*board), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t children[PROCESSES] = {0};

	assert_true(board != MAP_FAILED);
	fixture_version(other, BYSTANDER);
	fixture_version(record, 0);
	assert_int_equal(commit_user(fixture->store, &fixture->config, other), COSMO_OK);
	assert_int_equal(commit_user(fixture->store, &fixture->config, record), COSMO_OK);
	for (unsigned int i = 0; i < PROCESSES; i++) {
		children[i] = fork();
		assert_true(children[i] >= 0);
		if (children[i] == 0)
			run_process(fixture, reader, board, record->uid, i);
	}
	write_versions(fixture, record, board, reader);
	atomic_store(&board->stop, true);
	for (unsigned int i = 0; i < PROCESSES; i++) {
		int status = -1;

		assert_int_equal(waitpid(children[i], &status, 0), children[i]);
		assert_int_equal(status, 0);
	}
	print_message("%u commits, %lu looks, versions seen by the readers: %lu in all, %lu at "
		      "least; mixed %lu, stale %lu, busy %lu, refused %lu\n",
		atomic_load(&board->committed), TOTAL(board, looks), TOTAL(board, versions),
		fewest_versions(board), TOTAL(board, mixed), TOTAL(board, stale),
		TOTAL(board, busy), TOTAL(board, refused));
	return board;
}

static void test_readers__hundred_thousand_commits__no_mixture(void **state)
{
	struct board *board = run(fixture_of(state), &sound);

	assert_int_equal(TOTAL(board, mixed), 0);
	assert_int_equal(TOTAL(board, stale), 0);
	assert_int_equal(TOTAL(board, refused), 0);
	assert_true(atomic_load(&board->committed) >= COMMITS);
	assert_true(fewest_versions(board) >= MIN_VERSIONS);
	munmap(board, sizeof(*board));
}

static void test_readers__check_left_out__mixtures_are_seen(void **state)
{
	struct board *board = run(fixture_of(state), &unchecked);

	assert_true(TOTAL(board, mixed) > 0);
	munmap(board, sizeof(*board));
}

static void test_readers__sequence_left_out__old_states_are_seen(void **state)
{
	struct board *board = run(fixture_of(state), &unordered);

	assert_true(TOTAL(board, stale) > 0);
	munmap(board, sizeof(*board));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_MEMORY_FIXTURE(test_readers__hundred_thousand_commits__no_mixture),
		WITH_MEMORY_FIXTURE(test_readers__check_left_out__mixtures_are_seen),
		WITH_MEMORY_FIXTURE(test_readers__sequence_left_out__old_states_are_seen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
