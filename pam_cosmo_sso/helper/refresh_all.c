/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/helper/refresh_all.h"

#include <stdio.h>
#include <string.h>

#include "common/base/fdio.h"
#include "pam_cosmo_sso/helper/integration.h"
#include "pam_cosmo_sso/helper/policy.h"
#include "pam_cosmo_sso/helper/refresh_due.h"
#include "pam_cosmo_sso/helper/refresh_list.h"
#include "pam_cosmo_sso/helper/refresh_log.h"
#include "pam_cosmo_sso/helper/refresh_state.h"

/* How often a run of those who are due looks for them again. */
#define LOOK_AGAIN_MS INT64_C(60000)

struct run {
	struct refresh_round round;
	struct refresh_list list;
	struct refresh_state state;
	bool reads_records; /* refresh_list.h */
	int64_t looked_boot_ms;
};

static void run_done(struct run *run)
{
	refresh_round_done(&run->round);
	refresh_list_done(&run->list);
}
COSMO_AUTO_DEFINE(struct run *, run_done);

static void save(struct run *run)
{
	run->state.tally = run->round.report->tally;
	(void)!refresh_state_save(run->round.order->store, &run->state);
}

/* Those who are plainly meant: not while it looks as if the IdP refused everybody. */
static void end_sessions(struct run *run, enum cosmo_err err)
{
	if (err != COSMO_E_MASS_REFUSAL && !refresh_tally_is_doubtful(&run->round.report->tally))
		refresh_round_end_sessions(&run->round);
}

/* The run is over and they are asked about no more: who was answered is taken for all there are. */
static void end_sessions_at_last(struct run *run)
{
	struct refresh_tally tally = run->round.report->tally;

	tally.total = tally.confirmed + tally.refused;
	tally.passed_over = 0;
	if (!refresh_tally_is_alarming(&tally))
		refresh_round_end_sessions(&run->round);
}

/* A run of all goes by the moment it began; one that is gone on with has asked about some who are
 * in its first second. */
static struct refresh_wish wish_of(const struct run *run, int64_t now_s)
{
	int64_t before_s = run->state.began_s + !run->round.report->was_resumed;

	return (struct refresh_wish){.config = run->round.order->config,
		.integration = run->state.integration,
		.now_s = now_s,
		.before_s = run->state.is_of_all ? before_s : 0,
		.reads_records = run->reads_records};
}

static void count_users(struct run *run, size_t done)
{
	struct refresh_tally *tally = &run->round.report->tally;

	tally->total = refresh_tally_done(tally) + run->list.count - done;
}

/*
 * Who became due since is taken as well, at his place among the others, and nobody twice: so the
 * run ends, and what is counted are people. Without memory it goes on with those whom it knows.
 */
static void look_again(struct run *run, size_t done)
{
	int64_t now_boot_ms = fdio_boot_ms();
	const struct refresh_wish wish = wish_of(run, fdio_now_s());

	if (run->state.is_of_all || now_boot_ms - run->looked_boot_ms < LOOK_AGAIN_MS)
		return;
	run->looked_boot_ms = now_boot_ms;
	if (refresh_list_renew(run->round.order->store, &wish, done, &run->list) == COSMO_OK)
		count_users(run, done);
}

static void rest(struct run *run, size_t done)
{
	const struct refresh_order *order = run->round.order;

	if (order->between)
		order->between(order->context);
	look_again(run, done);
}

/* *ret_reached: nobody is left to be asked about. */
static enum cosmo_err work(struct run *run, bool *ret_reached)
{
	const struct refresh_list *list = &run->list;
	size_t at = 0;
	enum cosmo_err err = COSMO_OK;

	while (at < list->count && !err && !run->round.report->was_stopped) {
		size_t count = 0;

		err = refresh_round_ask(&run->round, &list->items[at], list->count - at,
			run->state.began_s, &count);
		at += count;
		if (!err)
			rest(run, at);
		save(run);
		end_sessions(run, err);
		(void)refresh_round_goes_on(&run->round);
	}
	*ret_reached = at >= list->count;
	if (err != COSMO_E_MASS_REFUSAL)
		end_sessions_at_last(run);
	if (!err && !*ret_reached)
		return COSMO_E_CANCELLED;
	return err ? err : run->round.outage;
}

/* What a run of all has left is gone on with: those whom it had no answer about come again. */
static void resume(struct run *run)
{
	struct refresh_report *report = run->round.report;

	report->was_resumed = true;
	report->tally = run->state.tally;
	report->tally.unanswered = 0;
	report->tally.passed_over = 0;
	run->state.outcome = COSMO_OK;
}

static void begin(struct run *run, const unsigned char *integration, int64_t now_s)
{
	run->state =
		(struct refresh_state){.began_s = now_s, .is_of_all = run->round.order->is_of_all};
	memcpy(run->state.integration, integration, INTEGRATION_BYTES);
}

