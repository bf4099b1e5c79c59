/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include <fcntl.h>
#include <ftw.h>
#include <sys/file.h>

#include "pam_cosmo_sso/helper/rate_history.h"
#include "pam_cosmo_sso/helper/rate_limit.h"

#define HOUR_MS RATE_HISTORY_MS

static char folder[64];
static int run_fd = -1;
static struct config config;
static struct salt salt;

static int make_folder(void **state)
{
	(void)state;
	strcpy(folder, "/tmp/cosmo-rate-XXXXXX");
	if (!mkdtemp(folder))
		return -1;
	run_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	config = (struct config){.unknown_flows = 2,
		.unknown_per_source_hour = 3,
		.unknown_per_host_hour = 5,
		.user_flows = 2,
		.user_per_hour = 4,
		.host_flows = 3};
	return run_fd < 0 ? -1 : 0;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static int remove_folder(void **state)
{
	(void)state;
	close(run_fd);
	return nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static enum cosmo_err enter(enum rate_limit_kind kind, const char *user, const char *source,
	int64_t now_ms, struct rate_limit **ret)
{
	const struct rate_limit_request request = {.config = &config,
		.salt = &salt,
		.kind = kind,
		.user = user,
		.source = source,
		.now_boot_ms = now_ms};

	return rate_limit_enter(run_fd, &request, ret);
}

/* In and out again: counts for the hour only. */
static enum cosmo_err pass(
	enum rate_limit_kind kind, const char *user, const char *source, int64_t now_ms)
{
	COSMO_AUTO(rate_limit_free) struct rate_limit *place = NULL;

	return enter(kind, user, source, now_ms, &place);
}

static void test_rate_limit__unknown_at_once__third_refused(void **state)
{
	struct rate_limit *places[3] = {NULL};

	(void)state;
	assert_int_equal(enter(RATE_LIMIT_UNKNOWN, "a", "s1", 1000, &places[0]), COSMO_OK);
	assert_int_equal(enter(RATE_LIMIT_UNKNOWN, "b", "s2", 1000, &places[1]), COSMO_OK);
	assert_int_equal(enter(RATE_LIMIT_UNKNOWN, "c", "s3", 1000, &places[2]), COSMO_E_BUDGET);
	assert_null(places[2]);
	rate_limit_free(places[0]);
	assert_int_equal(enter(RATE_LIMIT_UNKNOWN, "c", "s3", 1000, &places[2]), COSMO_OK);
	rate_limit_free(places[1]);
	rate_limit_free(places[2]);
}

static void test_rate_limit__unknown_used_up__enrolled_unharmed(void **state)
{
	struct rate_limit *held[2] = {NULL};

	(void)state;
	assert_int_equal(enter(RATE_LIMIT_UNKNOWN, "a", "s1", 1000, &held[0]), COSMO_OK);
	assert_int_equal(enter(RATE_LIMIT_UNKNOWN, "b", "s1", 1000, &held[1]), COSMO_OK);
	for (int i = 0; i < 4; i++)
		assert_int_equal(pass(RATE_LIMIT_USER, "ada", "s1", 1000), COSMO_OK);
	rate_limit_free(held[0]);
	rate_limit_free(held[1]);
	assert_int_equal(pass(RATE_LIMIT_UNKNOWN, "c", "s1", 1000), COSMO_OK);
	assert_int_equal(pass(RATE_LIMIT_UNKNOWN, "d", "s1", 1000), COSMO_E_BUDGET);
	assert_int_equal(pass(RATE_LIMIT_USER, "dev", "s1", 1000), COSMO_OK);
}

static void test_rate_limit__user_and_host_at_once__refused(void **state)
{
	struct rate_limit *places[3] = {NULL};
	struct rate_limit *refused = NULL;

	(void)state;
	assert_int_equal(enter(RATE_LIMIT_USER, "ada", NULL, 1000, &places[0]), COSMO_OK);
	assert_int_equal(enter(RATE_LIMIT_USER, "ada", NULL, 1000, &places[1]), COSMO_OK);
	assert_int_equal(enter(RATE_LIMIT_USER, "ada", NULL, 1000, &refused), COSMO_E_BUDGET);
	assert_int_equal(enter(RATE_LIMIT_USER, "dev", NULL, 1000, &places[2]), COSMO_OK);
	assert_int_equal(enter(RATE_LIMIT_USER, "vic", NULL, 1000, &refused), COSMO_E_BUDGET);
	for (size_t i = 0; i < COSMO_ARRAY_LEN(places); i++)
		rate_limit_free(places[i]);
}

static void test_rate_limit__holder_killed__place_free(void **state)
{
	struct rate_limit *place = NULL;
	int ready[2] = {-1, -1};
	char byte = 0;
	pid_t pid = -1;

	(void)state;
	config.unknown_flows = 1;
	assert_int_equal(pipe(ready), 0);
	pid = fork();
	if (pid == 0) {
		if (enter(RATE_LIMIT_UNKNOWN, "a", "s1", 1000, &place) == COSMO_OK)
			(void)!write(ready[1], "x", 1);
		for (;;)
			pause();
	}
	assert_int_equal(read(ready[0], &byte, 1), 1);
	assert_int_equal(pass(RATE_LIMIT_UNKNOWN, "b", "s2", 1000), COSMO_E_BUDGET);
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(pass(RATE_LIMIT_UNKNOWN, "b", "s2", 1000), COSMO_OK);
	close(ready[0]);
	close(ready[1]);
}

static void test_rate_limit__source_hour__window_slides(void **state)
{
	(void)state;
	assert_int_equal(pass(RATE_LIMIT_UNKNOWN, "a", "s1", 1000), COSMO_OK);
	assert_int_equal(pass(RATE_LIMIT_UNKNOWN, "b", "s1", 2000), COSMO_OK);
	assert_int_equal(pass(RATE_LIMIT_UNKNOWN, "c", "s1", 3000), COSMO_OK);
	assert_int_equal(pass(RATE_LIMIT_UNKNOWN, "d", "s1", 4000), COSMO_E_BUDGET);
	assert_int_equal(pass(RATE_LIMIT_UNKNOWN, "d", "s2", 4000), COSMO_OK);
	assert_int_equal(pass(RATE_LIMIT_UNKNOWN, "d", "s1", 999 + HOUR_MS), COSMO_E_BUDGET);
	assert_int_equal(pass(RATE_LIMIT_UNKNOWN, "d", "s1", 1000 + HOUR_MS), COSMO_OK);
	assert_int_equal(pass(RATE_LIMIT_UNKNOWN, "d", "s1", 1001 + HOUR_MS), COSMO_E_BUDGET);
}

static void test_rate_limit__host_hour__all_sources_together(void **state)
{
	static const char *const sources[] = {"s1", "s2", "s3", "s4", NULL};

	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(sources); i++)
		assert_int_equal(pass(RATE_LIMIT_UNKNOWN, "a", sources[i], 1000), COSMO_OK);
	assert_int_equal(pass(RATE_LIMIT_UNKNOWN, "a", "s6", 1000), COSMO_E_BUDGET);
}

static void test_rate_limit__user_hour__own_budget(void **state)
{
	(void)state;
	for (int i = 0; i < 4; i++)
		assert_int_equal(pass(RATE_LIMIT_USER, "ada", "s1", 1000 + i), COSMO_OK);
	assert_int_equal(pass(RATE_LIMIT_USER, "ada", "s9", 2000), COSMO_E_BUDGET);
	assert_int_equal(pass(RATE_LIMIT_USER, "dev", "s1", 2000), COSMO_OK);
	assert_int_equal(pass(RATE_LIMIT_USER, "ada", "s1", 1000 + HOUR_MS), COSMO_OK);
}

static void write_history(const char *name, const void *data, size_t len, mode_t mode)
{
	char path[128] = "";
	int fd = -1;

	(void)snprintf(path, sizeof(path), "%s/rates", folder);
	(void)mkdir(path, 0700);
	(void)snprintf(path, sizeof(path), "%s/rates/%s", folder, name);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
	assert_true(fd >= 0);
	assert_int_equal(fchmod(fd, mode), 0);
	assert_int_equal(write(fd, data, len), len);
	close(fd);
}

static void test_rate_limit__damaged_history__refused_for_an_hour(void **state)
{
	static const struct {
		int64_t boot_ms;
		uint64_t key;
	} future = {.boot_ms = 5000, .key = 1};
	static const struct {
		const char *label;
		const void *data;
		size_t len;
	} rows[] = {
		{"torn", "abc", 3},
		{"from the future", &future, sizeof(future)},
	};

	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(rows); i++) {
		print_message("%s\n", rows[i].label);
		write_history("unknown", rows[i].data, rows[i].len, 0600);
		assert_int_equal(pass(RATE_LIMIT_UNKNOWN, "a", "s1", 1000), COSMO_E_BUDGET);
		assert_int_equal(pass(RATE_LIMIT_UNKNOWN, "a", "s2", 2000), COSMO_E_BUDGET);
		assert_int_equal(pass(RATE_LIMIT_USER, "ada", "s2", 2000), COSMO_OK);
		assert_int_equal(pass(RATE_LIMIT_UNKNOWN, "a", "s1", 1000 + HOUR_MS), COSMO_OK);
	}
}

