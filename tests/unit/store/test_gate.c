/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "pam_cosmo_sso/helper/gate_write.h"
#include "tests/unit/store/store_fixture.h"
#include "tests/unit/store/traced_child.h"

static const unsigned char first_id[INTEGRATION_BYTES] = "first----------";
static const unsigned char second_id[INTEGRATION_BYTES] = "second---------";

static int run_fd(const struct fixture *fixture)
{
	return store_run_public_fd(fixture->store);
}

static struct gate_view view_of(struct gate_reader *reader)
{
	struct gate_view view = {0};

	gate_read(reader, &view);
	return view;
}

/* Only what the file says, with nothing remembered. */
static struct gate_view fresh_view(const struct fixture *fixture)
{
	struct gate_reader reader = {.path = fixture->gate};
	struct gate_view view = view_of(&reader);

	gate_done(&reader);
	return view;
}

static void open_gate(const struct fixture *fixture, const unsigned char *id)
{
	uint64_t word = 0;

	assert_int_equal(gate_write_ensure(run_fd(fixture)), COSMO_OK);
	assert_int_equal(gate_write_close(run_fd(fixture), &word), COSMO_OK);
	assert_int_equal(gate_write_open(run_fd(fixture), word, id), COSMO_OK);
}

static void test_gate_read__each_state__as_written(void **state)
{
	struct fixture *fixture = fixture_of(state);
	const unsigned char none[INTEGRATION_BYTES] = {0};
	struct gate_view view = fresh_view(fixture);

	assert_int_equal(view.state, GATE_MISSING);
	assert_int_equal(gate_write_ensure(run_fd(fixture)), COSMO_OK);
	assert_int_equal(fresh_view(fixture).state, GATE_FRESH);
	open_gate(fixture, first_id);
	view = fresh_view(fixture);
	assert_int_equal(view.state, GATE_OPEN);
	assert_memory_equal(view.integration, first_id, INTEGRATION_BYTES);
	assert_int_equal(gate_write_close(run_fd(fixture), NULL), COSMO_OK);
	view = fresh_view(fixture);
	assert_int_equal(view.state, GATE_CLOSED);
	assert_memory_equal(view.integration, none, INTEGRATION_BYTES);
}

static void test_gate_read__mapped_reader__sees_close_and_reopening_at_once(void **state)
{
	struct fixture *fixture = fixture_of(state);
	struct gate_reader reader = {.path = fixture->gate};

	open_gate(fixture, first_id);
	assert_int_equal(view_of(&reader).state, GATE_OPEN);
	assert_int_equal(gate_write_close(run_fd(fixture), NULL), COSMO_OK);
	assert_int_equal(view_of(&reader).state, GATE_CLOSED);
	open_gate(fixture, second_id);
	assert_memory_equal(view_of(&reader).integration, second_id, INTEGRATION_BYTES);
	gate_done(&reader);
}

static void test_gate_read__after_fork__sees_the_close_of_the_other_process(void **state)
{
	struct fixture *fixture = fixture_of(state);
	struct gate_reader reader = {.path = fixture->gate};
	int status = 0;
	pid_t child = 0;

	open_gate(fixture, first_id);
	assert_int_equal(view_of(&reader).state, GATE_OPEN);
	child = fork();
	assert_true(child >= 0);
	if (child == 0)
		_exit(gate_write_close(run_fd(fixture), NULL) == COSMO_OK ? 0 : 1);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_int_equal(view_of(&reader).state, GATE_CLOSED);
	gate_done(&reader);
}

static void test_gate_read__missing_gate__looked_for_once_a_second(void **state)
{
	struct fixture *fixture = fixture_of(state);
	struct gate_reader reader = {.path = fixture->gate};

	errno = EXDEV;
	assert_int_equal(view_of(&reader).state, GATE_MISSING);
	assert_int_equal(errno, EXDEV);
	assert_int_equal(gate_write_ensure(run_fd(fixture)), COSMO_OK);
	assert_int_equal(view_of(&reader).state, GATE_MISSING);
	reader.looked_ms -= 1000; /* a second later */
	assert_int_equal(view_of(&reader).state, GATE_FRESH);
	gate_done(&reader);
}