static enum cosmo_err find_users(struct run *run, int64_t now_s)
{
	COSMO_AUTO(integration_free) struct integration *integration = NULL;
	struct store *store = run->round.order->store;
	struct refresh_wish wish = {.now_s = 0};
	enum cosmo_err err = integration_load(store, &integration);

	if (err)
		return err;
	run->reads_records = !integration->offline_access;
	run->looked_boot_ms = fdio_boot_ms();
	wish = wish_of(run, now_s);
	err = refresh_list_make(store, &wish, &run->list);
	count_users(run, 0);
	return err;
}

/* An alarm of before holds for the timer. */
static bool is_standing(const struct run *run)
{
	return !run->round.order->is_of_all && run->state.outcome == COSMO_E_MASS_REFUSAL;
}

static bool is_broken_off(const struct refresh_state *state)
{
	return state->is_of_all && state->began_s && !state->ended_s;
}

static enum cosmo_err prepare(struct run *run)
{
	const struct refresh_order *order = run->round.order;
	struct gate_view gate = {.state = GATE_MISSING};
	int64_t now_s = fdio_now_s();
	bool is_ours = false;

	gate_read(store_gate(order->store), &gate);
	if (gate.state != GATE_OPEN || !config_is_connected(order->config))
		return COSMO_E_DISCONNECTED;
	refresh_state_load(order->store, &run->state);
	is_ours = memcmp(run->state.integration, gate.integration, INTEGRATION_BYTES) == 0;
	if (is_ours && is_standing(run)) {
		run->round.report->tally = run->state.tally;
		run->round.report->is_standing = true;
		return COSMO_E_MASS_REFUSAL;
	}
	if (is_ours && is_broken_off(&run->state))
		resume(run);
	else
		begin(run, gate.integration, now_s);
	return find_users(run, now_s);
}

static enum cosmo_err run_to_the_end(struct run *run)
{
	bool reached = false;
	enum cosmo_err err = COSMO_OK;

	save(run);
	err = work(run, &reached);
	run->state.outcome = err;
	if (reached || err == COSMO_E_MASS_REFUSAL)
		run->state.ended_s = fdio_now_s();
	save(run);
	refresh_log_run(run->round.report, err, run->round.order->by);
	return err == COSMO_E_CANCELLED ? COSMO_OK : err;
}

enum cosmo_err refresh_all(const struct refresh_order *order, struct refresh_report *ret)
{
	struct run run = {.list = {.items = NULL}};
	COSMO_AUTO(run_done) struct run *owned = &run;
	COSMO_AUTO_FD int lock_fd = -1;
	enum cosmo_err err = refresh_round_init(&owned->round, order, ret);

	if (!err)
		err = refresh_state_lock(order->store, &lock_fd);
	if (!err)
		err = prepare(owned);
	/* A timer that finds nobody says nothing. */
	if (err || (run.list.count == 0 && !order->is_of_all))
		return err;
	return run_to_the_end(owned);
}

/* Why there was nothing to ask. */
static enum cosmo_err nothing_to_ask(const struct refresh_order *order, const char *user)
{
	COSMO_AUTO(record_free) struct record *record = NULL;
	struct gate_view gate = {.state = GATE_MISSING};
	struct effective_roles effective = {0};
	enum cosmo_err err = record_load(order->store, user, &record);

	if (err)
		return err;
	gate_read(store_gate(order->store), &gate);
	effective = policy_effective(order->config, record, &gate, fdio_now_s());
	if (effective.demoted && effective.reason != COSMO_E_LEASE_OVER)
		return effective.reason;
	if (!record->refresh_token)
		return COSMO_E_NO_REFRESH_TOKEN;
	return COSMO_OK; /* somebody has asked just now */
}

static enum cosmo_err find_user(
	const struct refresh_order *order, const char *user, struct refresh_candidate *ret)
{
	COSMO_AUTO(record_free) struct record *record = NULL;
	enum cosmo_err err = record_load(order->store, user, &record);

	if (err)
		return err;
	*ret = (struct refresh_candidate){.uid = record->uid, .interval_s = REFRESH_ALWAYS_DUE};
	(void)snprintf(ret->user, sizeof(ret->user), "%s", user);
	return COSMO_OK;
}

enum cosmo_err refresh_one(
	const struct refresh_order *order, const char *user, struct refresh_report *ret)
{
	struct refresh_round round = {.order = NULL};
	COSMO_AUTO(refresh_round_done) struct refresh_round *owned = &round;
	struct refresh_candidate candidate = {.uid = 0};
	const struct refresh_member *member = NULL;
	size_t count = 0;
	enum cosmo_err err = refresh_round_init(owned, order, ret);

	if (!err)
		err = find_user(order, user, &candidate);
	if (err)
		return err;
	ret->tally.total = 1;
	(void)!refresh_round_ask(owned, &candidate, 1, 0, &count);
	refresh_round_end_sessions(owned);
	member = &round.batch->members[0];
	if (!member->is_asked && !member->reason)
		return nothing_to_ask(order, user);
	return member->reason;
}
