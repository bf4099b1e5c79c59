/* SPDX-License-Identifier: MIT */
/* The reader of users.db where the file is replaced, missing, damaged or being written. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/base/users_db_format.h"
#include "common/base/users_db_map.h"
#include "common/base/users_db_slot.h"
#include "pam_cosmo_sso/helper/users_db_walk.h"
#include "pam_cosmo_sso/helper/users_db_write.h"
#include "tests/unit/store/store_fixture.h"

/* A reader is held up between opening the file and looking whether it is in force. */
static struct fixture *rebuild_behind; /* NULL: nobody writes meanwhile */
static int rebuilds_left;

enum cosmo_err __real_users_db_map_open(
	int dir_fd, const char *path, const char *machine_id_path, const struct users_db_map **ret);
enum cosmo_err __wrap_users_db_map_open(
	int dir_fd, const char *path, const char *machine_id_path, const struct users_db_map **ret);

enum cosmo_err __wrap_users_db_map_open(
	int dir_fd, const char *path, const char *machine_id_path, const struct users_db_map **ret)
{
	enum cosmo_err err = __real_users_db_map_open(dir_fd, path, machine_id_path, ret);

	if (rebuild_behind && rebuilds_left-- > 0)
		assert_int_equal(
			commit_rebuild(rebuild_behind->store, &rebuild_behind->config), COSMO_OK);
	return err;
}

static struct users_db reader_of(const struct fixture *fixture)
{
	return (struct users_db){.path = fixture->users_db, .machine_id_path = fixture->machine_id};
}

static enum cosmo_err find(struct users_db *db, const char *name)
{
	struct users_db_user user = {0};
	enum cosmo_err err = COSMO_OK;

	errno = EXDEV;
	err = users_db_find_name(db, name, &user);
	assert_int_equal(errno, EXDEV);
	if (!err)
		assert_string_equal(user.name, name);
	return err;
}

static void second_later(struct users_db *db)
{
	db->looked_ms -= 1000;
}

static void test_find__file_replaced_while_it_is_opened__found(void **state)
{
	struct fixture *fixture = fixture_of(state);
	struct users_db db = reader_of(fixture);

	fixture_enrol(fixture, "ada");
	rebuild_behind = fixture;
	rebuilds_left = 1;
	assert_int_equal(find(&db, "ada"), COSMO_OK);
	/* And again in a process that has an older file. */
	rebuild_behind = NULL;
	assert_int_equal(commit_rebuild(fixture->store, &fixture->config), COSMO_OK);
	rebuild_behind = fixture;
	rebuilds_left = 3;
	assert_int_equal(find(&db, "ada"), COSMO_OK);
	rebuild_behind = NULL;
	assert_int_equal(find(&db, "ada"), COSMO_OK);
	users_db_done(&db);
}

static void test_find__replaced_all_the_time__given_up_and_tried_again_later(void **state)
{
	struct fixture *fixture = fixture_of(state);
	struct users_db db = reader_of(fixture);

	fixture_enrol(fixture, "ada");
	rebuild_behind = fixture;
	rebuilds_left = 1000;
	assert_int_equal(find(&db, "ada"), COSMO_E_STORE_DAMAGED);
	assert_true(rebuilds_left > 900);
	rebuild_behind = NULL;
	second_later(&db);
	assert_int_equal(find(&db, "ada"), COSMO_OK);
	users_db_done(&db);
}

static void test_find__no_file__looked_for_once_a_second(void **state)
{
	struct fixture *fixture = fixture_of(state);
	struct users_db db = reader_of(fixture);
	char away[160] = "";

	snprintf(away, sizeof(away), "%s/away", fixture->dir);
	fixture_enrol(fixture, "ada");
	assert_int_equal(rename(fixture->users_db, away), 0);
	assert_int_equal(find(&db, "ada"), COSMO_E_STORE_MISSING);
	assert_int_equal(rename(away, fixture->users_db), 0);
	assert_int_equal(find(&db, "ada"), COSMO_E_STORE_MISSING);
	second_later(&db);
	assert_int_equal(find(&db, "ada"), COSMO_OK);
	users_db_done(&db);
}