static void test_gate_read__no_descriptor__is_left_open(void **state)
{
	struct fixture *fixture = fixture_of(state);
	struct gate_reader reader = {.path = fixture->gate};
	int before = 0;
	int after = 0;

	open_gate(fixture, first_id);
	before = open("/dev/null", O_RDONLY | O_CLOEXEC);
	close(before);
	assert_int_equal(view_of(&reader).state, GATE_OPEN);
	after = open("/dev/null", O_RDONLY | O_CLOEXEC);
	close(after);
	assert_int_equal(before, after);
	gate_done(&reader);
}

static void patch(const struct fixture *fixture, off_t at, const void *bytes, size_t len)
{
	int fd = open(fixture->gate, O_WRONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, bytes, len, at), (ssize_t)len);
	close(fd);
}

/* An empty file. */
static void patch_new(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

	assert_true(fd >= 0);
	close(fd);
}

static void test_gate_read__not_one_of_ours__missing(void **state)
{
	struct fixture *fixture = fixture_of(state);

	open_gate(fixture, first_id);
	assert_int_equal(chmod(fixture->gate, 0664), 0);
	assert_int_equal(fresh_view(fixture).state, GATE_MISSING);
	assert_int_equal(chmod(fixture->gate, 0646), 0);
	assert_int_equal(fresh_view(fixture).state, GATE_MISSING);
	assert_int_equal(chmod(fixture->gate, 0644), 0);
	assert_int_equal(chown(fixture->gate, 1, 0), 0);
	assert_int_equal(fresh_view(fixture).state, GATE_MISSING);
	assert_int_equal(chown(fixture->gate, 0, 0), 0);
	assert_int_equal(fresh_view(fixture).state, GATE_OPEN);
	assert_int_equal(truncate(fixture->gate, GATE_FILE_BYTES - 1), 0);
	assert_int_equal(fresh_view(fixture).state, GATE_MISSING);
	assert_int_equal(truncate(fixture->gate, GATE_FILE_BYTES + 1), 0);
	assert_int_equal(fresh_view(fixture).state, GATE_MISSING);
	assert_int_equal(truncate(fixture->gate, 0), 0);
	assert_int_equal(fresh_view(fixture).state, GATE_MISSING);
	assert_int_equal(unlink(fixture->gate), 0);
	assert_int_equal(mkfifo(fixture->gate, 0644), 0);
	assert_int_equal(fresh_view(fixture).state, GATE_MISSING);
	assert_int_equal(unlink(fixture->gate), 0);
	assert_int_equal(symlink("/dev/zero", fixture->gate), 0);
	assert_int_equal(fresh_view(fixture).state, GATE_MISSING);
}

static void test_gate_read__damaged_page__missing(void **state)
{
	struct fixture *fixture = fixture_of(state);
	const uint64_t bad_magic = GATE_MAGIC ^ 1;
	const uint64_t magic = GATE_MAGIC;
	const uint32_t bad_version = GATE_VERSION + 1;
	const uint32_t version = GATE_VERSION;
	const uint64_t bad_state = 7 << 8 | 9;

	open_gate(fixture, first_id);
	patch(fixture, offsetof(struct gate_page, magic), &bad_magic, sizeof(bad_magic));
	assert_int_equal(fresh_view(fixture).state, GATE_MISSING);
	patch(fixture, offsetof(struct gate_page, magic), &magic, sizeof(magic));
	patch(fixture, offsetof(struct gate_page, version), &bad_version, sizeof(bad_version));
	assert_int_equal(fresh_view(fixture).state, GATE_MISSING);
	patch(fixture, offsetof(struct gate_page, version), &version, sizeof(version));
	assert_int_equal(fresh_view(fixture).state, GATE_OPEN);
	patch(fixture, offsetof(struct gate_page, state), &bad_state, sizeof(bad_state));
	assert_int_equal(fresh_view(fixture).state, GATE_MISSING);
	/* And a damaged gate can still be closed. */
	assert_int_equal(gate_write_close(run_fd(fixture), NULL), COSMO_OK);
	assert_int_equal(fresh_view(fixture).state, GATE_CLOSED);
}

