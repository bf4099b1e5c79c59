/* SPDX-License-Identifier: MIT */
/*
 * P9 against a power cut: whatever of a writer's work reached the disk before it, everybody is as
 * before or as after, at once, to readers, after the next writer and after a repair. What was
 * reported done lasts. See docs/decisions/0027.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/base/fdio.h"
#include "pam_cosmo_sso/helper/record_write.h"
#include "pam_cosmo_sso/helper/uid_register.h"
#include "tests/unit/store/disk_crash.h"
#include "tests/unit/store/store_deeds.h"
#include "tests/unit/store/store_picture.h"
#include "tests/unit/store/traced_child.h"

/* Fewer under sanitizers, to which each disk is the same matter. */
#ifndef MAX_WAYS
#define MAX_WAYS    1024U /* all, up to so many at one moment */
#define MAX_RANDOM  24U   /* of more, beside one thing missing or alone */
#define EACH_DISK   1U
#define EACH_SECOND 40U /* of the disks: the next writer is cut off too */
#endif
#define EACH_LARGE  16U /* of the disks with hundreds of files */
#define MAX_SEEN    (1U << 16)
#define RECORD_ROOM ((size_t)2048)

/* All that there is to say of a store that nobody has open. */
struct facts {
	struct picture picture;
	char records[PICTURE_PEOPLE][RECORD_ROOM]; /* as they stand in their files */
	uint32_t uids[PICTURE_PEOPLE];             /* in the register; 0: none */
	bool is_listed[PICTURE_PEOPLE];
	bool has_integration;
	bool is_connected;
	unsigned char integration[INTEGRATION_BYTES];
};

/* The store that is written to, and one that a power cut has left. */
struct model {
	const struct scenario *scenario;
	struct fixture *left;
	struct config config; /* of the deed under way */
	size_t step;
	const struct facts *before;
	const struct facts *after;
	uint64_t seed;
	uint64_t seen[MAX_SEEN];
	unsigned int disks;
	unsigned int tried;
	bool is_second;   /* a disk that another one's next writer left */
	bool is_repaired; /* whose settings are those of the configuration, whatever they were */
};

static void read_record(struct store *store, const char *name, char ret[RECORD_ROOM])
{
	static const struct fdio_demands demands = {.forbidden_mode = 077, .max_bytes = 1 << 20};
	COSMO_AUTO(free) char *text = NULL;
	size_t len = 0;

	ret[0] = '\0';
	if (fdio_read_file(store_folder_fd(store, STORE_USERS), name, &demands, &text, &len))
		return;
	assert_true(len < RECORD_ROOM);
	memcpy(ret, text, len);
	ret[len] = '\0';
}

/* Each enrolled person leads to his name. */
static const char *check_links(struct store *store, const struct facts *facts)
{
	for (size_t i = 0; i < PICTURE_PEOPLE; i++) {
		COSMO_AUTO(record_free) struct record *record = NULL;
		char name[COSMO_MAX_NAME_BYTES + 1] = "";

		if (!facts->records[i][0])
			continue;
		if (record_load(store, picture_names[i], &record))
			return "a record cannot be read";
		if (record_link_read(store, record->issuer, record->sub, name) ||
			!streq(name, record->name))
			return "a person does not lead to his name";
	}
	return NULL;
}

static const char *read_store(struct store *store, struct facts *ret)
{
	COSMO_AUTO(integration_free) struct integration *integration = NULL;
	enum cosmo_err err = integration_load(store, &integration);

	if (err && err != COSMO_E_NOT_FOUND)
		return "the integration cannot be read";
	ret->has_integration = !err;
	ret->is_connected = !err && integration->connected;
	if (!err)
		memcpy(ret->integration, integration->id, INTEGRATION_BYTES);
	for (size_t i = 0; i < PICTURE_PEOPLE; i++) {
		read_record(store, picture_names[i], ret->records[i]);
		err = uid_register_find(store, picture_names[i], &ret->uids[i]);
		if (!err && uid_register_check(store, picture_names[i], ret->uids[i]))
			return "the register is at odds with itself";
		if (err && err != COSMO_E_NOT_FOUND)
			return "the register cannot be read";
		if (records_is_listed(store, picture_names[i], &ret->is_listed[i]))
			return "the list cannot be read";
	}
	return check_links(store, ret);
}

static const char *facts_take(const struct fixture *fixture, struct facts *ret)
{
	struct users_db db = {.path = fixture->users_db, .machine_id_path = fixture->machine_id};
	struct store *store = NULL;
	const char *problem = NULL;

	memset(ret, 0, sizeof(*ret));
	problem = picture_take(&db, &ret->picture);
	users_db_done(&db);
	if (problem)
		return problem;
	if (store_open(&fixture->paths, &store))
		return "the store cannot be opened";
	problem = read_store(store, ret);
	store_free(store);
	return problem;
}