static void test_rate_limit__history_of_others__refused(void **state)
{
	(void)state;
	write_history("unknown", "", 0, 0644);
	assert_int_equal(pass(RATE_LIMIT_UNKNOWN, "a", "s1", 1000), COSMO_E_UNSAFE_FILE);
}

static void test_rate_history__full__refused(void **state)
{
	const struct rate_history_event first = {
		.key = 1, .per_key = 1, .in_all = 1U << 31, .now_boot_ms = 1000};
	COSMO_AUTO(free) struct {
		int64_t boot_ms;
		uint64_t key;
	} *all = calloc(RATE_HISTORY_MAX_EVENTS, sizeof(*all));

	(void)state;
	assert_non_null(all);
	for (size_t i = 0; i < RATE_HISTORY_MAX_EVENTS; i++)
		all[i].key = 1000 + i;
	write_history("full", all, RATE_HISTORY_MAX_EVENTS * sizeof(*all), 0600);
	assert_int_equal(rate_history_add(run_fd, "full", &first), COSMO_E_BUDGET);
}

static void test_rate_limit__lock_held__busy(void **state)
{
	char path[128] = "";
	int fd = -1;

	(void)state;
	assert_int_equal(pass(RATE_LIMIT_UNKNOWN, "a", "s1", 1000), COSMO_OK);
	(void)snprintf(path, sizeof(path), "%s/rates/lock", folder);
	fd = open(path, O_RDWR | O_CLOEXEC);
	assert_int_equal(flock(fd, LOCK_EX), 0);
	assert_int_equal(pass(RATE_LIMIT_UNKNOWN, "a", "s1", 1000), COSMO_E_BUSY);
	close(fd);
}

