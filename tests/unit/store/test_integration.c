/* SPDX-License-Identifier: MIT */
/* Gate and durable state together: connecting, disconnecting and booting, broken off anywhere. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/base/siphash.h"
#include "pam_cosmo_sso/helper/gate_write.h"
#include "tests/unit/store/store_fixture.h"
#include "tests/unit/store/traced_child.h"

#define ISSUER     "https://idp.example"
#define LOGIN_PAGE ISSUER "/device"

static enum cosmo_err connect_to(struct store *store)
{
	static const struct integration_partner idp = {.issuer = ISSUER,
		.client_id = "client",
		.login_page = LOGIN_PAGE,
		.offline_access = true};
	COSMO_AUTO(integration_free) struct integration *made = NULL;

	return integration_connect(store, &idp, &made);
}

static enum cosmo_err disconnect(struct store *store)
{
	return integration_disconnect(store, "told to");
}

static enum cosmo_err boot(struct store *store)
{
	enum cosmo_err err = integration_boot(store);

	return err == COSMO_E_NOT_FOUND ? COSMO_OK : err;
}

struct deed {
	const struct store_paths *paths;
	enum cosmo_err (*act)(struct store *store);
	bool unlocked; /* disconnecting takes the lock itself */
};

static int do_deed(void *context)
{
	const struct deed *deed = context;
	struct store *store = NULL;
	enum cosmo_err err = store_open(deed->paths, &store);

	if (!err && !deed->unlocked)
		err = store_lock(store, STORE_LOCK_MS);
	if (!err)
		err = deed->act(store);
	store_free(store);
	return (int)err;
}

static struct deed deed_of(const struct fixture *fixture, enum cosmo_err (*act)(struct store *))
{
	return (struct deed){.paths = &fixture->paths, .act = act, .unlocked = act == disconnect};
}

/* In this process. */
static void do_now(const struct fixture *fixture, enum cosmo_err (*act)(struct store *))
{
	struct deed deed = deed_of(fixture, act);

	assert_int_equal(do_deed(&deed), 0);
}

/* What gate and durable state say to somebody who comes now. */
struct state {
	struct gate_view gate;
	enum cosmo_err err;
	bool connected;
	unsigned char id[INTEGRATION_BYTES];
};

static struct gate_view view_afresh(const struct fixture *fixture)
{
	struct gate_reader reader = {.path = fixture->gate};
	struct gate_view view = {0};

	gate_read(&reader, &view);
	gate_done(&reader);
	return view;
}

static struct state state_of(const struct fixture *fixture)
{
	COSMO_AUTO(integration_free) struct integration *integration = NULL;
	struct state now = {.gate = view_afresh(fixture)};
	struct store *store = NULL;

	assert_int_equal(store_open(&fixture->paths, &store), COSMO_OK);
	now.err = integration_load(store, &integration);
	if (!now.err) {
		now.connected = integration->connected;
		memcpy(now.id, integration->id, INTEGRATION_BYTES);
	}
	store_free(store);
	return now;
}

/* P8, and what connecting promises: an open gate stands for what is stored. */
static const char *check_state(const struct state *now)
{
	if (now->err && now->err != COSMO_E_NOT_FOUND)
		return "the durable state cannot be read";
	if (now->gate.state != GATE_OPEN)
		return NULL;
	if (now->err || !now->connected)
		return "the gate is open, and the durable state is not connected";
	return memcmp(now->gate.integration, now->id, INTEGRATION_BYTES) == 0
		       ? NULL
		       : "the gate is open to another integration";
}

/* The host starts anew: the gate's folder is empty. */
static const char *check_boot(const struct fixture *fixture)
{
	struct state before = state_of(fixture);
	struct state now = {.err = COSMO_OK};

	assert_true(unlink(fixture->gate) == 0 || errno == ENOENT);
	do_now(fixture, boot);
	now = state_of(fixture);
	if (check_state(&now))
		return check_state(&now);
	if ((now.gate.state == GATE_OPEN) != before.connected)
		return "after a boot the gate is not as the durable state says";
	return now.gate.state == GATE_OPEN || now.gate.state == GATE_CLOSED
		       ? NULL
		       : "a boot leaves the gate undecided";
}

static void prepare_never(const struct fixture *fixture)
{
	(void)fixture;
}

static void prepare_fresh(const struct fixture *fixture)
{
	do_now(fixture, connect_to);
	assert_int_equal(unlink(fixture->gate), 0);
}

static void prepare_connected(const struct fixture *fixture)
{
	do_now(fixture, connect_to);
}

static void prepare_disconnected(const struct fixture *fixture)
{
	do_now(fixture, connect_to);
	do_now(fixture, disconnect);
}