static bool same_integration(const struct facts *a, const struct facts *b)
{
	return a->has_integration == b->has_integration && a->is_connected == b->is_connected &&
	       memcmp(a->integration, b->integration, INTEGRATION_BYTES) == 0;
}

/* The truth behind the picture, dan's left out. */
static const char *compare_truth(
	const struct facts *now, const struct facts *before, const struct facts *after)
{
	for (size_t i = 0; i < PICTURE_PEOPLE - 1; i++) {
		if (!streq(now->records[i], before->records[i]) &&
			!streq(now->records[i], after->records[i]))
			return "a record is neither as before nor as after";
		if (now->uids[i] != before->uids[i] &&
			(before->uids[i] || now->uids[i] != after->uids[i]))
			return "somebody has another uid";
		if (now->is_listed[i] != before->is_listed[i] &&
			now->is_listed[i] != after->is_listed[i])
			return "the list is neither as before nor as after";
	}
	if (!same_integration(now, before) && !same_integration(now, after))
		return "the integration is neither as before nor as after";
	return NULL;
}

static const char *compare(const struct model *model, const struct facts *now)
{
	static struct picture seen;
	const char *problem = NULL;

	seen = now->picture;
	if (model->is_repaired)
		seen.settings = model->after->picture.settings;
	problem = picture_compare(&seen, &model->before->picture, &model->after->picture);
	return problem ? problem : compare_truth(now, model->before, model->after);
}

/* What was as after stays so. */
static bool goes_back(
	const struct model *model, const struct facts *earlier, const struct facts *now)
{
	const struct facts *after = model->after;

	for (size_t i = 0; i < PICTURE_PEOPLE - 1; i++)
		if (streq(earlier->records[i], after->records[i]) &&
			!streq(now->records[i], after->records[i]))
			return true;
	return picture_goes_back(&earlier->picture, &now->picture, &after->picture) ||
	       (same_integration(earlier, after) && !same_integration(now, after));
}

static const char *check_agreement(const struct fixture *fixture, const struct facts *now)
{
	struct store *store = NULL;
	const char *problem = NULL;

	assert_int_equal(store_open(&fixture->paths, &store), COSMO_OK);
	problem = picture_check(&now->picture, store);
	store_free(store);
	return problem;
}

/* As the boot unit does: open if, and only if, the durable state says so. */
static const char *check_gate(const struct fixture *fixture, const struct facts *now)
{
	struct gate_reader reader = {.path = fixture->gate};
	struct gate_view gate = {.state = GATE_MISSING};
	struct store *store = NULL;

	assert_int_equal(store_open(&fixture->paths, &store), COSMO_OK);
	(void)!integration_boot(store);
	store_free(store);
	gate_read(&reader, &gate);
	gate_done(&reader);
	if ((gate.state == GATE_OPEN) != now->is_connected)
		return "the gate is not what the durable state says";
	if (gate.state == GATE_OPEN &&
		memcmp(gate.integration, now->integration, INTEGRATION_BYTES) != 0)
		return "the gate is open for another integration";
	return NULL;
}

static const char *check_next(struct model *model, const struct facts *left)
{
	static struct facts now;
	struct deed next = deed_of_next_writer(&model->left->paths, &model->config);
	int code = deed_do(&next);
	const char *problem = code ? "the next writer fails" : facts_take(model->left, &now);

	deed_done(&next);
	if (!problem)
		problem = compare(model, &now);
	if (!problem && goes_back(model, left, &now))
		problem = "the next writer takes something back";
	if (!problem && !now.picture.people[PICTURE_PEOPLE - 1].is_there)
		problem = "the next writer's user is not there";
	if (!problem && !(model->scenario->traits & SCENARIO_UNSHOWN) &&
		picture_has_stages(&model->left->paths))
		problem = "records on their way were left behind";
	return problem ? problem : check_agreement(model->left, &now);
}

static const char *check_repair(struct model *model, const struct facts *left)
{
	static struct facts now;
	struct deed repair = deed_of_repair(&model->left->paths, &model->config);
	int code = deed_do(&repair);
	const char *problem = code ? "repair fails" : facts_take(model->left, &now);

	if (!problem)
		problem = compare(model, &now);
	if (!problem && goes_back(model, left, &now))
		problem = "repair takes something back";
	if (!problem && picture_has_stages(&model->left->paths))
		problem = "repair leaves records on their way behind";
	return problem ? problem : check_agreement(model->left, &now);
}