static void test_gate_write_ensure__existing_gate__left_alone(void **state)
{
	struct fixture *fixture = fixture_of(state);
	struct stat before = {0};
	struct stat after = {0};

	open_gate(fixture, first_id);
	assert_int_equal(stat(fixture->gate, &before), 0);
	assert_int_equal(gate_write_ensure(run_fd(fixture)), COSMO_OK);
	assert_int_equal(stat(fixture->gate, &after), 0);
	assert_int_equal(before.st_ino, after.st_ino);
	assert_int_equal(fresh_view(fixture).state, GATE_OPEN);
	assert_int_equal(before.st_mode & 07777, 0644);
}

static void test_gate_write_open__closed_meanwhile__stays_closed(void **state)
{
	struct fixture *fixture = fixture_of(state);
	uint64_t word = 0;

	assert_int_equal(gate_write_ensure(run_fd(fixture)), COSMO_OK);
	assert_int_equal(gate_write_word(run_fd(fixture), &word), COSMO_OK);
	/* A disconnect, although the gate was not even open. */
	assert_int_equal(gate_write_close(run_fd(fixture), NULL), COSMO_OK);
	assert_int_equal(gate_write_close(run_fd(fixture), NULL), COSMO_OK);
	assert_int_equal(gate_write_open(run_fd(fixture), word, first_id), COSMO_E_DISCONNECTED);
	assert_int_equal(fresh_view(fixture).state, GATE_CLOSED);
}

static void test_gate_write_open__open_gate__refused(void **state)
{
	struct fixture *fixture = fixture_of(state);
	uint64_t word = 0;

	open_gate(fixture, first_id);
	assert_int_equal(gate_write_word(run_fd(fixture), &word), COSMO_OK);
	assert_int_equal(gate_write_open(run_fd(fixture), word, second_id), COSMO_E_DISCONNECTED);
	assert_memory_equal(fresh_view(fixture).integration, first_id, INTEGRATION_BYTES);
}

struct watcher {
	struct gate_reader *reader;
	atomic_bool stop;
	atomic_ulong wrong;
	atomic_ulong seen;
};

static void *watch(void *context)
{
	struct watcher *watcher = context;

	while (!atomic_load(&watcher->stop)) {
		struct gate_view view = view_of(watcher->reader);

		if (view.state == GATE_OPEN &&
			memcmp(view.integration, first_id, INTEGRATION_BYTES) != 0 &&
			memcmp(view.integration, second_id, INTEGRATION_BYTES) != 0)
			atomic_fetch_add(&watcher->wrong, 1);
		if (view.state == GATE_OPEN)
			atomic_fetch_add(&watcher->seen, 1);
	}
	return NULL;
}

static void test_gate_read__reconnecting_all_the_time__never_half_an_id(void **state)
{
	struct fixture *fixture = fixture_of(state);
	struct gate_reader reader = {.path = fixture->gate};
	struct watcher watcher = {.reader = &reader};
	pthread_t threads[3];

	open_gate(fixture, first_id);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, watch, &watcher), 0);
	for (int i = 0; i < 20000 || atomic_load(&watcher.seen) < 1000; i++)
		open_gate(fixture, i % 2 ? first_id : second_id);
	atomic_store(&watcher.stop, true);
	for (size_t i = 0; i < 3; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(atomic_load(&watcher.wrong), 0);
	gate_done(&reader);
}

