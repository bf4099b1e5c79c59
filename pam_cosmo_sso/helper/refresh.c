/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/helper/refresh.h"

#include <stdlib.h>

#include "common/base/fdio.h"
#include "pam_cosmo_sso/helper/identity.h"
#include "pam_cosmo_sso/helper/policy.h"
#include "pam_cosmo_sso/helper/records.h"
#include "pam_cosmo_sso/helper/refresh_ask.h"
#include "pam_cosmo_sso/helper/refresh_due.h"
#include "pam_cosmo_sso/helper/refresh_outage_write.h"
#include "pam_cosmo_sso/helper/refresh_store.h"
#include "pam_cosmo_sso/helper/refresh_turn.h"

struct refresh {
	struct exchange *exchange;
	int turn_fd;
	struct refresh_sign_in asked; /* about which sign-in */
	struct refresh_ask ask;
	int64_t until_boot_ms; /* how long the caller waits */
	enum refresh_end end;  /* of refresh_run() */
	enum cosmo_err reason;
};

const char *refresh_word(enum refresh_end end)
{
	switch (end) {
	case REFRESH_DONE:
		return "done";
	case REFRESH_REFUSED:
		return "refused";
	case REFRESH_OUTAGE:
		return "outage";
	case REFRESH_DROPPED:
		return "dropped";
	case REFRESH_LATE:
		return "late";
	}
	return "outage";
}

void refresh_free(struct refresh *refresh)
{
	if (!refresh)
		return;
	refresh_ask_done(&refresh->ask);
	refresh_sign_in_done(&refresh->asked);
	cosmo_auto_close(&refresh->turn_fd);
	free(refresh);
}

static struct refresh *refresh_new(struct exchange *exchange, int64_t now_boot_ms)
{
	struct refresh *refresh = calloc(1, sizeof(*refresh));

	if (!refresh)
		return NULL;
	refresh->exchange = exchange;
	refresh->turn_fd = -1;
	refresh->until_boot_ms = now_boot_ms + exchange->config->refresh_timeout_s * 1000;
	refresh->ask = (struct refresh_ask){.exchange = exchange,
		.asked = &refresh->asked,
		.deadline_boot_ms = refresh->until_boot_ms + REFRESH_LATE_MS};
	return refresh;
}

/* Not where somebody else has asked while we waited for our turn. Looks without the lock. */
static bool is_still_due(const struct exchange *exchange)
{
	COSMO_AUTO(record_free) struct record *record = NULL;
	struct gate_view gate = {0};

	if (record_load(exchange->store, exchange->user, &record))
		return false;
	gate_read(store_gate(exchange->store), &gate);
	return refresh_is_due(exchange->config, &exchange->service, record, &gate, fdio_now_s());
}

/* Nothing is asked before the record says that it was; who will be asked starts while that is
 * written, which takes a disk about as long. */
static enum cosmo_err begin(struct refresh *refresh, bool *ret_is_due)
{
	enum cosmo_err err = COSMO_OK;

	if (is_still_due(refresh->exchange))
		err = refresh_ask_start(&refresh->ask);
	if (!err)
		err = refresh_store_asked(refresh->exchange, &refresh->asked, ret_is_due);
	if (err || !*ret_is_due)
		return err;
	return refresh_ask_begin(&refresh->ask);
}

/* @err: of a step that stores, or COSMO_OK. */
static enum refresh_end end_of(struct refresh *refresh, enum cosmo_err err)
{
	refresh->reason = err;
	if (err == COSMO_OK)
		return REFRESH_DONE;
	if (err == COSMO_E_SIGNED_OUT)
		return REFRESH_DROPPED;
	return refresh_is_refusal(err) ? REFRESH_REFUSED : REFRESH_OUTAGE;
}

/* The judge, or this host, has no answer. One word alone is about the person. */
static enum refresh_end fail(struct refresh *refresh, enum cosmo_err err)
{
	exchange_note_detail(refresh->exchange, judge_detail(refresh->ask.judge));
	if (err == COSMO_E_INVALID_GRANT)
		return end_of(refresh, refresh_store_refusal(refresh->exchange, &refresh->asked));
	if (refresh_is_unspent(err))
		refresh_store_unspent(refresh->exchange, &refresh->asked);
	refresh->reason = err == COSMO_E_DEADLINE ? COSMO_E_IDP_TIMEOUT : err;
	return REFRESH_OUTAGE;
}

static enum refresh_end conclude(struct refresh *refresh, const struct message *told)
{
	struct identity who = {.message = NULL};
	uint64_t roles = 0;
	enum cosmo_err err = identity_read_refreshed(told, &who);

	if (err)
		return fail(refresh, err);
	if (policy_roles(refresh->exchange->config, &who, &roles))
		exchange_note_detail(refresh->exchange, who.detail);
	return end_of(refresh, refresh_store_identity(refresh->exchange, &refresh->asked, &who));
}

