/* SPDX-License-Identifier: MIT */
/*
 * P9: a writer that is killed before or after any system call that changes something, or whose call
 * fails for want of space, leaves everybody as before or as after; the next writer goes on from
 * there, and nobody goes back.
 */
#include <dirent.h>
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
#include "tests/unit/store/store_picture.h"
#include "tests/unit/store/traced_child.h"

#define MAX_RECORDS 8
#define CROWD       166 /* with whom the smallest file is full */
/* Each call, and each call with every seventh of the next writer; fewer under sanitizers, where a
 * fork is dear and the code the same each time. */
#ifndef EACH_CALL
#define EACH_CALL 1
#define STRIDE    7
#endif

static const unsigned char seed[SIPHASH_KEY_BYTES] = "fifteen letters";

/* What one process is to do, or has done, to a store. */
struct deed {
	const struct store_paths *paths;
	struct config config;
	struct record *records[MAX_RECORDS];
	size_t count;
	enum cosmo_err (*act)(struct deed *deed, struct store *store);
};

static void deed_done(struct deed *deed)
{
	for (size_t i = 0; i < deed->count; i++)
		record_free(deed->records[i]);
	deed->count = 0;
}

static void add_record(struct deed *deed, const char *name, uint32_t version)
{
	struct record *record = fixture_person(&deed->config, name);

	fixture_version(record, version);
	assert_true(deed->count < MAX_RECORDS);
	deed->records[deed->count++] = record;
}

/* The work of a process. */
static int do_deed(void *context)
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

