/* SPDX-License-Identifier: MIT */
/*
 * One user after the other is asked about, batch by batch and no faster than refresh_per_minute,
 * and what comes of it is counted. What a round remembers of earlier ones is refresh_all.h's.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/base/auto.h"
#include "common/base/err.h"
#include "common/config.h"
#include "pam_cosmo_sso/helper/refresh_batch.h"
#include "pam_cosmo_sso/helper/refresh_list.h"
#include "pam_cosmo_sso/helper/refresh_losers.h"
#include "pam_cosmo_sso/helper/refresh_pace.h"
#include "pam_cosmo_sso/helper/refresh_tally.h"
#include "pam_cosmo_sso/helper/store.h"

struct refresh_order {
	struct store *store;
	struct config *config;
	bool is_of_all; /* everybody, however lately confirmed; else who is due (refresh_list.h) */
	const char *by; /* for the log */
	pid_t caller;   /* whose own session is spared where sessions are ended */
	/* Called before each question and behind each batch. False: nobody wants the run to go on.
	 */
	bool (*goes_on)(void *context, const struct refresh_tally *tally);
	/* Called behind each batch, when nobody waits for his turn. NULL: nothing is to be done. */
	void (*between)(void *context);
	void *context;
};

struct refresh_report {
	struct refresh_tally tally;
	uint64_t sessions; /* ended because of on_downgrade */
	bool was_resumed;
	bool was_stopped; /* goes_on() said so */
	bool is_standing; /* an alarm from before: nobody was asked about */
	char detail[640]; /* of the last question without an answer; "": none */
};

/* So many questions in a row without an answer end a round: the IdP is away. */
#define REFRESH_MAX_UNANSWERED 3

struct refresh_round {
	const struct refresh_order *order;
	struct refresh_report *report;
	struct refresh_batch *batch;
	bool is_counted[REFRESH_BATCH_MAX]; /* of the members of the batch */
	struct refresh_losers losers;
	struct refresh_pace pace;
	unsigned int unanswered; /* in a row */
	enum cosmo_err outage;   /* why the last one was not answered; COSMO_OK: all were */
};

/* Both are borrowed; *report begins empty. Errors: COSMO_E_NOMEM. */
COSMO_MUST_USE enum cosmo_err refresh_round_init(struct refresh_round *round,
	const struct refresh_order *order, struct refresh_report *report);
void refresh_round_done(struct refresh_round *round);
COSMO_AUTO_DEFINE(struct refresh_round *, refresh_round_done);

/*
 * Ask about the first of @count candidates, as many as make a batch, and store what is said.
 * *ret_count: how many of them have been dealt with; the others stay to be asked about. @began_s:
 * of a run of all. An error ends the run: COSMO_E_MASS_REFUSAL (refresh_tally_is_alarming()), or
 * why the IdP does not answer.
 */
COSMO_MUST_USE enum cosmo_err refresh_round_ask(struct refresh_round *round,
	const struct refresh_candidate *candidates, size_t count, int64_t began_s,
	size_t *ret_count);

/* Is the run wanted still? Once it was not, it never is. */
bool refresh_round_goes_on(struct refresh_round *round);

/* End the sessions of those who have lost a role in this round, where on_downgrade says so. */
void refresh_round_end_sessions(struct refresh_round *round);
