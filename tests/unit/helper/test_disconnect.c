/* SPDX-License-Identifier: MIT */
/*
 * The steps of a disconnect: their order, what each leaves when it fails, and what a process that
 * is killed anywhere among them leaves to the next one. Ending sessions is played here; with real
 * processes and a real IdP it is in test_disconnect.py.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/base/fdio.h"
#include "pam_cosmo_sso/helper/audit.h"
#include "pam_cosmo_sso/helper/disconnect.h"
#include "pam_cosmo_sso/helper/flow.h"
#include "pam_cosmo_sso/helper/gate_write.h"
#include "pam_cosmo_sso/helper/uid_register.h"
#include "tests/unit/store/store_fixture.h"
#include "tests/unit/store/traced_child.h"

#define ISSUER    "https://idp.example"
#define SESSIONS  "sessions-ended"
#define ANY_CACHE "discovery"
#define NO_STORE  120 /* exit code: the folders could not be opened; see admin_disconnect_gate() */

/* What session_end() was asked for, and what it says. */
static struct session_scope asked;
static unsigned int times_asked;
static struct session_tally played;
static enum cosmo_err played_err;

enum cosmo_err __wrap_session_end(struct store *store, const struct session_scope *scope,
	session_progress progress, void *context, struct session_tally *ret);

