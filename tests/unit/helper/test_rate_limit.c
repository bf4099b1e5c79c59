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
#include <sys/file.h>

#include "pam_cosmo_sso/helper/rate_history.h"
#include "pam_cosmo_sso/helper/rate_limit.h"
#include "tests/unit/helper/scratch_folder.h"

#define HOUR_MS   RATE_HISTORY_MS
#define UNKNOWN   RATE_LIMIT_UNKNOWN
#define ELSEWHERE RATE_LIMIT_ELSEWHERE
#define LISTED    RATE_LIMIT_LISTED
#define FAMILIAR  RATE_LIMIT_FAMILIAR

static struct scratch_folder scratch;
static struct config config;
static struct salt salt;
static struct rate_limit_refusal refusal;

static int make_folder(void **state)
{
	(void)state;
	config = (struct config){.unknown_flows = 2,
		.unknown_per_source_hour = 3,
		.unknown_per_host_hour = 5,
		.elsewhere_per_host_hour = 6,
		.user_flows = 2,
		.user_per_hour = 4,
		.host_flows = 8};
	memset(&refusal, 0, sizeof(refusal));
	return scratch_folder_make(&scratch);
}

static int remove_folder(void **state)
{
	(void)state;
	return scratch_folder_remove(&scratch);
}

static enum cosmo_err count_only(enum rate_limit_class class, const char *user, const char *place,
	int64_t now_ms, struct rate_limit **ret)
{
	const struct rate_limit_request request = {.config = &config,
		.salt = &salt,
		.class = class,
		.user = user,
		.place = place,
		.now_boot_ms = now_ms};

	return rate_limit_count(scratch.fd, &request, &refusal, ret);
}

static enum cosmo_err enter(enum rate_limit_class class, const char *user, const char *place,
	int64_t now_ms, struct rate_limit **ret)
{
	COSMO_AUTO(rate_limit_free) struct rate_limit *limit = NULL;
	enum cosmo_err err = count_only(class, user, place, now_ms, &limit);

	if (!err)
		err = rate_limit_take(limit, &refusal);
	if (!err)
		*ret = COSMO_STEAL(&limit);
	return err;
}

/* In and out again: counts for the hour only. */
static enum cosmo_err pass(
	enum rate_limit_class class, const char *user, const char *place, int64_t now_ms)
{
	COSMO_AUTO(rate_limit_free) struct rate_limit *limit = NULL;

	return enter(class, user, place, now_ms, &limit);
}

/* In, and out with the hour given back. */
static enum cosmo_err succeed(
	enum rate_limit_class class, const char *user, const char *place, int64_t now_ms)
{
	COSMO_AUTO(rate_limit_free) struct rate_limit *limit = NULL;
	enum cosmo_err err = enter(class, user, place, now_ms, &limit);

	if (!err)
		rate_limit_give_back(limit);
	return err;
}

/* case: budget: of unknown names so many may wait at once, from whatever sources */
static void test_rate_limit__unknown_at_once__third_refused(void **state)
{
	struct rate_limit *held[3] = {NULL};

	(void)state;
	assert_int_equal(enter(UNKNOWN, "a", "s1", 1000, &held[0]), COSMO_OK);
	assert_int_equal(enter(UNKNOWN, "b", "s2", 1000, &held[1]), COSMO_OK);
	assert_int_equal(enter(UNKNOWN, "c", "s3", 1000, &held[2]), COSMO_E_BUDGET);
	assert_null(held[2]);
	assert_non_null(strstr(refusal.detail, "at once"));
	rate_limit_free(held[0]);
	assert_int_equal(enter(UNKNOWN, "c", "s3", 1000, &held[2]), COSMO_OK);
	rate_limit_free(held[1]);
	rate_limit_free(held[2]);
}

