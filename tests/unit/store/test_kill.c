/* SPDX-License-Identifier: MIT */
/*
 * P9: a writer that is killed at any system call that changes something, or any of whose calls
 * fails, leaves everybody as before or as after, also to those who had the file mapped; the next
 * writer goes on from there, and nobody goes back. What a power cut leaves is test_crash.c's.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/unit/store/disk_log.h"
#include "tests/unit/store/store_deeds.h"
#include "tests/unit/store/store_picture.h"
#include "tests/unit/store/traced_child.h"

/* Each call; fewer of those that do the same to hundreds of files, and under sanitizers, where a
 * fork is dear and the code the same each time. */
#ifndef EACH_CALL
#define EACH_CALL  1U
#define EACH_LARGE 5U
#define STRIDE     23U
#endif

/* One store in which one writer comes to grief. */
struct run {
	const struct scenario *scenario;
	struct fixture *fixture;
	struct users_db view; /* of a process that has looked before */
	struct picture before;
	struct picture now;
	struct deed deed;
};

static const char *view_afresh(const struct run *run, struct picture *ret)
{
	struct users_db db = {
		.path = run->fixture->users_db, .machine_id_path = run->fixture->machine_id};
	const char *problem = picture_take(&db, ret);

	users_db_done(&db);
	return problem;
}

static void run_begin(struct run *run, const struct scenario *scenario)
{
	void *state = NULL;

	*run = (struct run){.scenario = scenario};
	assert_int_equal(fixture_setup_bare(&state), 0);
	run->fixture = state;
	scenario->prepare(run->fixture);
	run->view = (struct users_db){
		.path = run->fixture->users_db, .machine_id_path = run->fixture->machine_id};
	assert_null(picture_take(&run->view, &run->before));
	run->view.looked_ms = 0; /* a file that is missing is looked for at once again */
	run->deed = scenario_deed(scenario, 0, &run->fixture->paths, &run->fixture->config);
}

static void run_end(struct run *run)
{
	void *state = run->fixture;

	deed_done(&run->deed);
	users_db_done(&run->view);
	assert_int_equal(fixture_teardown(&state), 0);
}

/* How it is to be when all went well. */
static void picture_after(const struct scenario *scenario, struct picture *ret)
{
	struct run run;

	run_begin(&run, scenario);
	assert_int_equal(deed_do_elsewhere(&run.deed), 0);
	assert_null(view_afresh(&run, ret));
	run_end(&run);
}

/* What readers see with nobody having come since. */
static const char *check_left(struct run *run, const struct picture *after)
{
	struct picture mapped;
	const char *problem = view_afresh(run, &run->now);

	if (!problem)
		problem = picture_take(&run->view, &mapped);
	if (!problem)
		problem = picture_compare(&run->now, &run->before, after);
	if (!problem)
		problem = picture_compare(&mapped, &run->before, after);
	if (!problem && !picture_same_people(&mapped, &run->now))
		problem = "an old reader sees somebody otherwise than a new one";
	return problem;
}

static const char *check_store(struct run *run, const struct picture *now)
{
	struct store *store = NULL;
	const char *problem = NULL;

	assert_int_equal(store_open(&run->fixture->paths, &store), COSMO_OK);
	problem = picture_check(now, store);
	store_free(store);
	return problem;
}

/* The next writer, who wants something else. */
static const char *check_next(struct run *run, const struct picture *after)
{
	struct deed next = deed_of_next_writer(&run->fixture->paths, &run->deed.config);
	struct picture now;
	struct picture mapped;
	const char *problem = NULL;
	int code = deed_do_elsewhere(&next);

	deed_done(&next);
	if (code != 0)
		return "the next writer fails";
	problem = view_afresh(run, &now);
	if (!problem)
		problem = picture_compare(&now, &run->before, after);
	if (!problem && picture_goes_back(&run->now, &now, after))
		problem = "somebody went back";
	if (!problem && !now.people[PICTURE_PEOPLE - 1].is_there)
		problem = "the next writer's user is not there";
	run->view.looked_ms = 0;
	if (!problem)
		problem = picture_take(&run->view, &mapped);
	if (!problem &&
		(!picture_same_people(&mapped, &now) || !picture_same_settings(&mapped, &now)))
		problem = "an old reader sees something else than a new one";
	if (!problem && !(run->scenario->traits & SCENARIO_UNSHOWN) &&
		picture_has_stages(&run->fixture->paths))
		problem = "records on their way were left behind";
	return problem ? problem : check_store(run, &now);
}

/* And whoever came to grief comes again. */
static const char *check_again(struct run *run, const struct picture *after)
{
	struct picture now;
	const char *problem = NULL;

	if (deed_do_elsewhere(&run->deed) != 0)
		return "the deed cannot be done again";
	problem = view_afresh(run, &now);
	if (!problem && !picture_is_after(&now, after))
		problem = "done again, it is not as after";
	return problem ? problem : check_store(run, &now);
}

static const char *check_all(struct run *run, const struct picture *after)
{
	const char *problem = check_left(run, after);

	if (!problem)
		problem = check_next(run, after);
	return problem ? problem : check_again(run, after);
}

/* Returns false when there is no such call. */
static bool grieve(const struct scenario *scenario, const struct picture *after, unsigned int nth)
{
	struct run run;
	struct traced_end end = {0};
	const char *problem = NULL;

	run_begin(&run, scenario);
	end = traced_run(deed_do, &run.deed, TRACED_KILL_BEFORE, nth);
	if (!end.was_met)
		assert_int_equal(end.code, 0);
	problem = check_all(&run, after);
	if (!problem && end.code == 0 && !picture_is_after(&run.now, after))
		problem = "success was reported, and it is not as after";
	if (problem)
		fail_msg("%s, killed before call %u: %s (%s)", scenario->label, nth, problem,
			run.fixture->dir);
	run_end(&run);
	return end.was_met;
}