static const struct scenario {
	const char *label;
	void (*prepare)(const struct fixture *fixture);
	enum cosmo_err (*act)(struct store *store);
	enum gate_state after;
} scenarios[] = {
	{"connect for the first time", prepare_never, connect_to, GATE_OPEN},
	{"connect once more", prepare_connected, connect_to, GATE_OPEN},
	{"connect again", prepare_disconnected, connect_to, GATE_OPEN},
	{"disconnect", prepare_connected, disconnect, GATE_CLOSED},
	{"disconnect again", prepare_disconnected, disconnect, GATE_CLOSED},
	{"boot, never connected", prepare_never, boot, GATE_CLOSED},
	{"boot, connected", prepare_fresh, boot, GATE_OPEN},
};

/* Two processes that look at the same gate, one of them since before. */
static const char *check_left(const struct scenario *scenario, const struct fixture *fixture,
	struct gate_reader *mapped, const struct traced_end *end)
{
	struct state now = state_of(fixture);
	struct gate_view view = {0};
	const char *problem = check_state(&now);

	gate_read(mapped, &view);
	if (!problem && mapped->page && view.state != now.gate.state)
		problem = "a mapped reader sees another state";
	if (!problem && end->code == 0 && now.gate.state != scenario->after)
		problem = "success was reported, and the gate is otherwise";
	if (!problem && end->code == 0 && scenario->act != boot &&
		now.connected != (scenario->after == GATE_OPEN))
		problem = "success was reported, and the durable state is otherwise";
	if (!problem && end->code > 0 && scenario->act == connect_to &&
		scenario->prepare != prepare_connected && now.gate.state == GATE_OPEN)
		problem = "failure was reported, and the gate is open";
	return problem;
}

static const char *check_again(const struct scenario *scenario, const struct fixture *fixture)
{
	struct state now = {.err = COSMO_OK};
	const char *problem = NULL;

	do_now(fixture, scenario->act);
	now = state_of(fixture);
	problem = check_state(&now);
	if (!problem && now.gate.state != scenario->after)
		problem = "done again, the gate is otherwise";
	if (!problem)
		problem = check_boot(fixture);
	return problem;
}

static bool grieve(const struct scenario *scenario, enum traced_action action, unsigned int nth,
	bool boot_first)
{
	static const char *const actions[] = {"killed before", "killed after", "no space for"};
	void *state = NULL;
	struct fixture *fixture = NULL;
	struct gate_reader mapped = {.path = NULL};
	struct gate_view view = {0};
	struct traced_end end = {0};
	struct deed deed;
	const char *problem = NULL;

	assert_int_equal(fixture_setup_bare(&state), 0);
	fixture = state;
	scenario->prepare(fixture);
	mapped.path = fixture->gate;
	gate_read(&mapped, &view);
	deed = deed_of(fixture, scenario->act);
	end = traced_run(do_deed, &deed, action, nth);
	problem = check_left(scenario, fixture, &mapped, &end);
	gate_done(&mapped);
	if (!problem && boot_first)
		problem = check_boot(fixture);
	if (!problem)
		problem = check_again(scenario, fixture);
	if (problem)
		fail_msg("%s, %s call %u: %s", scenario->label, actions[action], nth, problem);
	assert_int_equal(fixture_teardown(&state), 0);
	return end.was_met;
}

static void grieve_everywhere(enum traced_action action)
{
	if (geteuid() != 0) {
		print_message("SKIPPED: the files of a store are root's, and this is not root\n");
		skip();
	}
	for (size_t i = 0; i < COSMO_ARRAY_LEN(scenarios); i++) {
		unsigned int calls = 0;

		while (grieve(&scenarios[i], action, calls, false)) {
			grieve(&scenarios[i], action, calls, scenarios[i].act != boot);
			calls++;
		}
		print_message("%s: %u calls\n", scenarios[i].label, calls);
		assert_true(calls >= 2); /* a disconnect once more changes nothing but the gate */
	}
}

static void test_integration__killed_before_any_change__gate_stands_for_what_is_stored(void **state)
{
	(void)state;
	grieve_everywhere(TRACED_KILL_BEFORE);
}

static void test_integration__killed_after_any_change__gate_stands_for_what_is_stored(void **state)
{
	(void)state;
	grieve_everywhere(TRACED_KILL_AFTER);
}

static void test_integration__no_space_for_any_change__gate_stands_for_what_is_stored(void **state)
{
	(void)state;
	grieve_everywhere(TRACED_FAIL);
}