/* case: budget: a flood of unknown names takes nothing from enrolled and listed users */
static void test_rate_limit__unknown_used_up__others_unharmed(void **state)
{
	struct rate_limit *held[2] = {NULL};

	(void)state;
	for (int i = 0; i < 3; i++)
		assert_int_equal(pass(UNKNOWN, i ? "b" : "a", "s1", 1000), COSMO_OK);
	assert_int_equal(enter(UNKNOWN, "c", "s2", 1000, &held[0]), COSMO_OK);
	assert_int_equal(enter(UNKNOWN, "d", "s3", 1000, &held[1]), COSMO_OK);
	assert_int_equal(pass(UNKNOWN, "e", "s4", 1000), COSMO_E_BUDGET);
	assert_int_equal(pass(FAMILIAR, "ada", "s1", 1000), COSMO_OK);
	assert_int_equal(pass(LISTED, "eve", "s1", 1000), COSMO_OK);
	assert_int_equal(pass(ELSEWHERE, "ada", "s9", 1000), COSMO_OK);
	rate_limit_free(held[0]);
	rate_limit_free(held[1]);
}

/* case: budget: a source that used up what it is allowed is refused for enrolled and for made-up
 * names alike */
static void test_rate_limit__source_used_up__names_alike(void **state)
{
	static const enum rate_limit_class classes[] = {UNKNOWN, ELSEWHERE};

	(void)state;
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(pass(classes[i % 2], i ? "b" : "a", "s1", 1000), COSMO_OK);
	for (size_t i = 0; i < 200; i++) {
		char detail[sizeof(refusal.detail)] = "";

		assert_int_equal(pass(UNKNOWN, "made-up", "s1", 2000), COSMO_E_BUDGET);
		memcpy(detail, refusal.detail, sizeof(detail));
		assert_int_equal(refusal.retry_s, (HOUR_MS - 1000) / 1000);
		assert_int_equal(pass(ELSEWHERE, "ada", "s1", 2000), COSMO_E_BUDGET);
		assert_int_equal(refusal.retry_s, (HOUR_MS - 1000) / 1000);
		assert_string_equal(refusal.detail, detail);
	}
	assert_int_equal(pass(ELSEWHERE, "ada", "s2", 2000), COSMO_OK);
}

/* case: budget: one source waits for so many codes at once, for enrolled and made-up names together
 */
static void test_rate_limit__source_at_once__names_alike(void **state)
{
	struct rate_limit *held[2] = {NULL};

	(void)state;
	config.unknown_per_source_hour = 100;
	assert_int_equal(enter(ELSEWHERE, "ada", "s1", 1000, &held[0]), COSMO_OK);
	assert_int_equal(enter(UNKNOWN, "a", "s1", 1000, &held[1]), COSMO_OK);
	assert_int_equal(pass(UNKNOWN, "b", "s1", 1000), COSMO_E_BUDGET);
	assert_int_equal(pass(ELSEWHERE, "dev", "s1", 1000), COSMO_E_BUDGET);
	assert_int_equal(pass(ELSEWHERE, "dev", "s2", 1000), COSMO_OK);
	rate_limit_free(held[0]);
	rate_limit_free(held[1]);
}

/* case: budget: a name is counted from all sources new to it together, enrolled or made up alike */
static void test_rate_limit__name_hour__names_alike(void **state)
{
	static const char *const sources[] = {"s1", "s2", "s3"};

	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(sources); i++) {
		assert_int_equal(pass(UNKNOWN, "a", sources[i], 1000), COSMO_OK);
		assert_int_equal(pass(ELSEWHERE, "ada", sources[i], 1000), COSMO_OK);
	}
	assert_int_equal(pass(UNKNOWN, "a", "s9", 1000), COSMO_E_BUDGET);
	assert_int_equal(pass(ELSEWHERE, "ada", "s9", 1000), COSMO_E_BUDGET);
	assert_int_equal(pass(FAMILIAR, "ada", "s9", 1000), COSMO_OK);
}

/* case: budget: when the host's budget for unknown names is gone, a source may learn little from
 * further refusals */