/* The only deed: what several leave is no other matter to a kill. */
static bool is_single(const struct scenario *scenario)
{
	return !scenario->steps[1].act;
}

static unsigned int stride_of(const struct scenario *scenario)
{
	return scenario->traits & SCENARIO_LARGE ? EACH_LARGE : EACH_CALL;
}

static void need_root(void)
{
	if (geteuid() == 0)
		return;
	print_message("SKIPPED: the files of a store are root's, and this is not root\n");
	skip();
}

/* Killed after a call is killed before the next one: between them nothing is changed. */
static void test_writer__killed_at_any_change__before_or_after(void **state)
{
	(void)state;
	need_root();
	for (size_t i = 0; i < scenario_count; i++) {
		const struct scenario *scenario = &scenarios[i];
		struct picture after;
		unsigned int calls = 0;

		if (!is_single(scenario))
			continue;
		picture_after(scenario, &after);
		while (grieve(scenario, &after, calls))
			calls += stride_of(scenario);
		print_message("%s: %u calls\n", scenario->label, calls);
		assert_true(calls >= 5);
	}
}

static const struct trouble {
	const char *label;
	int error;
	bool for_good;
} troubles[] = {
	{"the disk is full", ENOSPC, true},
	{"one call fails", EIO, false},
	{"the disk is read-only", EROFS, true},
	{"one call fails", EIO, false},
};

/* In this process: what it had open and mapped must not be left behind either. Returns false when
 * there is no such call. */
static bool fail_call(const struct scenario *scenario, const struct picture *after,
	const struct trouble *trouble, unsigned int nth)
{
	static const struct disk_fault none = {.nth = DISK_NO_FAULTS};
	const struct disk_fault fault = {
		.nth = nth, .error = trouble->error, .for_good = trouble->for_good};
	struct run run;
	const char *problem = NULL;
	unsigned int calls = 0;
	int code = 0;

	run_begin(&run, scenario);
	(void)disk_fault_set(&fault);
	code = deed_do(&run.deed);
	calls = disk_fault_set(&none);
	problem = check_all(&run, after);
	if (!problem && code == 0 && !picture_is_after(&run.now, after))
		problem = "success was reported, and it is not as after";
	if (problem)
		fail_msg("%s, %s at call %u: %s (%s)", scenario->label, trouble->label, nth,
			problem, run.fixture->dir);
	run_end(&run);
	return nth < calls;
}

/* Each call in two ways of the three. */
static void test_writer__any_call_fails__before_or_after(void **state)
{
	(void)state;
	need_root();
	for (size_t i = 0; i < scenario_count; i++) {
		struct picture after;

		if (!is_single(&scenarios[i]))
			continue;
		picture_after(&scenarios[i], &after);
		for (unsigned int k = 0; k < 2; k++)
			for (unsigned int nth = 0;
				fail_call(&scenarios[i], &after, &troubles[(nth + k) % 4], nth);
				nth += stride_of(&scenarios[i]))
				continue;
	}
}

/* The second writer is killed while it finishes what the first left. */
static bool grieve_twice(const struct scenario *scenario, const struct picture *after,
	unsigned int first, unsigned int second)
{
	struct run run;
	struct deed next;
	struct traced_end end = {0};
	const char *problem = NULL;

	run_begin(&run, scenario);
	end = traced_run(deed_do, &run.deed, TRACED_KILL_BEFORE, first);
	assert_true(end.was_met);
	next = deed_of_next_writer(&run.fixture->paths, &run.deed.config);
	end = traced_run(deed_do, &next, TRACED_KILL_BEFORE, second);
	deed_done(&next);
	problem = check_all(&run, after);
	if (problem)
		fail_msg("%s, killed before call %u, the next before call %u: %s", scenario->label,
			first, second, problem);
	run_end(&run);
	return end.was_met;
}

static unsigned int count_calls(const struct scenario *scenario)
{
	struct run run;
	unsigned int calls = 0;
	static struct traced_call list[4096];
	size_t count = 0;

	run_begin(&run, scenario);
	count = traced_list(deed_do, &run.deed, list, COSMO_ARRAY_LEN(list));
	assert_true(count <= COSMO_ARRAY_LEN(list));
	for (size_t i = 0; i < count; i++)
		calls += list[i].is_changing;
	run_end(&run);
	return calls;
}

/* Every call of the first writer; of the second every STRIDE-th, each time others. Other scenarios
 * and other ways are test_crash.c's. */
static void test_writer__killed_while_it_recovers__before_or_after(void **state)
{
	(void)state;
	need_root();
	for (size_t i = 0; i < scenario_count; i++) {
		const struct scenario *scenario = &scenarios[i];
		struct picture after;
		unsigned int calls = 0;
		unsigned int runs = 0;

		if (!(scenario->traits & SCENARIO_RECOVERED))
			continue;
		picture_after(scenario, &after);
		calls = count_calls(scenario);
		for (unsigned int first = 0; first < calls; first++)
			for (unsigned int second = first % STRIDE;
				grieve_twice(scenario, &after, first, second); second += STRIDE)
				runs++;
		print_message("%s: %u times\n", scenario->label, runs);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_writer__killed_at_any_change__before_or_after),
		cmocka_unit_test(test_writer__any_call_fails__before_or_after),
		cmocka_unit_test(test_writer__killed_while_it_recovers__before_or_after),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