static void put_fate(const char *path, uint64_t fate)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(
		pwrite(fd, &fate, sizeof(fate), (off_t)USERS_DB_AT_FATE * 8), sizeof(fate));
	close(fd);
}

/* P9: superseded and not re-openable is unavailable; "not found" would be kept by nscd. */
static void test_find__superseded_and_gone__damaged(void **state)
{
	static const uint64_t fates[] = {USERS_DB_MOVING, USERS_DB_SUPERSEDED, 3, UINT64_MAX};
	struct fixture *fixture = fixture_of(state);
	char away[160] = "";

	snprintf(away, sizeof(away), "%s/away", fixture->dir);
	fixture_enrol(fixture, "ada");
	for (size_t i = 0; i < COSMO_ARRAY_LEN(fates); i++) {
		struct users_db db = reader_of(fixture);

		assert_int_equal(find(&db, "ada"), COSMO_OK);
		put_fate(fixture->users_db, fates[i]);
		assert_int_equal(rename(fixture->users_db, away), 0);
		assert_int_equal(find(&db, "ada"), COSMO_E_STORE_DAMAGED);
		assert_int_equal(find(&db, "eve"), COSMO_E_STORE_DAMAGED);
		/* It comes again, and is looked for. */
		put_fate(away, USERS_DB_IN_FORCE);
		put_fate(away, USERS_DB_SUPERSEDED);
		assert_int_equal(rename(away, fixture->users_db), 0);
		second_later(&db);
		assert_int_equal(find(&db, "ada"), COSMO_E_STORE_DAMAGED);
		put_fate(fixture->users_db, USERS_DB_IN_FORCE);
		users_db_done(&db);
	}
}

static void test_find__superseded_and_successor_unfit__damaged_or_unsafe(void **state)
{
	struct fixture *fixture = fixture_of(state);
	struct users_db db = reader_of(fixture);

	fixture_enrol(fixture, "ada");
	assert_int_equal(find(&db, "ada"), COSMO_OK);
	assert_int_equal(commit_rebuild(fixture->store, &fixture->config), COSMO_OK);
	assert_int_equal(chown(fixture->users_db, 1, 1), 0);
	assert_int_equal(find(&db, "ada"), COSMO_E_UNSAFE_FILE);
	assert_int_equal(chown(fixture->users_db, 0, 0), 0);
	assert_int_equal(truncate(fixture->users_db, 4096), 0);
	second_later(&db);
	assert_int_equal(find(&db, "ada"), COSMO_E_STORE_DAMAGED);
	users_db_done(&db);
}

/* A writer died between marking the file and putting another in its place. */
static void test_find__moving_but_named__goes_on(void **state)
{
	struct fixture *fixture = fixture_of(state);
	struct users_db db = reader_of(fixture);
	struct users_db late = reader_of(fixture);

	fixture_enrol(fixture, "ada");
	assert_int_equal(find(&db, "ada"), COSMO_OK);
	put_fate(fixture->users_db, USERS_DB_MOVING);
	assert_int_equal(find(&db, "ada"), COSMO_OK);
	assert_int_equal(find(&late, "ada"), COSMO_OK);
	users_db_done(&db);
	users_db_done(&late);
}