static void test_rate_limit__host_used_up__refusals_are_counted(void **state)
{
	static const char *const names[] = {"a", "b", "c", "d", "e"};
	int answers = 0;

	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(names); i++)
		assert_int_equal(pass(UNKNOWN, names[i], names[i], 1000), COSMO_OK);
	/* Refused for what the host has, and not for what the source did: an enrolled name gets
	 * in. So many times, but no more, a source can see the difference. */
	assert_int_equal(pass(UNKNOWN, "f", "s1", 1000), COSMO_E_BUDGET);
	assert_int_equal(succeed(ELSEWHERE, "ada", "s1", 1000), COSMO_OK);
	for (int i = 0; i < 100; i++) {
		char name[8] = "";

		(void)snprintf(name, sizeof(name), "n%d", i);
		assert_int_equal(pass(UNKNOWN, name, "s1", 2000), COSMO_E_BUDGET);
		answers += succeed(ELSEWHERE, "ada", "s1", 2000) == COSMO_OK;
	}
	assert_true(answers <= 4 * 3);
	assert_int_equal(pass(ELSEWHERE, "ada", "s2", 2000), COSMO_OK);
}

/* case: budget: a flood with enrolled names leaves users alone who come from where they always come
 * from */
static void test_rate_limit__flood_with_enrolled_names__familiar_unharmed(void **state)
{
	struct rate_limit *held[8] = {NULL};
	struct rate_limit *refused = NULL;
	size_t waiting = 0;

	(void)state;
	config.unknown_per_source_hour = config.elsewhere_per_host_hour = 100;
	for (int i = 0; i < 8; i++) {
		char name[8] = "";

		(void)snprintf(name, sizeof(name), "n%d", i);
		waiting += enter(ELSEWHERE, name, name, 1000, &held[waiting]) == COSMO_OK;
	}
	assert_int_equal(waiting, 2); /* a quarter of the host's */
	assert_int_equal(enter(LISTED, "l1", "s1", 1000, &held[2]), COSMO_OK);
	assert_int_equal(enter(LISTED, "l2", "s1", 1000, &held[3]), COSMO_OK);
	assert_int_equal(enter(LISTED, "l3", "s1", 1000, &refused), COSMO_E_BUDGET); /* half */
	for (size_t i = 4; i < 8; i++)
		assert_int_equal(
			enter(FAMILIAR, i % 2 ? "ada" : "dev", "s1", 1000, &held[i]), COSMO_OK);
	assert_int_equal(enter(FAMILIAR, "vic", "s1", 1000, &refused), COSMO_E_BUDGET);
	for (size_t i = 0; i < COSMO_ARRAY_LEN(held); i++)
		rate_limit_free(held[i]);
}

/* case: budget: a familiar user's sign-ins are counted for the name and the source together */
static void test_rate_limit__familiar__by_name_and_source(void **state)
{
	struct rate_limit *held[3] = {NULL};
	struct rate_limit *refused = NULL;

	(void)state;
	config.user_per_hour = 3;
	assert_int_equal(enter(FAMILIAR, "ada", "s1", 1000, &held[0]), COSMO_OK);
	assert_int_equal(enter(FAMILIAR, "ada", "s1", 1000, &held[1]), COSMO_OK);
	assert_int_equal(enter(FAMILIAR, "ada", "s1", 1000, &refused), COSMO_E_BUDGET);
	assert_int_equal(enter(FAMILIAR, "ada", "s2", 1000, &held[2]), COSMO_OK);
	for (size_t i = 0; i < COSMO_ARRAY_LEN(held); i++)
		rate_limit_free(held[i]);
	assert_int_equal(pass(FAMILIAR, "ada", "s1", 2000), COSMO_OK);
	assert_int_equal(pass(FAMILIAR, "ada", "s1", 2000), COSMO_E_BUDGET);
	assert_int_equal(refusal.retry_s, (HOUR_MS - 1000) / 1000);
	assert_non_null(strstr(refusal.detail, "user_per_hour"));
	assert_int_equal(pass(FAMILIAR, "ada", "s2", 2000), COSMO_OK);
	assert_int_equal(pass(FAMILIAR, "dev", "s1", 2000), COSMO_OK);
	assert_int_equal(pass(FAMILIAR, "ada", "s1", 1000 + HOUR_MS), COSMO_OK);
}