static int do_deed_elsewhere(struct deed *deed)
{
	int status = 0;
	pid_t child = 0;

	fflush(NULL);
	child = fork();
	assert_true(child >= 0);
	if (child == 0)
		_exit(do_deed(deed));
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

/* Listed too, each time anew: what a writer that was killed has left must not be in the way. */
static enum cosmo_err act_remove(struct deed *deed, struct store *store)
{
	enum cosmo_err err = records_list_name(store, "ada");

	(void)deed;
	return err && err != COSMO_E_EXISTS ? err : act_change(store, USER_CHANGE_REMOVE);
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
	add_record(&deed, "ada", 3);
	add_record(&deed, "bob", 4);
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
	add_record(deed, "cyd", 2);
}

static void first_user(struct deed *deed)
{
	add_record(deed, "ada", 1);
}

static void known_user(struct deed *deed)
{
	add_record(deed, "ada", 7); /* developer instead of viewer; unlocked */
}

static void locked_user(struct deed *deed)
{
	add_record(deed, "bob", 5);
}

static void long_texts(struct deed *deed)
{
	add_record(deed, "ada", 8);
}

static void long_texts_again(struct deed *deed)
{
	add_record(deed, "bob", 12);
}

static void several_users(struct deed *deed)
{
	add_record(deed, "ada", 6);
	add_record(deed, "cyd", 12);
	add_record(deed, "bob", 9);
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

static const struct scenario {
	const char *label;
	void (*prepare)(struct fixture *fixture);
	void (*plan)(struct deed *deed);
	enum cosmo_err (*act)(struct deed *deed, struct store *store);
} scenarios[] = {
	{"the first commit ever", prepare_nothing, first_user, act_first},
	{"the first commit, without settings", prepare_nothing, first_user, act_commit},
	{"a new user", prepare_two, new_user, act_commit},
	{"other roles of a known user", prepare_two, known_user, act_commit},
	{"a user is locked", prepare_two, locked_user, act_commit},
	{"a user is disconnected", prepare_two, nothing_else, act_disconnect},
	{"a user is removed", prepare_two, nothing_else, act_remove},
	{"texts become long", prepare_two, long_texts, act_commit},
	{"long texts change", prepare_two, long_texts_again, act_commit},
	{"the file grows", prepare_crowd, new_user, act_commit},
	{"a batch", prepare_two, several_users, act_batch},
	{"a batch makes the file grow", prepare_crowd, several_users, act_batch},
	{"a uid is assigned", prepare_two, new_user, act_assign},
	{"settings change in place", prepare_two, other_lease, act_settings},
	{"the roles table changes", prepare_two, other_roles, act_settings},
	{"a rebuild", prepare_two, nothing_else, act_rebuild},
	{"a repair", prepare_two, nothing_else, act_repair},
};

/* One store in which one writer comes to grief. */
struct run {
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

	*run = (struct run){.fixture = NULL};
	assert_int_equal(fixture_setup_bare(&state), 0);
	run->fixture = state;
	scenario->prepare(run->fixture);
	run->view = (struct users_db){
		.path = run->fixture->users_db, .machine_id_path = run->fixture->machine_id};
	assert_null(picture_take(&run->view, &run->before));
	run->view.looked_ms = 0; /* a file that is missing is looked for at once again */
	run->deed = (struct deed){.paths = &run->fixture->paths,
		.config = run->fixture->config,
		.act = scenario->act};
	scenario->plan(&run->deed);
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
	assert_int_equal(do_deed_elsewhere(&run.deed), 0);
	assert_null(view_afresh(&run, ret));
	run_end(&run);
}

static bool same_settings(const struct picture *a, const struct picture *b)
{
	return a->has_settings == b->has_settings &&
	       memcmp(&a->settings, &b->settings, sizeof(a->settings)) == 0;
}

/* Everybody but dan is as in one of two pictures. */
static const char *compare(
	const struct picture *now, const struct picture *before, const struct picture *after)
{
	if (now->others != before->others && now->others != after->others)
		return "the others are other ones";
	if (!same_settings(now, before) && !same_settings(now, after) && now->has_settings)
		return "the settings are neither as before nor as after";
	for (size_t i = 0; i < PICTURE_PEOPLE - 1; i++)
		if (!sight_equals(&now->people[i], &before->people[i]) &&
			!sight_equals(&now->people[i], &after->people[i]))
			return "somebody is neither as before nor as after";
	return NULL;
}

/* Whoever was as after does not go back. */
static bool goes_back(
	const struct picture *earlier, const struct picture *now, const struct picture *after)
{
	for (size_t i = 0; i < PICTURE_PEOPLE - 1; i++)
		if (sight_equals(&earlier->people[i], &after->people[i]) &&
			!sight_equals(&now->people[i], &after->people[i]))
			return true;
	return false;
}

static bool same_people(const struct picture *a, const struct picture *b)
{
	for (size_t i = 0; i < PICTURE_PEOPLE; i++)
		if (!sight_equals(&a->people[i], &b->people[i]))
			return false;
	return a->others == b->others;
}

/* All but dan. */
static bool is_after(const struct picture *now, const struct picture *after)
{
	struct picture known = *now;

	known.people[PICTURE_PEOPLE - 1] = after->people[PICTURE_PEOPLE - 1];
	return same_people(&known, after) && same_settings(now, after);
}

/* What readers see with nobody having come since. */
static const char *check_left(struct run *run, const struct picture *after)
{
	struct picture mapped;
	const char *problem = view_afresh(run, &run->now);

	if (!problem)
		problem = picture_take(&run->view, &mapped);
	if (!problem)
		problem = compare(&run->now, &run->before, after);
	if (!problem)
		problem = compare(&mapped, &run->before, after);
	if (!problem && !same_people(&mapped, &run->now))
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

/* Half-made records hold refresh tokens. */
static bool has_stages(const struct run *run)
{
	char path[160] = "";
	const struct dirent *entry = NULL;
	bool has = false;
	DIR *dir = NULL;

	snprintf(path, sizeof(path), "%s/private/users", run->fixture->state_dir);
	dir = opendir(path);
	assert_non_null(dir);
	while ((entry = readdir(dir)))
		has = has || (entry->d_name[0] == '.' && strlen(entry->d_name) > 2);
	closedir(dir);
	return has;
}

static struct deed next_deed(const struct run *run)
{
	struct deed next = {
		.paths = &run->fixture->paths, .config = run->deed.config, .act = act_commit};

	add_record(&next, "dan", 9);
	return next;
}

/* The next writer, who wants something else. */
static const char *check_next(struct run *run, const struct picture *after)
{
	struct deed next = next_deed(run);
	struct picture now;
	struct picture mapped;
	const char *problem = NULL;
	int code = do_deed_elsewhere(&next);

	deed_done(&next);
	if (code != 0)
		return "the next writer fails";
	problem = view_afresh(run, &now);
	if (!problem)
		problem = compare(&now, &run->before, after);
	if (!problem && goes_back(&run->now, &now, after))
		problem = "somebody went back";
	if (!problem && !now.people[PICTURE_PEOPLE - 1].is_there)
		problem = "the next writer's user is not there";
	run->view.looked_ms = 0;
	if (!problem)
		problem = picture_take(&run->view, &mapped);
	if (!problem && (!same_people(&mapped, &now) || !same_settings(&mapped, &now)))
		problem = "an old reader sees something else than a new one";
	if (!problem && has_stages(run))
		problem = "records on their way were left behind";
	return problem ? problem : check_store(run, &now);
}

/* And whoever came to grief comes again. */
static const char *check_again(struct run *run, const struct picture *after)
{
	struct picture now;
	const char *problem = NULL;

	if (do_deed_elsewhere(&run->deed) != 0)
		return "the deed cannot be done again";
	problem = view_afresh(run, &now);
	if (!problem && !is_after(&now, after))
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

static const char *const action_texts[] = {
	[TRACED_KILL_BEFORE] = "killed before",
	[TRACED_KILL_AFTER] = "killed after",
	[TRACED_FAIL] = "no space for",
};

/* Returns false when there is no such call. */
static bool grieve(const struct scenario *scenario, const struct picture *after,
	enum traced_action action, unsigned int nth)
{
	struct run run;
	struct traced_end end = {0};
	const char *problem = NULL;

	run_begin(&run, scenario);
	end = traced_run(do_deed, &run.deed, action, nth);
	if (!end.was_met)
		assert_int_equal(end.code, 0);
	problem = check_all(&run, after);
	if (!problem && end.code == 0 && !is_after(&run.now, after))
		problem = "success was reported, and it is not as after";
	if (problem)
		fail_msg("%s, %s call %u: %s (%s)", scenario->label, action_texts[action], nth,
			problem, run.fixture->dir);
	run_end(&run);
	return end.was_met;
}

static void grieve_everywhere(enum traced_action action)
{
	for (size_t i = 0; i < COSMO_ARRAY_LEN(scenarios); i++) {
		struct picture after;
		unsigned int calls = 0;

		picture_after(&scenarios[i], &after);
		while (grieve(&scenarios[i], &after, action, calls))
			calls += EACH_CALL;
		print_message("%s: %s %u calls\n", scenarios[i].label, action_texts[action], calls);
		assert_true(calls >= 8);
	}
}

static void need_root(void)
{
	if (geteuid() == 0)
		return;
	print_message("SKIPPED: the files of a store are root's, and this is not root\n");
	skip();
}

static void test_writer__killed_before_any_change__before_or_after(void **state)
{
	(void)state;
	need_root();
	grieve_everywhere(TRACED_KILL_BEFORE);
}

static void test_writer__killed_after_any_change__before_or_after(void **state)
{
	(void)state;
	need_root();
	grieve_everywhere(TRACED_KILL_AFTER);
}

static void test_writer__no_space_for_any_change__before_or_after(void **state)
{
	(void)state;
	need_root();
	grieve_everywhere(TRACED_FAIL);
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
	end = traced_run(do_deed, &run.deed, TRACED_KILL_BEFORE, first);
	assert_true(end.was_met);
	next = next_deed(&run);
	end = traced_run(do_deed, &next, TRACED_KILL_BEFORE, second);
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
	count = traced_list(do_deed, &run.deed, list, COSMO_ARRAY_LEN(list));
	assert_true(count <= COSMO_ARRAY_LEN(list));
	for (size_t i = 0; i < count; i++)
		calls += list[i].is_changing;
	run_end(&run);
	return calls;
}

/* Every call of the first writer; of the second every STRIDE-th, each time others. */
static void test_writer__killed_while_it_recovers__before_or_after(void **state)
{
	(void)state;
	need_root();
	for (size_t i = 0; i < COSMO_ARRAY_LEN(scenarios); i++) {
		const struct scenario *scenario = &scenarios[i];
		struct picture after;
		unsigned int calls = 0;
		unsigned int runs = 0;

		if (scenario->prepare != prepare_two)
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
		cmocka_unit_test(test_writer__killed_before_any_change__before_or_after),
		cmocka_unit_test(test_writer__killed_after_any_change__before_or_after),
		cmocka_unit_test(test_writer__no_space_for_any_change__before_or_after),
		cmocka_unit_test(test_writer__killed_while_it_recovers__before_or_after),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
