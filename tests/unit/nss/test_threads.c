/* SPDX-License-Identifier: MIT */
/*
 * What the plugin's threads share, under ThreadSanitizer: its mappings of users.db and gate, the
 * settings taken from them, the places of enumerations, the provisional entry given last. Readers
 * ask everything there is to ask while people are committed, settings changed and the file
 * replaced. The stores of a writer are none of it: the kernel makes them.
 */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "nss_cosmo/module.h"
#include "nss_cosmo/provisional.c"
#include "tests/unit/store/store_fixture.h"

#define READERS 3U
#define ROUNDS  40U
#define LOOKS   20U /* of each reader, at least, in each round */

static struct users_db db;
static struct gate_reader gate;

/* In the place of the built-in ones. */
const struct enrollable_places *places_default(void)
{
	static const struct enrollable_places places = {
		.db = &db,
		.gate = &gate,
		.private_dir = "/nonexistent",
		.passwd_path = "/nonexistent",
		.group_path = "/nonexistent",
	};

	return &places;
}

static atomic_bool stop;
static atomic_uint looks[READERS];
static atomic_uint wrong;
static uint32_t ada_uid;

static void expect(bool condition)
{
	if (!condition)
		atomic_fetch_add(&wrong, 1);
}

/* While records are written a look-up may have to be asked again. */
static bool is_found(enum nss_status status)
{
	expect(status == NSS_STATUS_SUCCESS || status == NSS_STATUS_TRYAGAIN);
	return status == NSS_STATUS_SUCCESS;
}

static void ask_for_ada(void)
{
	char buffer[4096];
	struct passwd pw = {0};
	struct group gr = {0};
	gid_t space[64];
	gid_t *gids = space;
	long start = 0;
	long size = 64;
	int code = 0;

	if (is_found(_nss_cosmo_getpwnam_r("ada", &pw, buffer, sizeof(buffer), &code)))
		expect(pw.pw_uid == ada_uid);
	if (is_found(_nss_cosmo_getpwuid_r(ada_uid, &pw, buffer, sizeof(buffer), &code)))
		expect(streq(pw.pw_name, "ada"));
	if (is_found(_nss_cosmo_getgrnam_r("cosmo-viewer", &gr, buffer, sizeof(buffer), &code)))
		expect(gr.gr_mem != NULL);
	if (is_found(_nss_cosmo_getgrgid_r(ada_uid, &gr, buffer, sizeof(buffer), &code)))
		expect(streq(gr.gr_name, "ada"));
	if (is_found(_nss_cosmo_initgroups_dyn("ada", (gid_t)-1, &start, &size, &gids, -1, &code)))
		expect(start > 0);
	expect(_nss_cosmo_getpwnam_r("noone", &pw, buffer, sizeof(buffer), &code) !=
		NSS_STATUS_SUCCESS);
}

/* Threads share the place, as glibc's callers of getpwent() do. */
static void enumerate_some(void)
{
	char buffer[4096];
	struct passwd pw = {0};
	struct group gr = {0};
	int code = 0;

	(void)_nss_cosmo_getpwent_r(&pw, buffer, sizeof(buffer), &code);
	(void)_nss_cosmo_getgrent_r(&gr, buffer, sizeof(buffer), &code);
	if (code == ENOENT) {
		_nss_cosmo_setpwent(0);
		_nss_cosmo_setgrent(0);
	}
}

/* Two entries by turns: what is recalled is one of them, whole. */
static void remember_and_recall(unsigned int turn)
{
	struct users_db_user entry;
	struct users_db_user got;

	memset(&entry, turn % 2 ? 'a' : 'b', sizeof(entry));
	remember(&entry);
	if (!recall(&got))
		return;
	memset(&entry, got.name[0], sizeof(entry));
	expect(memcmp(&entry, &got, sizeof(got)) == 0);
}

static void *keep_asking(void *number)
{
	atomic_uint *count = number;

	while (!atomic_load(&stop)) {
		ask_for_ada();
		enumerate_some();
		remember_and_recall(atomic_fetch_add(count, 1));
	}
	return NULL;
}

static bool have_looked(const unsigned int *before)
{
	for (size_t i = 0; i < READERS; i++)
		if (atomic_load(&looks[i]) - before[i] < LOOKS)
			return false;
	return true;
}

static void change_something(struct fixture *fixture, struct record *record, uint32_t round)
{
	unsigned int before[READERS];

	for (size_t i = 0; i < READERS; i++)
		before[i] = atomic_load(&looks[i]);
	do {
		fixture_version(record, round);
		assert_int_equal(commit_user(fixture->store, &fixture->config, record), COSMO_OK);
		fixture->config.role_lease_s = 3600 + (int64_t)round;
		assert_int_equal(commit_settings(fixture->store, &fixture->config, -1), COSMO_OK);
		if (round % 4 == 0)
			assert_int_equal(
				commit_rebuild(fixture->store, &fixture->config), COSMO_OK);
	} while (!have_looked(before));
}

static void test_plugin__threads_while_everything_changes__share_it_soundly(void **state)
{
	struct fixture *fixture = fixture_of(state);
	COSMO_AUTO(record_free) struct record *record = fixture_record(fixture, "ada");
	pthread_t threads[READERS];

	ada_uid = record->uid;
	fixture_version(record, 0);
	assert_int_equal(commit_user(fixture->store, &fixture->config, record), COSMO_OK);
	db.path = fixture->users_db;
	db.machine_id_path = fixture->machine_id;
	gate.path = fixture->gate;
	/* None of them has looked before: they meet at the first mapping. */
	for (size_t i = 0; i < READERS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, keep_asking, &looks[i]), 0);
	for (uint32_t round = 1; round <= ROUNDS; round++)
		change_something(fixture, record, round);
	atomic_store(&stop, true);
	for (size_t i = 0; i < READERS; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(atomic_load(&wrong), 0);
	users_db_done(&db);
	gate_done(&gate);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_MEMORY_FIXTURE(
			test_plugin__threads_while_everything_changes__share_it_soundly),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