/* Until the caller's patience is over. */
static enum refresh_end wait(struct refresh *refresh)
{
	COSMO_AUTO(message_free) struct message *told = NULL;
	bool is_over = false;
	enum cosmo_err err =
		refresh_ask_next(&refresh->ask, refresh->until_boot_ms, &told, &is_over);

	if (is_over)
		return end_of(refresh, COSMO_E_SIGNED_OUT);
	if (err == COSMO_E_DEADLINE && fdio_boot_ms() < refresh->ask.deadline_boot_ms) {
		refresh->reason = COSMO_E_IDP_TIMEOUT;
		return REFRESH_LATE;
	}
	return err ? fail(refresh, err) : conclude(refresh, told);
}

/* Wait, and tell the others what came of it. */
static enum refresh_end wait_and_tell(struct refresh *refresh)
{
	enum refresh_end end = wait(refresh);
	bool is_answered = end != REFRESH_OUTAGE && end != REFRESH_LATE;

	if (end != REFRESH_LATE)
		refresh_ask_learn(&refresh->ask, refresh->reason);
	refresh_turn_tell(refresh->turn_fd, is_answered ? COSMO_OK : refresh->reason);
	if (is_answered)
		refresh_outage_forget(refresh->exchange->store);
	else
		refresh_outage_note(refresh->exchange->store, refresh->reason);
	return end;
}

/* Before anything was asked. */
static void give_up(struct refresh *refresh)
{
	refresh_store_unspent(refresh->exchange, &refresh->asked);
	refresh_outage_note(refresh->exchange->store, refresh->reason);
}

static enum refresh_end run(struct refresh *refresh)
{
	bool is_due = false;
	struct exchange *exchange = refresh->exchange;
	enum cosmo_err err = refresh_turn_take(exchange->store, exchange->user, fdio_boot_ms(),
		refresh->until_boot_ms, &refresh->turn_fd);

	if (!err)
		err = begin(refresh, &is_due);
	if (!err && is_due)
		return wait_and_tell(refresh);
	refresh->reason = err;
	if (err)
		give_up(refresh);
	return err ? REFRESH_OUTAGE : REFRESH_DONE;
}

/* A token that came for a sign-in that is no more, and belongs to nobody now. */
static bool is_left_over(const struct refresh *refresh, enum refresh_end end)
{
	return end == REFRESH_DROPPED && refresh->asked.newer;
}

/* A token that is good, but could not be stored: neither when it came nor with what was said. */
static bool is_unsaved(const struct refresh *refresh, enum refresh_end end)
{
	return end == REFRESH_OUTAGE && refresh->asked.newer;
}

enum refresh_end refresh_run(
	struct exchange *exchange, enum cosmo_err *ret_reason, struct refresh **ret)
{
	COSMO_AUTO(refresh_free) struct refresh *refresh = refresh_new(exchange, fdio_boot_ms());
	enum refresh_end end = REFRESH_OUTAGE;

	*ret_reason = COSMO_E_NOMEM;
	if (!refresh)
		return end;
	end = refresh->end = run(refresh);
	*ret_reason = end == REFRESH_DROPPED ? COSMO_OK : refresh->reason;
	/* The next one's turn, unless something is still to be stored. */
	if (end != REFRESH_LATE && !is_unsaved(refresh, end))
		cosmo_auto_close(&refresh->turn_fd);
	*ret = COSMO_STEAL(&refresh);
	return end;
}

static void note_roles(struct exchange *exchange)
{
	COSMO_AUTO(record_free) struct record *record = NULL;

	if (record_load(exchange->store, exchange->user, &record) == COSMO_OK)
		exchange_note_roles(exchange, policy_record_roles(exchange->config, record));
}

static enum refresh_end wait_late(struct refresh *refresh)
{
	struct exchange *exchange = refresh->exchange;
	enum refresh_end end = REFRESH_OUTAGE;

	refresh->until_boot_ms = refresh->ask.deadline_boot_ms;
	end = wait_and_tell(refresh);
	note_roles(exchange);
	exchange->line.refresh = refresh_word(end);
	exchange->line.refresh_reason = COSMO_OK;
	exchange_log(
		exchange, AUDIT_REFRESH_LATE, end == REFRESH_DROPPED ? COSMO_OK : refresh->reason);
	return end;
}

void refresh_finish(struct refresh *refresh)
{
	enum refresh_end end = refresh->end == REFRESH_LATE ? wait_late(refresh) : refresh->end;

	/* Nobody is to show the one that was spent while this one may still be stored. */
	if (is_unsaved(refresh, end))
		refresh_ask_keep(refresh->exchange, &refresh->asked);
	cosmo_auto_close(&refresh->turn_fd);
	if (is_left_over(refresh, end))
		refresh_ask_revoke(refresh->exchange, refresh->asked.newer);
}