/* Both copies of a user's slot are damaged from now on. */
static void damage_slot(const struct fixture *fixture, const char *name)
{
	const struct users_db_map *map = NULL;
	struct users_db_name key;
	struct users_db_user user;
	uint32_t slot = 0;
	int fd = open(fixture->users_db, O_WRONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(
		__real_users_db_map_open(AT_FDCWD, fixture->users_db, fixture->machine_id, &map),
		COSMO_OK);
	assert_true(users_db_name_make(map, name, &key));
	assert_int_equal(users_db_slot_by_name(map, &key, &slot, &user), SLOT_FOUND);
	for (size_t copy = 0; copy < 2; copy++) {
		size_t at = users_db_at_slot(slot) + USERS_DB_SLOT_AT_COPY +
			    copy * USERS_DB_COPY_STRIDE + 3;
		uint64_t word = ~map->words[at];

		assert_int_equal(pwrite(fd, &word, sizeof(word), (off_t)at * 8), sizeof(word));
	}
	users_db_map_free(map);
	close(fd);
}

static void note(struct fixture *fixture, enum users_db_pending pending)
{
	struct users_db_file *file = NULL;

	assert_int_equal(users_db_file_open(fixture->store, &file), COSMO_OK);
	users_db_file_state(file)->pending = pending;
	assert_int_equal(users_db_state_save(file), COSMO_OK);
	users_db_file_free(file);
}

/* What stays in doubt while nobody writes is damage; while somebody does, it may be just that. */
static void test_find__in_doubt__damage_and_writing_are_told_apart(void **state)
{
	struct fixture *fixture = fixture_of(state);
	struct users_db db = reader_of(fixture);
	struct users_db_user user;
	uint64_t cursor = 0;

	fixture_enrol(fixture, "ada");
	damage_slot(fixture, "ada");
	assert_int_equal(find(&db, "ada"), COSMO_E_STORE_DAMAGED);
	assert_int_equal(users_db_next(&db, &cursor, &user), COSMO_E_STORE_DAMAGED);
	assert_true(cursor > 0); /* behind it */
	note(fixture, USERS_DB_USER_PENDING);
	assert_int_equal(find(&db, "ada"), COSMO_E_BUSY);
	cursor = 0;
	assert_int_equal(users_db_next(&db, &cursor, &user), COSMO_E_BUSY);
	assert_int_equal(users_db_next(&db, &cursor, &user), COSMO_E_BUSY); /* still before it */
	note(fixture, USERS_DB_BATCH_PENDING);
	assert_int_equal(find(&db, "ada"), COSMO_E_BUSY);
	note(fixture, USERS_DB_NOTHING_PENDING);
	assert_int_equal(find(&db, "ada"), COSMO_E_STORE_DAMAGED);
	/* The next commit, of anybody, is not hindered; his own mends it. */
	fixture_enrol(fixture, "bob");
	assert_int_equal(find(&db, "bob"), COSMO_OK);
	fixture_enrol(fixture, "ada");
	assert_int_equal(find(&db, "ada"), COSMO_OK);
	assert_int_equal(find(&db, "bob"), COSMO_OK);
	users_db_done(&db);
}

struct walk {
	char seen[64];
	enum cosmo_err says; /* of each visit */
};

static enum cosmo_err visit(void *context, const struct users_db_user *user)
{
	struct walk *walk = context;

	strncat(walk->seen, user->name, sizeof(walk->seen) - strlen(walk->seen) - 1);
	return walk->says;
}

static void test_users_db_walk__one_damaged__is_left_out(void **state)
{
	struct fixture *fixture = fixture_of(state);
	struct users_db db = reader_of(fixture);
	struct walk walk = {.says = COSMO_OK};
	struct walk refusing = {.says = COSMO_E_STORE_DAMAGED};

	fixture_enrol(fixture, "ada");
	fixture_enrol(fixture, "bob");
	fixture_enrol(fixture, "cyd");
	damage_slot(fixture, "bob");
	assert_int_equal(users_db_walk(&db, visit, &walk), COSMO_OK);
	/* In whatever order the hash has them. */
	assert_true(strcmp(walk.seen, "adacyd") == 0 || strcmp(walk.seen, "cydada") == 0);
	/* What the visitor says is another matter. */
	assert_int_equal(users_db_walk(&db, visit, &refusing), COSMO_E_STORE_DAMAGED);
	assert_int_equal(strlen(refusing.seen), 3);
	/* Somebody writes: nobody is taken for damaged, nor left out. */
	note(fixture, USERS_DB_USER_PENDING);
	assert_int_equal(users_db_walk(&db, visit, &walk), COSMO_E_BUSY);
	note(fixture, USERS_DB_NOTHING_PENDING);
	users_db_done(&db);
}

/* Sequence words that change all the time, and copies that are never whole. */
struct scribbler {
	int fd;
	size_t at[2]; /* of the two sequence words */
	atomic_bool stop;
	atomic_ulong rounds;
};

static void *scribble(void *context)
{
	struct scribbler *scribbler = context;

	for (uint64_t word = 1; !atomic_load(&scribbler->stop); word++) {
		for (size_t i = 0; i < 2; i++)
			if (pwrite(scribbler->fd, &word, sizeof(word),
				    (off_t)scribbler->at[i] * 8) != sizeof(word))
				return NULL;
		atomic_fetch_add(&scribbler->rounds, 1);
	}
	return NULL;
}

/* Reads @look until it says busy; damage is also an answer, where the writer did not run. */
static void expect_busy(const struct fixture *fixture, size_t at, size_t stride,
	enum cosmo_err (*look)(struct users_db *db))
{
	struct scribbler scribbler = {.at = {at, at + stride}};
	struct users_db db = reader_of(fixture);
	pthread_t thread;
	bool busy = false;

	scribbler.fd = open(fixture->users_db, O_WRONLY | O_CLOEXEC);
	assert_true(scribbler.fd >= 0);
	assert_int_equal(pthread_create(&thread, NULL, scribble, &scribbler), 0);
	while (atomic_load(&scribbler.rounds) == 0)
		sched_yield();
	while (!busy && atomic_load(&scribbler.rounds) < 2000000) {
		enum cosmo_err err = look(&db);

		assert_true(err == COSMO_E_BUSY || err == COSMO_E_STORE_DAMAGED);
		busy = err == COSMO_E_BUSY;
	}
	atomic_store(&scribbler.stop, true);
	pthread_join(thread, NULL);
	close(scribbler.fd);
	assert_true(busy);
	assert_int_equal(look(&db), COSMO_E_STORE_DAMAGED);
	users_db_done(&db);
}

static enum cosmo_err look_count(struct users_db *db)
{
	uint64_t count = 0;

	return users_db_count(db, &count);
}

static enum cosmo_err look_settings(struct users_db *db)
{
	struct users_db_settings settings;

	return users_db_settings(db, &settings);
}

static void test_count__rewritten_all_the_time__busy(void **state)
{
	expect_busy(fixture_of(state), USERS_DB_AT_STATE + 1, USERS_DB_STATE_STRIDE, look_count);
}

static void test_settings__rewritten_all_the_time__busy(void **state)
{
	expect_busy(fixture_of(state), USERS_DB_AT_SETTINGS + 1, USERS_DB_SETTINGS_STRIDE,
		look_settings);
}

static void test_find__no_descriptor__is_left_open(void **state)
{
	struct fixture *fixture = fixture_of(state);
	struct users_db db = reader_of(fixture);
	int before = open("/dev/null", O_RDONLY | O_CLOEXEC);
	int after = -1;

	close(before);
	assert_int_equal(find(&db, "ada"), COSMO_E_NOT_FOUND);
	assert_int_equal(commit_rebuild(fixture->store, &fixture->config), COSMO_OK);
	assert_int_equal(find(&db, "ada"), COSMO_E_NOT_FOUND);
	after = open("/dev/null", O_RDONLY | O_CLOEXEC);
	close(after);
	assert_int_equal(before, after);
	users_db_done(&db);
}

static void test_find__odd_names__not_found(void **state)
{
	static const char *const names[] = {"", "a", "ADA", "ad", "adaa", "ada ", "\xff\xfe",
		"adaadaadaadaadaadaadaadaadaadaad", "adaadaadaadaadaadaadaadaadaadaada", "../ada"};
	struct fixture *fixture = fixture_of(state);
	struct users_db db = reader_of(fixture);

	fixture_enrol(fixture, "ada");
	for (size_t i = 0; i < COSMO_ARRAY_LEN(names); i++)
		assert_int_equal(find(&db, names[i]), COSMO_E_NOT_FOUND);
	users_db_done(&db);
}

/* ---- what is kept apart for look-ups ---- */

/* As settings say it too, which stand in pages of their own. */
static void assert_brief_is(struct users_db *db, uint32_t provisional_on)
{
	const struct users_db_brief *brief = NULL;
	const struct users_db_settings *settings = NULL;

	assert_int_equal(users_db_brief_peek(db, &brief), COSMO_OK);
	assert_int_equal(brief->provisional_on, provisional_on);
	assert_int_equal(users_db_settings_peek(db, &settings), COSMO_OK);
	assert_int_equal(settings->provisional_on, provisional_on);
	assert_int_equal(brief->uid_min, settings->uid_min);
	assert_int_equal(brief->uid_max, settings->uid_max);
	assert_int_equal(brief->sshd_count, settings->sshd_count);
	assert_memory_equal(brief->sshd, settings->sshd, sizeof(settings->sshd));
}

static void test_brief__settings_changed_behind_it__follows(void **state)
{
	struct fixture *fixture = fixture_of(state);
	struct users_db db = reader_of(fixture);

	for (uint32_t i = 0; i < 4; i++) {
		assert_int_equal(
			commit_settings(fixture->store, &fixture->config, i % 2), COSMO_OK);
		assert_brief_is(&db, i % 2);
	}
	users_db_done(&db);
}

/* The first one is static: it is used again, and never by two. */
static void test_maps__several_at_once__each_its_own(void **state)
{
	struct fixture *fixture = fixture_of(state);
	struct users_db dbs[3] = {reader_of(fixture), reader_of(fixture), reader_of(fixture)};

	fixture_enrol(fixture, "ada");
	for (uint32_t i = 0; i < 9; i++) {
		struct users_db *db = &dbs[i % 3];

		users_db_done(db);
		assert_int_equal(
			commit_settings(fixture->store, &fixture->config, i % 2), COSMO_OK);
		for (size_t k = 0; k < 3; k++) {
			assert_int_equal(find(&dbs[k], "ada"), COSMO_OK);
			assert_brief_is(&dbs[k], i % 2);
		}
	}
	for (size_t k = 0; k < 3; k++)
		users_db_done(&dbs[k]);
}

/* At the very end of what may be read, which a sanitizer sees. */
static void test_name_make__each_length__its_bytes_and_zeros(void **state)
{
	struct users_db_map map = {.header = {.key = 0x1234567890abcdefULL}};

	(void)state;
	for (size_t len = 0; len <= COSMO_MAX_NAME_BYTES + 2; len++) {
		struct users_db_name made = {0};
		struct users_db_name wanted = {0};
		char *name = malloc(len + 1);

		assert_non_null(name);
		for (size_t i = 0; i < len; i++)
			name[i] = (char)(0xf1 - 3 * i);
		name[len] = '\0';
		assert_int_equal(users_db_name_make(&map, name, &made),
			len > 0 && len <= COSMO_MAX_NAME_BYTES);
		if (len > 0 && len <= COSMO_MAX_NAME_BYTES) {
			memcpy(wanted.words, name, len);
			users_db_name_hash(map.header.key, &wanted);
			assert_memory_equal(&made, &wanted, sizeof(made));
		}
		free(name);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_READY_FIXTURE(test_find__file_replaced_while_it_is_opened__found),
		WITH_READY_FIXTURE(
			test_find__replaced_all_the_time__given_up_and_tried_again_later),
		WITH_READY_FIXTURE(test_find__no_file__looked_for_once_a_second),
		WITH_READY_FIXTURE(test_find__superseded_and_gone__damaged),
		WITH_READY_FIXTURE(test_find__superseded_and_successor_unfit__damaged_or_unsafe),
		WITH_READY_FIXTURE(test_find__moving_but_named__goes_on),
		WITH_READY_FIXTURE(test_find__in_doubt__damage_and_writing_are_told_apart),
		WITH_READY_FIXTURE(test_users_db_walk__one_damaged__is_left_out),
		WITH_READY_FIXTURE(test_count__rewritten_all_the_time__busy),
		WITH_READY_FIXTURE(test_settings__rewritten_all_the_time__busy),
		WITH_READY_FIXTURE(test_find__no_descriptor__is_left_open),
		WITH_READY_FIXTURE(test_find__odd_names__not_found),
		WITH_READY_FIXTURE(test_brief__settings_changed_behind_it__follows),
		WITH_READY_FIXTURE(test_maps__several_at_once__each_its_own),
		cmocka_unit_test(test_name_make__each_length__its_bytes_and_zeros),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