/* It leaves a mark, as the real one leaves no session. */
enum cosmo_err __wrap_session_end(struct store *store, const struct session_scope *scope,
	session_progress progress, void *context, struct session_tally *ret)
{
	COSMO_AUTO_FD int fd = -1;

	asked = *scope;
	times_asked++;
	*ret = played;
	if (progress)
		progress(context, "sessions", 1, 1);
	if (scope->dry_run || played_err)
		return played_err;
	fd = openat(store_run_fd(store), SESSIONS, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	return fd < 0 ? COSMO_E_IO : COSMO_OK;
}

/* What was logged, as "event[:step][=reason]" one behind the other. */
static char logged[1024];
static char logged_detail[2][256]; /* of the disconnect, and of its step tokens */

void __wrap_audit_send(const struct audit_line *line);

void __wrap_audit_send(const struct audit_line *line)
{
	size_t len = strlen(logged);

	(void)snprintf(logged + len, sizeof(logged) - len, "%s%s%s%s%s", len ? " " : "",
		line->step ? line->step : audit_event_id(line->event), line->reason ? "=" : "",
		line->reason ? cosmo_err_id(line->reason) : "",
		streq(line->by, "root (sudo: vic)") ? "" : "?");
	if (line->event == AUDIT_DISCONNECT)
		(void)snprintf(logged_detail[0], sizeof(logged_detail[0]), "%s",
			line->detail ? line->detail : "");
	if (streq(line->step, "tokens"))
		(void)snprintf(logged_detail[1], sizeof(logged_detail[1]), "%s", line->detail);
}

static const struct disconnect_order plain = {.reason = "told to", .by = "root (sudo: vic)"};

static void forget(void)
{
	memset(&asked, 0, sizeof(asked));
	memset(&played, 0, sizeof(played));
	times_asked = 0;
	played_err = COSMO_OK;
	logged[0] = logged_detail[0][0] = logged_detail[1][0] = '\0';
}

/* Connected, with two people who have tokens, and something cached; the lock is free. */
static void prepare(struct store *store, const struct config *config)
{
	static const char *const names[] = {"ada", "bob"};
	static const struct integration_partner partner = {
		.issuer = ISSUER, .client_id = "client", .offline_access = true};
	COSMO_AUTO(integration_free) struct integration *made = NULL;

	forget();
	assert_int_equal(store_lock(store, STORE_LOCK_MS), COSMO_OK);
	assert_int_equal(integration_seed_ensure(store, NULL), COSMO_OK);
	assert_int_equal(commit_settings(store, config, -1), COSMO_OK);
	assert_int_equal(integration_connect(store, &partner, &made), COSMO_OK);
	for (size_t i = 0; i < COSMO_ARRAY_LEN(names); i++) {
		COSMO_AUTO(record_free)
		struct record *record = fixture_person(config, names[i]);

		assert_int_equal(uid_register_assign(store, names[i], config->uid_min,
					 config->uid_max, 0, &record->uid),
			COSMO_OK);
		record->gid = record->uid;
		assert_int_equal(secret_new("token", 5, &record->refresh_token), COSMO_OK);
		assert_int_equal(commit_user(store, config, record), COSMO_OK);
	}
	assert_int_equal(
		fdio_replace_file(store_cache_fd(store), ANY_CACHE, "x", 1, 0600), COSMO_OK);
	store_unlock(store);
}

static struct fixture *prepared(void **state)
{
	struct fixture *fixture = fixture_of(state);

	/* A ready fixture comes with the lock held. */
	store_unlock(fixture->store);
	prepare(fixture->store, &fixture->config);
	return fixture;
}

struct state {
	enum gate_state gate;
	bool has_record;
	bool connected;
	bool unfinished;
	bool ended; /* the sessions */
	unsigned int tokens;
	bool cached;
};

static enum cosmo_err count_token(void *context, const char *name, const struct record *record)
{
	struct state *state = context;

	(void)name;
	state->tokens += record && record->refresh_token;
	return COSMO_OK;
}

static struct state state_of(const struct fixture *fixture)
{
	COSMO_AUTO(store_free) struct store *store = NULL;
	COSMO_AUTO(integration_free) struct integration *integration = NULL;
	struct gate_view gate = {.state = GATE_MISSING};
	struct state now = {.has_record = false};

	assert_int_equal(store_open(&fixture->paths, &store), COSMO_OK);
	gate_read(store_gate(store), &gate);
	now.gate = gate.state;
	now.has_record = integration_load(store, &integration) == COSMO_OK;
	now.connected = now.has_record && integration->connected;
	now.unfinished = now.has_record && integration->unfinished;
	now.ended = faccessat(store_run_fd(store), SESSIONS, F_OK, 0) == 0;
	now.cached = faccessat(store_cache_fd(store), ANY_CACHE, F_OK, 0) == 0;
	assert_int_equal(records_each(store, count_token, &now), COSMO_OK);
	return now;
}

static const char *check_done(const struct state *now)
{
	if (now->gate != GATE_CLOSED)
		return "the gate is not closed";
	if (!now->has_record || now->connected)
		return "the durable state is not disconnected";
	if (now->unfinished)
		return "it is unfinished";
	if (!now->ended)
		return "sessions are left";
	if (now->tokens)
		return "tokens are left";
	return now->cached ? "the cache is left" : NULL;
}

static void assert_done(const struct fixture *fixture)
{
	struct state now = state_of(fixture);

	assert_null(check_done(&now));
}

static void assert_untouched(const struct fixture *fixture)
{
	struct state now = state_of(fixture);

	assert_int_equal(now.gate, GATE_OPEN);
	assert_true(now.connected && !now.ended && now.cached);
	assert_int_equal(now.tokens, 2);
}

static char seen[512];

static void see(void *context, enum disconnect_step step, const struct disconnect_report *report)
{
	size_t len = strlen(seen);

	(void)context;
	assert_true(report->steps[step].is_tried);
	(void)snprintf(seen + len, sizeof(seen) - len, "%s ", disconnect_step_id(step));
}

static void test_disconnect_run__connected__all_steps_in_order(void **state)
{
	struct fixture *fixture = prepared(state);
	const struct disconnect_watcher watcher = {.stepped = see};
	struct disconnect_report report;
	COSMO_AUTO(integration_free) struct integration *integration = NULL;

	seen[0] = '\0';
	assert_int_equal(disconnect_run(fixture->store, &plain, &watcher, &report), COSMO_OK);
	assert_done(fixture);
	assert_false(report.was_disconnected);
	assert_string_equal(seen, "gate state sessions flows tokens caches finish ");
	assert_string_equal(logged, "gate state disconnect sessions flows tokens caches finish");
	assert_string_equal(logged_detail[0], "told to");
	assert_string_equal(
		logged_detail[1], "2 wiped, 0 left; 0 revoked, 2 not: config; 0 damaged records");
	assert_int_equal(report.tokens.wiped, 2);
	assert_int_equal(report.steps[DISCONNECT_CACHES].count, 1);
	assert_int_equal(integration_load(fixture->store, &integration), COSMO_OK);
	assert_string_equal(integration->reason, "told to");
	assert_string_equal(integration->by, "root (sudo: vic)");
}

/* The first one's reason stays, unless another is given. */
static void test_disconnect_run__again__does_what_is_left(void **state)
{
	struct fixture *fixture = prepared(state);
	const struct disconnect_order second = {.by = "root (sudo: vic)"};
	struct disconnect_report report;
	COSMO_AUTO(integration_free) struct integration *integration = NULL;

	assert_int_equal(disconnect_run(fixture->store, &plain, NULL, &report), COSMO_OK);
	assert_int_equal(disconnect_run(fixture->store, &second, NULL, &report), COSMO_OK);
	assert_true(report.was_disconnected);
	assert_int_equal(report.steps[DISCONNECT_GATE].count, 0);
	assert_int_equal(report.tokens.wiped, 0);
	assert_int_equal(report.steps[DISCONNECT_CACHES].count, 0);
	assert_int_equal(times_asked, 2); /* of whoever came in since */
	assert_done(fixture);
	assert_int_equal(integration_load(fixture->store, &integration), COSMO_OK);
	assert_string_equal(integration->reason, "told to");
}

static void test_disconnect_run__rehearsal__changes_nothing(void **state)
{
	struct fixture *fixture = prepared(state);
	struct disconnect_order order = plain;
	struct disconnect_report report;

	order.dry_run = true;
	assert_int_equal(disconnect_run(fixture->store, &order, NULL, &report), COSMO_OK);
	assert_untouched(fixture);
	assert_true(asked.dry_run);
	assert_string_equal(logged, "");
	assert_int_equal(report.steps[DISCONNECT_GATE].count, 1);
	assert_int_equal(report.steps[DISCONNECT_STATE].count, 1);
	assert_int_equal(report.steps[DISCONNECT_TOKENS].count, 2);
}

static void test_disconnect_run__another_integration__left_alone(void **state)
{
	struct fixture *fixture = prepared(state);
	struct gate_view gate;
	unsigned char expected[INTEGRATION_BYTES] = {0};
	struct disconnect_order order = plain;
	struct disconnect_report report;

	order.expected = expected;
	gate_read(store_gate(fixture->store), &gate);
	memcpy(expected, gate.integration, sizeof(expected));
	expected[15] ^= 1;
	assert_int_equal(
		disconnect_run(fixture->store, &order, NULL, &report), COSMO_E_INTEGRATION_CHANGED);
	assert_untouched(fixture);
	assert_int_equal(times_asked, 0);
	expected[15] ^= 1;
	assert_int_equal(disconnect_run(fixture->store, &order, NULL, &report), COSMO_OK);
	assert_done(fixture);
	/* And now it is not there any more. */
	assert_int_equal(
		disconnect_run(fixture->store, &order, NULL, &report), COSMO_E_INTEGRATION_CHANGED);
	assert_int_equal(times_asked, 1);
}

/* Somebody connects just then, or is stopped in it: he is not overtaken. */
static void test_disconnect_run__expected_and_lock_held__nothing_is_done(void **state)
{
	struct fixture *fixture = prepared(state);
	COSMO_AUTO(store_free) struct store *other = NULL;
	struct gate_view gate;
	struct disconnect_order order = plain;
	struct disconnect_report report;

	gate_read(store_gate(fixture->store), &gate);
	order.expected = gate.integration;
	assert_int_equal(store_open(&fixture->paths, &other), COSMO_OK);
	assert_int_equal(store_lock(other, 0), COSMO_OK);
	assert_int_equal(disconnect_run(fixture->store, &order, NULL, &report), COSMO_E_BUSY);
	assert_untouched(fixture);
	/* By an administrator it is done all the same; but tokens need the lock. */
	assert_int_equal(disconnect_run(fixture->store, &plain, NULL, &report), COSMO_E_BUSY);
	assert_true(state_of(fixture).gate == GATE_CLOSED && !state_of(fixture).connected);
	assert_true(state_of(fixture).unfinished && state_of(fixture).ended);
}

static void test_disconnect_run__sessions_kept__nobody_is_logged_out(void **state)
{
	struct fixture *fixture = prepared(state);
	struct disconnect_order order = plain;
	struct disconnect_report report;
	struct state now;

	order.keep_sessions = true;
	assert_int_equal(disconnect_run(fixture->store, &order, NULL, &report), COSMO_OK);
	assert_int_equal(times_asked, 0);
	now = state_of(fixture);
	now.ended = true;
	assert_null(check_done(&now));
	assert_string_equal(report.steps[DISCONNECT_SESSIONS].detail, "kept, as asked for");
}

static void test_disconnect_run__processes_withstand__unfinished_until_resumed(void **state)
{
	struct fixture *fixture = prepared(state);
	struct disconnect_order order = plain;
	struct disconnect_report report;
	bool any = false;

	order.strip_setgid = true;
	played.left = 3;
	assert_int_equal(disconnect_run(fixture->store, &order, NULL, &report), COSMO_E_TIMEOUT);
	assert_true(state_of(fixture).unfinished && state_of(fixture).tokens == 0);
	assert_true(strstr(logged, " sessions=timeout flows tokens caches finish=timeout"));
	forget();
	assert_int_equal(disconnect_resume(fixture->store, &plain, &any, &report), COSMO_OK);
	assert_true(any && asked.strip_setgid && times_asked == 1);
	assert_string_equal(logged_detail[0], "the rest of one that was broken off");
	assert_done(fixture);
	assert_int_equal(disconnect_resume(fixture->store, &plain, &any, &report), COSMO_OK);
	assert_true(!any && times_asked == 1);
}

/* Whoever waits for his answer ends last, and with him the disconnect. */
static void test_disconnect_run__callers_own_session__left_to_the_caller(void **state)
{
	struct fixture *fixture = prepared(state);
	struct disconnect_order order = plain;
	struct disconnect_report report;

	order.caller = 4711;
	played.own = true;
	assert_int_equal(disconnect_run(fixture->store, &order, NULL, &report), COSMO_OK);
	assert_int_equal(asked.caller, 4711);
	assert_true(state_of(fixture).unfinished);
	assert_int_equal(integration_finish(fixture->store), COSMO_OK);
	assert_done(fixture);
}

static void damage(const struct fixture *fixture, const char *name)
{
	assert_int_equal(fdio_replace_file(store_folder_fd(fixture->store, STORE_USERS), name,
				 "nonsense", 8, 0600),
		COSMO_OK);
}

static void test_disconnect_run__damaged_record__finished_and_told(void **state)
{
	struct fixture *fixture = prepared(state);
	struct disconnect_report report;

	damage(fixture, "bob");
	assert_int_equal(disconnect_run(fixture->store, &plain, NULL, &report), COSMO_OK);
	assert_done(fixture);
	assert_int_equal(report.tokens.damaged, 1);
	assert_string_equal(
		logged_detail[1], "1 wiped, 0 left; 0 revoked, 1 not: config; 1 damaged records");
}

static void test_disconnect_run__sign_ins_wait__they_are_told(void **state)
{
	struct fixture *fixture = prepared(state);
	struct disconnect_report report;
	struct flow *one = NULL;
	struct flow *other = NULL;

	assert_int_equal(flow_begin(store_run_fd(fixture->store), 1, &one), COSMO_OK);
	assert_int_equal(flow_begin(store_run_fd(fixture->store), 2, &other), COSMO_OK);
	assert_int_equal(disconnect_run(fixture->store, &plain, NULL, &report), COSMO_OK);
	assert_int_equal(report.steps[DISCONNECT_FLOWS].count, 2);
	flow_free(one);
	flow_free(other);
	assert_int_equal(disconnect_run(fixture->store, &plain, NULL, &report), COSMO_OK);
	assert_int_equal(report.steps[DISCONNECT_FLOWS].count, 0);
}

static void close_gate(const struct fixture *fixture)
{
	assert_int_equal(gate_write_close(store_run_public_fd(fixture->store), NULL), COSMO_OK);
}

/* The gate was closed on a disk that could not be written to, or by a process that was killed. */
static void test_disconnect_resume__closed_but_not_written_down__done(void **state)
{
	struct fixture *fixture = prepared(state);
	struct disconnect_report report;
	bool any = false;

	assert_int_equal(disconnect_resume(fixture->store, &plain, &any, &report), COSMO_OK);
	assert_false(any); /* an open gate is none of its business */
	assert_untouched(fixture);
	close_gate(fixture);
	assert_int_equal(disconnect_resume(fixture->store, &plain, &any, &report), COSMO_OK);
	assert_true(any);
	assert_done(fixture);
}

/* A clone waits to be adopted: what it is connected to is not forgotten. */
static void test_disconnect_resume__another_machine__left_alone(void **state)
{
	struct fixture *fixture = prepared(state);
	struct disconnect_report report;
	bool any = false;
	int fd = open(fixture->machine_id, O_WRONLY | O_TRUNC | O_CLOEXEC);

	assert_int_equal(write(fd, "fedcba9876543210fedcba9876543210\n", 33), 33);
	(void)close(fd);
	close_gate(fixture);
	assert_int_equal(disconnect_resume(fixture->store, &plain, &any, &report), COSMO_OK);
	assert_false(any);
	assert_true(state_of(fixture).connected);
}

static void test_disconnect_resume__never_connected__nothing(void **state)
{
	struct fixture *fixture = fixture_of(state);
	struct disconnect_report report;
	bool any = true;

	forget();
	store_unlock(fixture->store);
	assert_int_equal(gate_write_ensure(store_run_public_fd(fixture->store)), COSMO_OK);
	close_gate(fixture);
	assert_int_equal(disconnect_resume(fixture->store, &plain, &any, &report), COSMO_OK);
	assert_false(any);
	assert_int_equal(times_asked, 0);
}

/* In a process of its own, for coming to grief in. */
static int do_disconnect(void *context)
{
	const struct fixture *fixture = context;
	COSMO_AUTO(store_free) struct store *store = NULL;
	struct disconnect_report report;

	if (store_open(&fixture->paths, &store) != COSMO_OK)
		return NO_STORE;
	return (int)disconnect_run(store, &plain, NULL, &report);
}

static int do_boot(const struct fixture *fixture)
{
	COSMO_AUTO(store_free) struct store *store = NULL;
	struct disconnect_report report;
	bool any = false;
	enum cosmo_err err = store_open(&fixture->paths, &store);

	if (!err)
		err = store_lock(store, STORE_LOCK_MS);
	if (!err)
		err = integration_boot(store);
	if (err)
		return (int)err;
	store_unlock(store);
	return (int)disconnect_resume(store, &plain, &any, &report);
}

/* P8: nothing of it is begun before the gate is closed, and nobody is ended before it is written
 * down, unless that could not be. */
static const char *check_left(
	const struct fixture *fixture, enum traced_action action, const struct traced_end *end)
{
	struct state now = state_of(fixture);
	bool begun = !now.connected || now.ended || now.tokens < 2 || !now.cached;

	if (now.gate != GATE_CLOSED && (begun || !end->was_met || end->code >= 0) &&
		end->code != NO_STORE)
		return "the gate is not closed";
	if (!now.has_record)
		return "the durable state cannot be read";
	if (action != TRACED_FAIL && now.ended && now.connected)
		return "sessions were ended before it was written down";
	if (!now.connected && !now.unfinished && check_done(&now))
		return "it says that it is finished";
	if (end->code == 0 && check_done(&now))
		return "success was reported";
	return action == TRACED_FAIL && !now.ended && end->code == 0 ? "sessions were not ended"
								     : NULL;
}

/* The host goes on: the gate stays closed, whoever comes, and the next run does the rest. */
static const char *check_next(struct fixture *fixture)
{
	struct state now = state_of(fixture);
	bool was_closed = now.gate == GATE_CLOSED;

	if (do_boot(fixture) != 0)
		return "the boot unit fails";
	now = state_of(fixture);
	if (was_closed && check_done(&now))
		return check_done(&now);
	if (do_disconnect(fixture) != 0)
		return "the next run fails";
	now = state_of(fixture);
	return check_done(&now);
}

/* The host starts anew, with a gate as the boot makes it. Sessions are no more. */
static const char *check_reboot(struct fixture *fixture)
{
	struct state before = state_of(fixture);
	struct state now;

	assert_true(unlink(fixture->gate) == 0 || errno == ENOENT);
	if (do_boot(fixture) != 0)
		return "the boot unit fails";
	now = state_of(fixture);
	if (before.connected)
		return now.gate == GATE_OPEN ? NULL : "what was not written down is lost";
	now.ended = true;
	return check_done(&now);
}

static bool grieve(enum traced_action action, unsigned int nth, bool reboots)
{
	static const char *const actions[] = {"killed before", "killed after", "no space for"};
	void *state = NULL;
	struct fixture *fixture = NULL;
	struct store *store = NULL;
	struct traced_end end;
	const char *problem = NULL;

	assert_int_equal(fixture_setup_bare(&state), 0);
	fixture = state;
	assert_int_equal(store_open(&fixture->paths, &store), COSMO_OK);
	prepare(store, &fixture->config);
	store_free(store);
	end = traced_run(do_disconnect, fixture, action, nth);
	problem = check_left(fixture, action, &end);
	if (!problem)
		problem = reboots ? check_reboot(fixture) : check_next(fixture);
	if (problem)
		fail_msg("%s call %u%s: %s", actions[action], nth, reboots ? ", rebooted" : "",
			problem);
	assert_int_equal(fixture_teardown(&state), 0);
	return end.was_met;
}

static void grieve_everywhere(enum traced_action action)
{
	unsigned int calls = 0;

	if (geteuid() != 0) {
		print_message("SKIPPED: the files of a store are root's, and this is not root\n");
		skip();
	}
	while (grieve(action, calls, false) && grieve(action, calls, true))
		calls++;
	print_message("%u calls\n", calls);
	assert_true(calls >= 20);
}

static void test_disconnect_run__killed_before_any_change__next_run_or_boot_finishes(void **state)
{
	(void)state;
	grieve_everywhere(TRACED_KILL_BEFORE);
}

static void test_disconnect_run__killed_after_any_change__next_run_or_boot_finishes(void **state)
{
	(void)state;
	grieve_everywhere(TRACED_KILL_AFTER);
}

static void test_disconnect_run__no_space_for_any_change__closed_and_told(void **state)
{
	(void)state;
	grieve_everywhere(TRACED_FAIL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_MEMORY_FIXTURE(test_disconnect_run__connected__all_steps_in_order),
		WITH_MEMORY_FIXTURE(test_disconnect_run__again__does_what_is_left),
		WITH_MEMORY_FIXTURE(test_disconnect_run__rehearsal__changes_nothing),
		WITH_MEMORY_FIXTURE(test_disconnect_run__another_integration__left_alone),
		WITH_MEMORY_FIXTURE(test_disconnect_run__expected_and_lock_held__nothing_is_done),
		WITH_MEMORY_FIXTURE(test_disconnect_run__sessions_kept__nobody_is_logged_out),
		WITH_MEMORY_FIXTURE(
			test_disconnect_run__processes_withstand__unfinished_until_resumed),
		WITH_MEMORY_FIXTURE(test_disconnect_run__callers_own_session__left_to_the_caller),
		WITH_MEMORY_FIXTURE(test_disconnect_run__damaged_record__finished_and_told),
		WITH_MEMORY_FIXTURE(test_disconnect_run__sign_ins_wait__they_are_told),
		WITH_MEMORY_FIXTURE(test_disconnect_resume__closed_but_not_written_down__done),
		WITH_MEMORY_FIXTURE(test_disconnect_resume__another_machine__left_alone),
		WITH_MEMORY_FIXTURE(test_disconnect_resume__never_connected__nothing),
		cmocka_unit_test(
			test_disconnect_run__killed_before_any_change__next_run_or_boot_finishes),
		cmocka_unit_test(
			test_disconnect_run__killed_after_any_change__next_run_or_boot_finishes),
		cmocka_unit_test(test_disconnect_run__no_space_for_any_change__closed_and_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