/* The gate is found, stored to and left before the lock is even asked for. */
static void test_integration_disconnect__gate_first__then_the_lock(void **state)
{
	struct fixture *fixture = fixture_of(state);
	struct deed deed = deed_of(fixture, disconnect);
	static struct traced_call calls[512];
	size_t count = 0;
	size_t gate = 0;
	size_t left = 0;
	size_t lock = 0;

	do_now(fixture, connect_to);
	count = traced_list(do_deed, &deed, calls, COSMO_ARRAY_LEN(calls));
	assert_true(count <= COSMO_ARRAY_LEN(calls));
	for (size_t i = 0; i < count; i++) {
		if (!gate && calls[i].number == SYS_openat && streq(calls[i].path, "gate"))
			gate = i;
		if (gate && !left && calls[i].number == SYS_munmap)
			left = i;
		if (!lock && calls[i].number == SYS_flock)
			lock = i;
	}
	assert_true(gate > 0 && gate < left && left < lock);
}

/* Somebody holds the writer lock and is stopped: P8 does not care. */
static void test_integration_disconnect__lock_holder_stopped__closed_for_all(void **state)
{
	struct fixture *fixture = fixture_of(state);
	struct gate_reader mapped = {.path = fixture->gate};
	struct gate_view view = {0};
	struct state now = {.err = COSMO_OK};
	int status = 0;
	pid_t holder = 0;

	do_now(fixture, connect_to);
	gate_read(&mapped, &view);
	assert_int_equal(view.state, GATE_OPEN);
	holder = fork();
	assert_true(holder >= 0);
	if (holder == 0) {
		struct store *store = NULL;

		if (store_open(&fixture->paths, &store) || store_lock(store, 0))
			_exit(1);
		raise(SIGSTOP);
		/* He goes on: the lock is still his, and the gate closed. */
		_exit(integration_boot(store) == COSMO_OK ? 0 : 1);
	}
	assert_int_equal(waitpid(holder, &status, WUNTRACED), holder);
	assert_true(WIFSTOPPED(status));
	assert_int_equal(store_lock(fixture->store, 0), COSMO_E_BUSY);
	assert_int_equal(integration_disconnect(fixture->store, "told to"), COSMO_OK);
	gate_read(&mapped, &view);
	assert_int_equal(view.state, GATE_CLOSED);
	now = state_of(fixture);
	assert_int_equal(now.gate.state, GATE_CLOSED);
	assert_int_equal(now.err, COSMO_OK);
	assert_false(now.connected);
	assert_int_equal(kill(holder, SIGCONT), 0);
	assert_int_equal(waitpid(holder, &status, 0), holder);
	assert_int_equal(status, 0);
	gate_read(&mapped, &view);
	assert_int_equal(view.state, GATE_CLOSED);
	gate_done(&mapped);
}

/* A connect that was stopped between closing and opening the gate does not undo a disconnect. */
static void test_integration_connect__disconnected_meanwhile__stays_closed(void **state)
{
	struct fixture *fixture = fixture_of(state);
	struct state now = {.err = COSMO_OK};
	uint64_t word = 0;

	do_now(fixture, connect_to);
	assert_int_equal(gate_write_close(store_run_public_fd(fixture->store), &word), COSMO_OK);
	do_now(fixture, disconnect);
	now = state_of(fixture);
	assert_int_equal(gate_write_open(store_run_public_fd(fixture->store), word, now.id),
		COSMO_E_DISCONNECTED);
	assert_int_equal(view_afresh(fixture).state, GATE_CLOSED);
	assert_null(check_boot(fixture));
}

static void private_path(const struct fixture *fixture, const char *name, char *ret, size_t size)
{
	snprintf(ret, size, "%s/private/%s", fixture->state_dir, name);
}

/* What says nothing sound, or is not ours, is no integration; disconnecting replaces it. */
static void test_integration_connect__login_page__kept_and_outlives_it(void **state)
{
	const struct fixture *fixture = *state;
	COSMO_AUTO(integration_free) struct integration *integration = NULL;
	struct store *store = NULL;

	do_now(fixture, connect_to);
	do_now(fixture, disconnect);
	assert_int_equal(store_open(&fixture->paths, &store), COSMO_OK);
	assert_int_equal(integration_load(store, &integration), COSMO_OK);
	assert_false(integration->connected);
	assert_string_equal(integration->login_page, LOGIN_PAGE);
	store_free(store);
}