/* case: budget: a listed name has a budget of its own, whatever its source did */
static void test_rate_limit__listed__own_budget(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++)
		assert_int_equal(pass(UNKNOWN, i ? "b" : "a", "s1", 1000), COSMO_OK);
	assert_int_equal(pass(UNKNOWN, "c", "s1", 1000), COSMO_E_BUDGET);
	for (int i = 0; i < 4; i++)
		assert_int_equal(pass(LISTED, "eve", "s1", 1000 + i), COSMO_OK);
	assert_int_equal(pass(LISTED, "eve", "s9", 2000), COSMO_E_BUDGET);
	assert_int_equal(pass(LISTED, "mia", "s1", 2000), COSMO_OK);
	assert_int_equal(pass(LISTED, "eve", "s1", 1000 + HOUR_MS), COSMO_OK);
}

/* case: budget: a sign-in that succeeds gives its place in the hour back, as one does that never
 * reached the IdP */
static void test_rate_limit_give_back__any_class__never_used_up(void **state)
{
	static const enum rate_limit_class classes[] = {UNKNOWN, ELSEWHERE, LISTED, FAMILIAR};

	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(classes); i++)
		for (int k = 0; k < 20; k++)
			assert_int_equal(succeed(classes[i], "ada", "s1", 1000 + k), COSMO_OK);
	assert_int_equal(pass(FAMILIAR, "ada", "s1", 2000), COSMO_OK);
	assert_int_equal(succeed(FAMILIAR, "ada", "s1", 2000), COSMO_OK);
	for (int i = 0; i < 3; i++) /* one was counted, and stays so */
		assert_int_equal(pass(FAMILIAR, "ada", "s1", 2000), COSMO_OK);
	assert_int_equal(pass(FAMILIAR, "ada", "s1", 2000), COSMO_E_BUDGET);
}

/* case: budget: who is refused for lack of a place at once has lost nothing of the hour */
static void test_rate_limit_take__refused__hour_given_back(void **state)
{
	struct rate_limit *held[2] = {NULL};

	(void)state;
	assert_int_equal(enter(FAMILIAR, "ada", "s1", 1000, &held[0]), COSMO_OK);
	assert_int_equal(enter(FAMILIAR, "ada", "s1", 1000, &held[1]), COSMO_OK);
	for (int i = 0; i < 10; i++)
		assert_int_equal(pass(FAMILIAR, "ada", "s1", 1000), COSMO_E_BUDGET);
	rate_limit_free(held[0]);
	rate_limit_free(held[1]);
	assert_int_equal(pass(FAMILIAR, "ada", "s1", 1000), COSMO_OK);
	assert_int_equal(pass(FAMILIAR, "ada", "s1", 1000), COSMO_OK);
	assert_int_equal(pass(FAMILIAR, "ada", "s1", 1000), COSMO_E_BUDGET);
}

/* case: budget: an administrator who wants no unknown names keeps enrolled users their new places
 */
static void test_rate_limit__none_for_unknown__enrolled_have_some(void **state)
{
	(void)state;
	config.unknown_flows = config.unknown_per_source_hour = config.unknown_per_host_hour = 0;
	assert_int_equal(pass(UNKNOWN, "a", "s1", 1000), COSMO_E_BUDGET);
	assert_int_equal(refusal.retry_s, 0);
	assert_int_equal(pass(ELSEWHERE, "ada", "s1", 1000), COSMO_OK);
	config.elsewhere_per_host_hour = 0;
	assert_int_equal(pass(ELSEWHERE, "ada", "s2", 1000), COSMO_E_BUDGET);
	assert_int_equal(pass(FAMILIAR, "ada", "s3", 1000), COSMO_OK);
}

/* case: budget: where unknown names get no sign-ins, a source can tell few enrolled names from them
 */