/* As somebody has it mapped who started while all was well. */
static void test_gate_write_close__not_one_of_ours_any_more__closed_and_told(void **state)
{
	static const struct {
		mode_t mode;
		uid_t owner;
		off_t size;
	} rows[] = {{0664, 0, GATE_FILE_BYTES}, {0646, 0, GATE_FILE_BYTES},
		{0644, 1, GATE_FILE_BYTES}, {0644, 0, GATE_FILE_BYTES - 1},
		{0644, 0, 2 * GATE_FILE_BYTES}};
	struct fixture *fixture = fixture_of(state);
	uint64_t word = 0;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct gate_reader reader = {.path = fixture->gate};

		open_gate(fixture, first_id);
		assert_int_equal(view_of(&reader).state, GATE_OPEN);
		assert_int_equal(chmod(fixture->gate, rows[i].mode), 0);
		assert_int_equal(chown(fixture->gate, rows[i].owner, 0), 0);
		assert_int_equal(truncate(fixture->gate, rows[i].size), 0);
		assert_int_equal(gate_write_close(run_fd(fixture), &word), COSMO_E_UNSAFE_FILE);
		assert_int_equal(view_of(&reader).state, GATE_CLOSED);
		assert_int_equal(
			gate_write_open(run_fd(fixture), word, first_id), COSMO_E_UNSAFE_FILE);
		assert_int_equal(view_of(&reader).state, GATE_CLOSED);
		gate_done(&reader);
		assert_int_equal(unlink(fixture->gate), 0);
	}
	assert_int_equal(mkfifo(fixture->gate, 0644), 0);
	assert_int_equal(gate_write_close(run_fd(fixture), &word), COSMO_E_UNSAFE_FILE);
	assert_int_equal(unlink(fixture->gate), 0);
	patch_new(fixture->gate);
	assert_int_equal(gate_write_close(run_fd(fixture), &word), COSMO_E_UNSAFE_FILE);
}

struct reopening {
	const struct fixture *fixture;
	struct gate_reader reader;
	unsigned long seen[GATE_OPEN + 1];
	unsigned long wrong;
};

static int reopen(void *context)
{
	const struct reopening *reopening = context;
	uint64_t word = 0;

	if (gate_write_close(run_fd(reopening->fixture), &word))
		return 1;
	return gate_write_open(run_fd(reopening->fixture), word, second_id) ? 1 : 0;
}

static void look(void *context)
{
	struct reopening *reopening = context;
	struct gate_view view = view_of(&reopening->reader);

	reopening->seen[view.state]++;
	if (view.state == GATE_OPEN && memcmp(view.integration, first_id, INTEGRATION_BYTES) != 0 &&
		memcmp(view.integration, second_id, INTEGRATION_BYTES) != 0)
		reopening->wrong++;
	/* Once closed it is not open again by the old id. */
	if (view.state == GATE_OPEN && reopening->seen[GATE_CLOSED] > 0 &&
		memcmp(view.integration, second_id, INTEGRATION_BYTES) != 0)
		reopening->wrong++;
}

/* Wherever a writer of the gate stops, it is open by one id, or closed. */
static void test_gate_write__between_any_two_instructions__open_or_closed(void **state)
{
	struct fixture *fixture = fixture_of(state);
	struct reopening reopening = {.fixture = fixture, .reader = {.path = fixture->gate}};

	open_gate(fixture, first_id);
	look(&reopening);
	print_message("%lu instructions\n", traced_steps(reopen, &reopening, look, &reopening));
	assert_int_equal(reopening.wrong, 0);
	assert_int_equal(reopening.seen[GATE_MISSING] + reopening.seen[GATE_FRESH], 0);
	/* The id alone takes sixteen instructions behind the closed gate. */
	assert_true(reopening.seen[GATE_CLOSED] > 16);
	assert_memory_equal(view_of(&reopening.reader).integration, second_id, INTEGRATION_BYTES);
	gate_done(&reopening.reader);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_FIXTURE(test_gate_read__each_state__as_written),
		WITH_FIXTURE(test_gate_read__mapped_reader__sees_close_and_reopening_at_once),
		WITH_FIXTURE(test_gate_read__after_fork__sees_the_close_of_the_other_process),
		WITH_FIXTURE(test_gate_read__missing_gate__looked_for_once_a_second),
		WITH_FIXTURE(test_gate_read__no_descriptor__is_left_open),
		WITH_FIXTURE(test_gate_read__not_one_of_ours__missing),
		WITH_FIXTURE(test_gate_read__damaged_page__missing),
		WITH_FIXTURE(test_gate_write_ensure__existing_gate__left_alone),
		WITH_FIXTURE(test_gate_write_open__closed_meanwhile__stays_closed),
		WITH_FIXTURE(test_gate_write_open__open_gate__refused),
		WITH_FIXTURE(test_gate_write_close__not_one_of_ours_any_more__closed_and_told),
		WITH_FIXTURE(test_gate_write__between_any_two_instructions__open_or_closed),
		WITH_FIXTURE(test_gate_read__reconnecting_all_the_time__never_half_an_id),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