/* What was cut off is done again. */
static const char *check_again(struct model *model)
{
	static struct facts now;
	struct deed deed = scenario_deed(
		model->scenario, model->step, &model->left->paths, &model->left->config);
	int code = deed_do(&deed);
	const char *problem =
		code ? "the deed cannot be done again" : facts_take(model->left, &now);

	deed_done(&deed);
	if (!problem && !picture_is_after(&now.picture, &model->after->picture) &&
		!(model->is_repaired && !picture_goes_back(&model->after->picture, &now.picture,
						&model->after->picture)))
		problem = "done again, it is not as after";
	return problem ? problem : check_agreement(model->left, &now);
}

/* A boot: what was on the tmpfs is gone. */
static void put_disk(struct model *model, struct disk_crash *crash)
{
	disk_crash_write(crash, model->left->state_dir);
	fixture_empty(model->left->run_dir);
}

static const char *check_disk(struct model *model, struct disk_crash *crash)
{
	static struct facts left;
	bool was_repaired = false;
	const char *problem = NULL;

	put_disk(model, crash);
	problem = facts_take(model->left, &left);
	if (!problem)
		problem = compare(model, &left);
	if (!problem)
		problem = check_gate(model->left, &left);
	if (!problem)
		problem = check_next(model, &left);
	if (!problem)
		problem = check_again(model);
	if (problem)
		return problem;
	put_disk(model, crash);
	was_repaired = model->is_repaired;
	model->is_repaired = true;
	problem = check_repair(model, &left);
	model->is_repaired = was_repaired;
	return problem;
}

/* Is it the first time that the disk is like this? */
static bool is_new(struct model *model, uint64_t hash)
{
	uint64_t at = hash % MAX_SEEN;

	hash |= 1; /* 0: nothing stands there */
	for (unsigned int i = 0; i < MAX_SEEN; i++, at = (at + 1) % MAX_SEEN) {
		if (model->seen[at] == hash)
			return false;
		if (model->seen[at] == 0) {
			model->seen[at] = hash;
			return true;
		}
	}
	return true;
}

static void fail_on(const struct model *model, const struct disk_event *event, const char *problem)
{
	fail_msg("%s, step %zu, cut off after event %d to %u %s%s: %s (%s)", model->scenario->label,
		model->step, (int)event->kind, event->node, event->name,
		model->is_second ? ", the second time" : "", problem, model->left->dir);
}

static void cut_second(struct model *model, struct disk_crash *crash);

/* What was chosen is on the disk. */
static void try_disk(struct model *model, struct disk_crash *crash, const struct disk_event *event)
{
	unsigned int each = model->scenario->traits & SCENARIO_LARGE ? EACH_LARGE : EACH_DISK;
	const char *problem = NULL;

	if (!is_new(model, disk_crash_hash(crash)) || model->disks++ % each != 0)
		return;
	model->tried++;
	problem = check_disk(model, crash);
	if (problem)
		fail_on(model, event, problem);
	if (!model->is_second && !(model->scenario->traits & SCENARIO_LARGE) &&
		model->tried % EACH_SECOND == 0)
		cut_second(model, crash);
}

static void try_moment(struct model *model, struct disk_crash *crash,
	const struct disk_event *event, uint64_t most)
{
	uint64_t ways = disk_crash_ways(crash);

	for (uint64_t way = 0; way < ways && ways <= most; way++) {
		disk_crash_choose(crash, way);
		try_disk(model, crash, event);
	}
	for (unsigned int i = 0; ways > most && disk_crash_choose_edge(crash, i); i++)
		try_disk(model, crash, event);
	for (unsigned int i = 0; ways > most && i < MAX_RANDOM; i++) {
		disk_crash_choose_random(crash, &model->seed);
		try_disk(model, crash, event);
	}
}

/* The next writer, or a repair, is cut off as well: a few ways at each moment. */
static void cut_second(struct model *model, struct disk_crash *crash)
{
	struct disk_log log = {0};
	struct disk_crash *second = NULL;
	const struct disk_event *event = NULL;
	bool repairs = model->tried / EACH_SECOND % 2;
	struct deed deed = repairs ? deed_of_repair(&model->left->paths, &model->config)
				   : deed_of_next_writer(&model->left->paths, &model->config);

	put_disk(model, crash);
	disk_log_begin(&log, model->left->state_dir);
	assert_int_equal(deed_do(&deed), COSMO_OK);
	disk_log_end();
	deed_done(&deed);
	model->is_second = true;
	model->is_repaired = repairs;
	second = disk_crash_new(&log);
	while ((event = disk_crash_advance(second)))
		try_moment(model, second, event, 1);
	disk_crash_free(second);
	disk_log_done(&log);
	model->is_second = model->is_repaired = false;
}

static size_t count_steps(const struct scenario *scenario)
{
	size_t count = 0;

	while (count < DEED_MAX_STEPS && scenario->steps[count].act)
		count++;
	return count;
}