static void test_rate_limit__none_for_unknown__few_questions_answered(void **state)
{
	int64_t retry_s = 0;

	(void)state;
	config.unknown_per_source_hour = 0;
	for (int i = 0; i < 24; i++)
		assert_int_equal(pass(UNKNOWN, "a", "s1", 1000), COSMO_E_BUDGET);
	assert_int_equal(pass(UNKNOWN, "a", "s1", 1000), COSMO_E_BUDGET);
	retry_s = refusal.retry_s;
	assert_true(retry_s > 0);
	assert_int_equal(pass(ELSEWHERE, "ada", "s1", 1000), COSMO_E_BUDGET);
	assert_int_equal(refusal.retry_s, retry_s);
	assert_int_equal(pass(ELSEWHERE, "ada", "s2", 1000), COSMO_OK);
	assert_int_equal(pass(FAMILIAR, "ada", "s1", 1000), COSMO_OK);
}

/* case: budget: a sign-in whose process was killed holds no place */
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
		if (enter(UNKNOWN, "a", "s1", 1000, &place) == COSMO_OK)
			(void)!write(ready[1], "x", 1);
		for (;;)
			pause();
	}
	assert_int_equal(read(ready[0], &byte, 1), 1);
	assert_int_equal(pass(UNKNOWN, "b", "s2", 1000), COSMO_E_BUDGET);
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(pass(UNKNOWN, "b", "s2", 1000), COSMO_OK);
	close(ready[0]);
	close(ready[1]);
}

/* case: budget: the hour is the last one, not the clock's, and a refusal says when it has room
 * again */
static void test_rate_limit__source_hour__window_slides(void **state)
{
	(void)state;
	assert_int_equal(pass(UNKNOWN, "a", "s1", 1000), COSMO_OK);
	assert_int_equal(pass(UNKNOWN, "b", "s1", 2000), COSMO_OK);
	assert_int_equal(pass(UNKNOWN, "c", "s1", 3000), COSMO_OK);
	assert_int_equal(pass(UNKNOWN, "d", "s1", 4000), COSMO_E_BUDGET);
	assert_int_equal(refusal.retry_s, (HOUR_MS - 3000) / 1000);
	assert_non_null(strstr(refusal.detail, "unknown_per_source_hour"));
	assert_int_equal(pass(UNKNOWN, "d", "s2", 4000), COSMO_OK);
	assert_int_equal(pass(UNKNOWN, "d", "s1", 999 + HOUR_MS), COSMO_E_BUDGET);
	assert_int_equal(refusal.retry_s, 1);
	assert_int_equal(pass(UNKNOWN, "d", "s1", 1000 + HOUR_MS), COSMO_OK);
	assert_int_equal(pass(UNKNOWN, "d", "s1", 1001 + HOUR_MS), COSMO_E_BUDGET);
	config.unknown_per_source_hour = 1; /* made less by the administrator: two must go */
	assert_int_equal(pass(UNKNOWN, "d", "s1", 1001 + HOUR_MS), COSMO_E_BUDGET);
	assert_int_equal(refusal.retry_s, (HOUR_MS - 1) / 1000 + 1);
}

/* case: budget: of unknown names so many are asked about in an hour, from whatever sources */
static void test_rate_limit__host_hour__all_sources_together(void **state)
{
	static const char *const sources[] = {"s1", "s2", "s3", "s4", "s5"};

	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(sources); i++)
		assert_int_equal(pass(UNKNOWN, sources[i], sources[i], 1000), COSMO_OK);
	assert_int_equal(pass(UNKNOWN, "s6", "s6", 1000), COSMO_E_BUDGET);
	assert_non_null(strstr(refusal.detail, "unknown_per_host_hour"));
	for (int i = 0; i < 6; i++) {
		char name[8] = "";

		(void)snprintf(name, sizeof(name), "n%d", i);
		assert_int_equal(pass(ELSEWHERE, name, name, 1000), COSMO_OK);
	}
	assert_int_equal(pass(ELSEWHERE, "n7", "n7", 1000), COSMO_E_BUDGET);
	assert_non_null(strstr(refusal.detail, "elsewhere_per_host_hour"));
}