/* What is kept names nobody: the texts themselves stand nowhere. */
static void test_rate_limit__files__no_name_in_clear(void **state)
{
	char command[256] = "";

	(void)state;
	assert_int_equal(pass(RATE_LIMIT_UNKNOWN, "hunter2", "192.0.2.77", 1000), COSMO_OK);
	assert_int_equal(pass(RATE_LIMIT_USER, "hunter2", "192.0.2.77", 1000), COSMO_OK);
	(void)snprintf(command, sizeof(command),
		"grep -rqa -e hunter2 -e 192.0.2 %s || find %s | grep -q hunter2", folder, folder);
	assert_int_not_equal(system(command), 0); /* NOLINT(cert-env33-c): a test's own grep */
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_FOLDER(test_rate_limit__unknown_at_once__third_refused),
		IN_FOLDER(test_rate_limit__unknown_used_up__enrolled_unharmed),
		IN_FOLDER(test_rate_limit__user_and_host_at_once__refused),
		IN_FOLDER(test_rate_limit__holder_killed__place_free),
		IN_FOLDER(test_rate_limit__source_hour__window_slides),
		IN_FOLDER(test_rate_limit__host_hour__all_sources_together),
		IN_FOLDER(test_rate_limit__user_hour__own_budget),
		IN_FOLDER(test_rate_limit__damaged_history__refused_for_an_hour),
		IN_FOLDER(test_rate_limit__history_of_others__refused),
		IN_FOLDER(test_rate_history__full__refused),
		IN_FOLDER(test_rate_limit__lock_held__busy),
		IN_FOLDER(test_rate_limit__files__no_name_in_clear),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