/* The scenario as it goes, with all that it does to the disk and what is so after each step. */
static void record_deeds(const struct scenario *scenario, struct disk_log *log, struct facts *facts)
{
	void *state = NULL;
	struct fixture *fixture = NULL;

	assert_int_equal(fixture_setup_bare(&state), 0);
	fixture = state;
	scenario->prepare(fixture);
	disk_log_begin(log, fixture->state_dir);
	assert_null(facts_take(fixture, &facts[0]));
	for (size_t i = 0; i < count_steps(scenario); i++) {
		struct deed deed = scenario_deed(scenario, i, &fixture->paths, &fixture->config);

		assert_int_equal(deed_do(&deed), COSMO_OK);
		deed_done(&deed);
		disk_log_mark();
		assert_null(facts_take(fixture, &facts[i + 1]));
	}
	disk_log_end();
	assert_int_equal(fixture_teardown(&state), 0);
}

static void set_step(struct model *model, const struct facts *facts, size_t step)
{
	struct deed deed =
		scenario_deed(model->scenario, step, &model->left->paths, &model->left->config);

	model->config = deed.config;
	deed_done(&deed);
	model->step = step;
	model->before = &facts[step];
	model->after = &facts[step + 1];
}

static void cut_everywhere(
	struct model *model, const struct disk_log *log, const struct facts *facts)
{
	struct disk_crash *crash = disk_crash_new(log);
	const struct disk_event *event = NULL;
	size_t steps = count_steps(model->scenario);
	size_t done = 0;

	set_step(model, facts, 0);
	while ((event = disk_crash_advance(crash))) {
		if (event->kind == DISK_END) {
			/* Success was reported: as after, and nothing else. */
			done++;
			model->before = model->after;
			memset(model->seen, 0, sizeof(model->seen));
		}
		try_moment(model, crash, event, MAX_WAYS);
		if (event->kind == DISK_END && done < steps) {
			set_step(model, facts, done);
			memset(model->seen, 0, sizeof(model->seen));
		}
	}
	assert_int_equal(done, steps);
	disk_crash_free(crash);
}

static void run_scenario(const struct scenario *scenario)
{
	static struct facts facts[DEED_MAX_STEPS + 1];
	static struct model model;
	struct disk_log log = {0};
	void *state = NULL;

	assert_int_equal(fixture_setup_bare(&state), 0);
	model = (struct model){.scenario = scenario,
		.left = state,
		.seed = 0x5eed0000 + (uint64_t)scenario->label[0]};
	record_deeds(scenario, &log, facts);
	cut_everywhere(&model, &log, facts);
	print_message("%s: %u events, %u disks, %u tried\n", scenario->label, log.event_count,
		model.disks, model.tried);
	disk_log_done(&log);
	assert_int_equal(fixture_teardown(&state), 0);
}

static void need_root(void)
{
	if (geteuid() == 0)
		return;
	print_message("SKIPPED: the files of a store are root's, and this is not root\n");
	skip();
}

static void test_power_cut__anywhere_in_a_commit__before_or_after(void **state)
{
	(void)state;
	need_root();
	for (size_t i = 0; i < scenario_count; i++)
		run_scenario(&scenarios[i]);
}

/* In this process and logged, or in another one and traced. */
static unsigned int count_calls(const struct scenario *scenario, bool is_traced)
{
	static struct traced_call calls[8192];
	void *state = NULL;
	struct fixture *fixture = NULL;
	struct disk_log log = {0};
	struct deed deed;
	size_t count = 0;
	unsigned int changing = 0;

	assert_int_equal(fixture_setup_bare(&state), 0);
	fixture = state;
	scenario->prepare(fixture);
	deed = scenario_deed(scenario, 0, &fixture->paths, &fixture->config);
	if (is_traced)
		count = traced_list(deed_do, &deed, calls, COSMO_ARRAY_LEN(calls));
	assert_true(count <= COSMO_ARRAY_LEN(calls));
	for (size_t i = 0; i < count; i++)
		changing += calls[i].is_changing;
	if (!is_traced) {
		disk_log_begin(&log, fixture->state_dir);
		assert_int_equal(deed_do(&deed), COSMO_OK);
		disk_log_end();
		changing = log.calls;
		disk_log_done(&log);
	}
	deed_done(&deed);
	assert_int_equal(fixture_teardown(&state), 0);
	return changing;
}

/* The calls that the kernel sees are those that were logged. */
static void test_disk_log__every_scenario__no_call_is_missed(void **state)
{
	(void)state;
	need_root();
	for (size_t i = 0; i < scenario_count; i++) {
		unsigned int logged = count_calls(&scenarios[i], false);

		print_message("%s: %u calls\n", scenarios[i].label, logged);
		assert_int_equal(logged, count_calls(&scenarios[i], true));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_disk_log__every_scenario__no_call_is_missed),
		cmocka_unit_test(test_power_cut__anywhere_in_a_commit__before_or_after),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