static void write_file(const char *name, const void *data, size_t len, mode_t mode)
{
	char path[128] = "";
	int fd = -1;

	(void)snprintf(path, sizeof(path), "%s/rates", scratch.path);
	(void)mkdir(path, 0700);
	(void)snprintf(path, sizeof(path), "%s/rates/%s", scratch.path, name);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
	assert_true(fd >= 0);
	assert_int_equal(fchmod(fd, mode), 0);
	assert_int_equal(write(fd, data, len), len);
	close(fd);
}

struct raw {
	int64_t boot_ms;
	uint64_t key;
};

/* case: budget: a count that is damaged refuses what it counts for an hour, says what to do, and
 * mends itself */
static void test_rate_limit__damaged_history__refused_for_an_hour(void **state)
{
	static const struct raw future = {.boot_ms = 1000 + 61 * 1000, .key = 1};
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
		write_file("unknown.00", rows[i].data, rows[i].len, 0600);
		assert_int_equal(pass(UNKNOWN, "a", rows[i].label, 1000), COSMO_E_BUDGET);
		assert_non_null(strstr(refusal.detail, "rates/unknown.00 is full, or was damaged"));
		assert_non_null(strstr(refusal.detail, "remove it"));
		assert_int_equal(refusal.retry_s, HOUR_MS / 1000);
		assert_int_equal(pass(UNKNOWN, "a", "s2", 2000), COSMO_E_BUDGET);
		assert_int_equal(pass(ELSEWHERE, "ada", "s2", 2000), COSMO_OK);
		assert_int_equal(pass(FAMILIAR, "ada", "s2", 2000), COSMO_OK);
		assert_int_equal(pass(LISTED, "eve", "s2", 2000), COSMO_OK);
		assert_int_equal(
			pass(UNKNOWN, rows[i].label, rows[i].label, 1000 + HOUR_MS), COSMO_OK);
	}
}

/* case: budget: sign-ins at the same moment, of which one waited for the other, are no damage */
static void test_rate_limit__later_event_written_first__counted(void **state)
{
	(void)state;
	assert_int_equal(pass(UNKNOWN, "a", "s1", 5000), COSMO_OK);
	assert_int_equal(pass(UNKNOWN, "b", "s1", 4000), COSMO_OK);
	assert_int_equal(pass(UNKNOWN, "c", "s1", 1000), COSMO_OK);
	assert_int_equal(pass(UNKNOWN, "d", "s1", 6000), COSMO_E_BUDGET);
}

/* case: budget: a count that others could have written refuses, and the log says what to do */
static void test_rate_limit__history_of_others__refused(void **state)
{
	(void)state;
	write_file("unknown.00", "", 0, 0644);
	assert_int_equal(pass(UNKNOWN, "a", "s1", 1000), COSMO_E_UNSAFE_FILE);
	assert_non_null(strstr(refusal.detail, "rates/unknown.00 cannot be used: remove it"));
}

/* case: budget: places that cannot be locked refuse, and the log says what to do */
static void test_rate_limit__places_no_file__refused(void **state)
{
	char path[128] = "";

	(void)state;
	(void)snprintf(path, sizeof(path), "%s/places", scratch.path);
	assert_int_equal(symlink("/dev/null", path), 0);
	assert_int_equal(pass(FAMILIAR, "ada", "s1", 1000), COSMO_E_IO);
	assert_non_null(strstr(refusal.detail, "places cannot be used: remove it"));
}

/* case: budget: a count that is full refuses every key in it, the known ones too */
static void test_rate_history__full__refused(void **state)
{
	struct rate_history_event event = {
		.kind = "full", .key = 0x100, .per_hour = 1U << 31, .now_boot_ms = 1000};
	struct rate_history_full full = {0};
	COSMO_AUTO(free) struct raw *all = calloc(RATE_HISTORY_MAX_EVENTS, sizeof(*all));

	(void)state;
	assert_non_null(all);
	for (size_t i = 0; i < RATE_HISTORY_MAX_EVENTS; i++)
		all[i] = (struct raw){.boot_ms = 500, .key = (1 + i) << 8};
	write_file("full.00", all, RATE_HISTORY_MAX_EVENTS * sizeof(*all), 0600);
	assert_int_equal(rate_history_add(scratch.fd, &event, &full), COSMO_E_BUDGET);
	assert_true(full.is_file);
	assert_int_equal(full.retry_ms, HOUR_MS - 500);
	assert_int_equal(rate_history_look(scratch.fd, &event, &full), COSMO_E_BUDGET);
	event.now_boot_ms = 500;
	assert_int_equal(rate_history_remove(scratch.fd, &event), COSMO_OK);
	assert_int_equal(rate_history_look(scratch.fd, &event, &full), COSMO_OK);
	assert_int_equal(rate_history_add(scratch.fd, &event, &full), COSMO_OK);
	assert_int_equal(rate_history_add(scratch.fd, &event, &full), COSMO_E_BUDGET);
}