static void test_integration_disconnect__durable_state_unfit__replaced(void **state)
{
	struct fixture *fixture = fixture_of(state);
	char path[200] = "";

	private_path(fixture, "integration", path, sizeof(path));
	for (int row = 0; row < 3; row++) {
		struct state now = {.err = COSMO_OK};

		do_now(fixture, connect_to);
		if (row == 0)
			assert_int_equal(truncate(path, 20), 0);
		else if (row == 1)
			assert_int_equal(chmod(path, 0644), 0);
		else
			assert_int_equal(chown(path, 1, 1), 0);
		assert_int_equal(state_of(fixture).err,
			row == 0 ? COSMO_E_STORE_DAMAGED : COSMO_E_UNSAFE_FILE);
		assert_int_equal(integration_disconnect(fixture->store, "told to"), COSMO_OK);
		now = state_of(fixture);
		assert_int_equal(now.gate.state, GATE_CLOSED);
		assert_int_equal(now.err, COSMO_OK);
		assert_false(now.connected);
	}
}

static void test_integration_boot__another_machine__closed(void **state)
{
	struct fixture *fixture = fixture_of(state);
	int fd = -1;

	do_now(fixture, connect_to);
	fd = open(fixture->machine_id, O_WRONLY | O_TRUNC | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "fedcba9876543210fedcba9876543210\n", 33), 33);
	close(fd);
	assert_int_equal(unlink(fixture->gate), 0);
	assert_int_equal(integration_boot(fixture->store), COSMO_E_MACHINE);
	assert_int_equal(view_afresh(fixture).state, GATE_CLOSED);
	/* And it stays closed when asked again. */
	assert_int_equal(integration_boot(fixture->store), COSMO_OK);
	assert_int_equal(view_afresh(fixture).state, GATE_CLOSED);
}

static void test_integration_boot__durable_state_damaged__closed(void **state)
{
	struct fixture *fixture = fixture_of(state);
	char path[200] = "";
	char byte = 0;
	int fd = -1;
	struct stat st = {0};

	private_path(fixture, "integration", path, sizeof(path));
	do_now(fixture, connect_to);
	fd = open(path, O_RDWR | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &st), 0);
	for (off_t at = 0; at < st.st_size; at++) {
		assert_int_equal(pread(fd, &byte, 1, at), 1);
		byte = (char)(byte ^ 1 << at % 8);
		assert_int_equal(pwrite(fd, &byte, 1, at), 1);
		assert_int_equal(unlink(fixture->gate), 0);
		assert_int_equal(integration_boot(fixture->store), COSMO_E_STORE_DAMAGED);
		assert_int_equal(view_afresh(fixture).state, GATE_CLOSED);
		byte = (char)(byte ^ 1 << at % 8);
		assert_int_equal(pwrite(fd, &byte, 1, at), 1);
	}
	close(fd);
	assert_null(check_boot(fixture));
	assert_int_equal(view_afresh(fixture).state, GATE_OPEN);
}

static void test_integration_seed_ensure__made_once__and_never_over_people(void **state)
{
	static const unsigned char import[SIPHASH_KEY_BYTES] = "fifteen letters";
	struct fixture *fixture = fixture_of(state);
	char path[200] = "";
	struct stat st = {0};

	private_path(fixture, "uid_seed", path, sizeof(path));
	assert_int_equal(integration_seed_ensure(fixture->store, import), COSMO_OK);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(integration_seed_ensure(fixture->store, NULL), COSMO_OK);
	assert_int_equal(integration_seed_ensure(fixture->store, import), COSMO_E_EXISTS);
	assert_int_equal(store_lock(fixture->store, STORE_LOCK_MS), COSMO_OK);
	assert_int_equal(commit_settings(fixture->store, &fixture->config, -1), COSMO_OK);
	fixture_enrol(fixture, "ada");
	assert_int_equal(unlink(path), 0);
	assert_int_equal(integration_seed_ensure(fixture->store, NULL), COSMO_E_STORE_DAMAGED);
	assert_int_equal(integration_seed_ensure(fixture->store, import), COSMO_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			test_integration__killed_before_any_change__gate_stands_for_what_is_stored),
		cmocka_unit_test(
			test_integration__killed_after_any_change__gate_stands_for_what_is_stored),
		cmocka_unit_test(
			test_integration__no_space_for_any_change__gate_stands_for_what_is_stored),
		WITH_FIXTURE(test_integration_disconnect__gate_first__then_the_lock),
		WITH_FIXTURE(test_integration_disconnect__lock_holder_stopped__closed_for_all),
		WITH_FIXTURE(test_integration_connect__disconnected_meanwhile__stays_closed),
		WITH_FIXTURE(test_integration_connect__login_page__kept_and_outlives_it),
		WITH_FIXTURE(test_integration_disconnect__durable_state_unfit__replaced),
		WITH_FIXTURE(test_integration_boot__another_machine__closed),
		WITH_FIXTURE(test_integration_boot__durable_state_damaged__closed),
		WITH_FIXTURE(test_integration_seed_ensure__made_once__and_never_over_people),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
