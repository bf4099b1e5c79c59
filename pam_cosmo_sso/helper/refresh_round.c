/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/helper/refresh_round.h"

#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/fdio.h"
#include "pam_cosmo_sso/helper/refresh_due.h"
#include "pam_cosmo_sso/helper/refresh_log.h"

#define SECOND_MS INT64_C(1000)

void refresh_round_done(struct refresh_round *round)
{
	if (round->batch)
		refresh_batch_done(round->batch);
	free(COSMO_STEAL(&round->batch));
	refresh_losers_done(&round->losers);
}

enum cosmo_err refresh_round_init(struct refresh_round *round, const struct refresh_order *order,
	struct refresh_report *report)
{
	*round = (struct refresh_round){.order = order,
		.report = report,
		.pace = {.per_minute = order->config->refresh_per_minute}};
	*report = (struct refresh_report){.sessions = 0};
	round->batch = calloc(1, sizeof(*round->batch));
	if (!round->batch)
		return COSMO_E_NOMEM;
	refresh_batch_init(round->batch, order->store, order->config);
	return COSMO_OK;
}

bool refresh_round_goes_on(struct refresh_round *round)
{
	struct refresh_report *report = round->report;

	if (!round->order->goes_on(round->order->context, &report->tally))
		report->was_stopped = true;
	return !report->was_stopped;
}

/* Until the next question may go out. */
static bool wait_for_turn(struct refresh_round *round)
{
	int64_t left_ms = refresh_pace_left_ms(&round->pace, fdio_boot_ms());

	while (refresh_round_goes_on(round) && left_ms > 0) {
		(void)poll(NULL, 0, (int)(left_ms < SECOND_MS ? left_ms : SECOND_MS));
		left_ms = refresh_pace_left_ms(&round->pace, fdio_boot_ms());
	}
	refresh_pace_take(&round->pace, fdio_boot_ms());
	return !round->report->was_stopped;
}

/* The writer of a batch has the turns of all who are in it: of as many as are asked in a second. */
static size_t batch_size(const struct refresh_round *round)
{
	size_t size = round->order->config->refresh_per_minute / 60;

	if (size > REFRESH_BATCH_MAX)
		size = REFRESH_BATCH_MAX;
	return size > 0 ? size : 1;
}

/* Of a run of all: not who was confirmed since it began. In its first second nobody knows. */
static int64_t interval_of(const struct refresh_candidate *candidate, int64_t began_s)
{
	int64_t since_s = fdio_now_s() - began_s;

	if (candidate->interval_s)
		return candidate->interval_s;
	return since_s > 0 ? since_s : REFRESH_ALWAYS_DUE;
}

static void fill(struct refresh_round *round, const struct refresh_candidate *candidates,
	size_t count, int64_t began_s)
{
	refresh_batch_done(round->batch);
	memset(round->is_counted, 0, sizeof(round->is_counted));
	for (size_t i = 0; i < batch_size(round) && i < count; i++)
		if (!refresh_batch_add(round->batch, candidates[i].user, candidates[i].uid,
			    interval_of(&candidates[i], began_s)))
			break;
}

static void count_answer(struct refresh_round *round, const struct refresh_member *member)
{
	struct refresh_tally *tally = &round->report->tally;
	const struct config *config = round->order->config;
	bool is_refused = member->end == REFRESH_REFUSED;
	bool is_other = member->roles_before != member->roles_after;
	bool has_lost = (member->roles_before & ~member->roles_after) != 0;

	round->unanswered = 0;
	if (is_refused)
		tally->refused++;
	else
		tally->confirmed++;
	if (is_other && !is_refused)
		tally->changed++;
	if (is_refused || is_other)
		refresh_log_member(config, member, round->order->by);
	if (config->end_on_downgrade && (is_refused || has_lost))
		refresh_losers_add(&round->losers, member->user);
}

static void count_outage(struct refresh_round *round, const struct refresh_member *member)
{
	struct refresh_report *report = round->report;

	report->tally.unanswered++;
	round->unanswered++;
	round->outage = member->reason;
	(void)snprintf(report->detail, sizeof(report->detail), "%s", member->exchange.detail);
}

/* Who was signed out, or asked about by somebody else, is none of ours. */
static void count_member(struct refresh_round *round, size_t index)
{
	const struct refresh_member *member = &round->batch->members[index];

	if (round->is_counted[index])
		return;
	round->is_counted[index] = true;
	if (member->is_asked && member->end == REFRESH_OUTAGE)
		count_outage(round, member);
	else if (member->is_asked && member->end != REFRESH_DROPPED)
		count_answer(round, member);
	else
		round->report->tally.passed_over++;
}

static enum cosmo_err reason_to_end(const struct refresh_round *round)
{
	if (refresh_tally_is_alarming(&round->report->tally))
		return COSMO_E_MASS_REFUSAL;
	if (round->unanswered >= REFRESH_MAX_UNANSWERED ||
		(round->unanswered > 0 && round->outage == COSMO_E_IDP_RATE))
		return round->outage;
	return COSMO_OK;
}

/* An answer counts once it is stored; what is none, and a no, at once. */
static enum cosmo_err look_at(struct refresh_round *round, size_t index)
{
	if (round->batch->members[index].told)
		round->unanswered = 0;
	else
		count_member(round, index);
	return reason_to_end(round);
}

static enum cosmo_err ask_members(struct refresh_round *round)
{
	struct refresh_batch *batch = round->batch;

	for (size_t i = 0; i < batch->count; i++) {
		bool was_quick = true;
		enum cosmo_err err = COSMO_OK;

		if (!batch->members[i].is_due)
			continue;
		if (!wait_for_turn(round))
			return COSMO_OK;
		was_quick = refresh_batch_ask(batch, i);
		err = look_at(round, i);
		if (err || !was_quick)
			return err;
	}
	return COSMO_OK;
}

enum cosmo_err refresh_round_ask(struct refresh_round *round,
	const struct refresh_candidate *candidates, size_t count, int64_t began_s,
	size_t *ret_count)
{
	struct refresh_batch *batch = round->batch;
	enum cosmo_err err = COSMO_OK;
	size_t i = 0;

	fill(round, candidates, count, began_s);
	refresh_batch_begin(batch);
	err = ask_members(round);
	refresh_batch_settle(batch);
	for (; i < batch->count && !batch->members[i].is_released; i++)
		count_member(round, i);
	*ret_count = i;
	return err ? err : reason_to_end(round);
}

void refresh_round_end_sessions(struct refresh_round *round)
{
	const struct refresh_order *order = round->order;
	struct refresh_report *report = round->report;
	uint64_t left = 0;

	report->sessions += refresh_losers_end_sessions(
		&round->losers, order->store, order->by, order->caller, &left);
	if (left)
		(void)snprintf(report->detail, sizeof(report->detail),
			"%" PRIu64 " processes could not be ended", left);
}