/* case: budget: who holds the lock of one count holds nobody up but those who are counted there */
static void test_rate_limit__lock_held__busy(void **state)
{
	char path[128] = "";
	int fd = -1;

	(void)state;
	assert_int_equal(pass(UNKNOWN, "a", "s1", 1000), COSMO_OK);
	(void)snprintf(path, sizeof(path), "%s/rates/unknown.00.lock", scratch.path);
	fd = open(path, O_RDWR | O_CLOEXEC);
	assert_int_equal(flock(fd, LOCK_EX), 0);
	assert_int_equal(pass(FAMILIAR, "ada", "s1", 1000), COSMO_OK);
	assert_int_equal(pass(ELSEWHERE, "ada", "s1", 1000), COSMO_OK);
	assert_int_equal(pass(UNKNOWN, "b", "s2", 1000), COSMO_E_BUSY);
	close(fd);
}

/* What is kept names nobody: the texts themselves stand nowhere. */
static void test_rate_limit__files__no_name_in_clear(void **state)
{
	char command[256] = "";

	(void)state;
	assert_int_equal(pass(UNKNOWN, "hunter2", "192.0.2.77", 1000), COSMO_OK);
	assert_int_equal(pass(FAMILIAR, "hunter2", "192.0.2.77", 1000), COSMO_OK);
	(void)snprintf(command, sizeof(command),
		"grep -rqa -e hunter2 -e 192.0.2 %s || find %s | grep -q hunter2", scratch.path,
		scratch.path);
	assert_int_not_equal(system(command), 0); /* NOLINT(cert-env33-c): a test's own grep */
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_FOLDER(test_rate_limit__unknown_at_once__third_refused),
		IN_FOLDER(test_rate_limit__unknown_used_up__others_unharmed),
		IN_FOLDER(test_rate_limit__source_used_up__names_alike),
		IN_FOLDER(test_rate_limit__source_at_once__names_alike),
		IN_FOLDER(test_rate_limit__name_hour__names_alike),
		IN_FOLDER(test_rate_limit__host_used_up__refusals_are_counted),
		IN_FOLDER(test_rate_limit__flood_with_enrolled_names__familiar_unharmed),
		IN_FOLDER(test_rate_limit__familiar__by_name_and_source),
		IN_FOLDER(test_rate_limit__listed__own_budget),
		IN_FOLDER(test_rate_limit_give_back__any_class__never_used_up),
		IN_FOLDER(test_rate_limit_take__refused__hour_given_back),
		IN_FOLDER(test_rate_limit__none_for_unknown__enrolled_have_some),
		IN_FOLDER(test_rate_limit__none_for_unknown__few_questions_answered),
		IN_FOLDER(test_rate_limit__holder_killed__place_free),
		IN_FOLDER(test_rate_limit__source_hour__window_slides),
		IN_FOLDER(test_rate_limit__host_hour__all_sources_together),
		IN_FOLDER(test_rate_limit__damaged_history__refused_for_an_hour),
		IN_FOLDER(test_rate_limit__later_event_written_first__counted),
		IN_FOLDER(test_rate_limit__history_of_others__refused),
		IN_FOLDER(test_rate_limit__places_no_file__refused),
		IN_FOLDER(test_rate_history__full__refused),
		IN_FOLDER(test_rate_limit__lock_held__busy),
		IN_FOLDER(test_rate_limit__files__no_name_in_clear),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
