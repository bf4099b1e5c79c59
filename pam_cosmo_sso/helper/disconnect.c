/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/helper/disconnect.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>

#include "pam_cosmo_sso/helper/audit.h"
#include "pam_cosmo_sso/helper/flow.h"
#include "pam_cosmo_sso/helper/folder.h"
#include "pam_cosmo_sso/helper/gate_write.h"
#include "pam_cosmo_sso/helper/integration.h"
#include "pam_cosmo_sso/helper/recent_folder.h"
#include "pam_cosmo_sso/helper/records.h"
#include "paths.h"

static const char *const ids[] = {
#define ID_(symbol, id) [DISCONNECT_##symbol] = (id),
	DISCONNECT_STEP_LIST(ID_)
#undef ID_
};

const char *disconnect_step_id(enum disconnect_step step)
{
	return step < DISCONNECT_STEPS ? ids[step] : "unknown";
}

struct disconnecting {
	struct store *store;
	const struct disconnect_order *order;
	const struct disconnect_watcher *watcher; /* never NULL */
	struct disconnect_report *report;
	const char *told; /* for the log: why, or that it is the rest of another one */
};

static void note(struct disconnect_outcome *outcome, const char *text, const char *why)
{
	(void)snprintf(outcome->detail, sizeof(outcome->detail), "%s%s", text, why);
}

static void add(struct disconnect_outcome *outcome, const char *text, const char *what)
{
	size_t used = strlen(outcome->detail);

	(void)snprintf(outcome->detail + used, sizeof(outcome->detail) - used, "%s%s", text, what);
}

/* Why nothing can be written there, if it can be told. */
static const char *trouble_of(int fd)
{
	struct statvfs disk = {0};

	if (fstatvfs(fd, &disk) < 0)
		return "";
	if (disk.f_flag & ST_RDONLY)
		return ": the file system is read-only";
	return disk.f_bavail == 0 || disk.f_favail == 0 ? ": the file system is full" : "";
}

static bool is_connected_on_disk(struct store *store)
{
	COSMO_AUTO(integration_free) struct integration *integration = NULL;
	enum cosmo_err err = integration_load(store, &integration);

	return err ? err != COSMO_E_NOT_FOUND : integration->connected;
}

/* Only if it is the one that is meant; with the lock, so that nobody opens another in between. */
static enum cosmo_err close_expected(struct disconnecting *work)
{
	struct gate_view gate = {.state = GATE_MISSING};
	uint64_t word = 0;
	enum cosmo_err err = gate_write_word(store_run_public_fd(work->store), &word);

	if (err)
		return err;
	gate_read(store_gate(work->store), &gate);
	if (gate.state != GATE_OPEN ||
		memcmp(gate.integration, work->order->expected, INTEGRATION_BYTES) != 0)
		return COSMO_E_INTEGRATION_CHANGED;
	if (work->order->dry_run)
		return COSMO_OK;
	err = gate_write_close_from(store_run_public_fd(work->store), word, &word);
	return err == COSMO_E_DISCONNECTED ? COSMO_E_INTEGRATION_CHANGED : err;
}

static void step_gate(struct disconnecting *work, struct disconnect_outcome *ret)
{
	struct gate_view gate = {.state = GATE_MISSING};

	gate_read(store_gate(work->store), &gate);
	ret->count = gate.state == GATE_OPEN;
	work->report->was_disconnected = !ret->count && !is_connected_on_disk(work->store);
	if (work->order->expected)
		ret->err = close_expected(work);
	else if (!work->order->dry_run)
		ret->err = integration_close(work->store);
	if (ret->err)
		note(ret, COSMO_RUN_DIR "/gate could not be closed for good",
			trouble_of(store_run_public_fd(work->store)));
}

static void step_state(struct disconnecting *work, struct disconnect_outcome *ret)
{
	const struct integration_end end = {
		.reason = work->order->reason,
		.by = work->order->by,
		.unfinished = true,
		.keep_sessions = work->order->keep_sessions,
		.strip_setgid = work->order->strip_setgid,
		.lock_ms = STORE_LOCK_MS,
	};

	ret->count = is_connected_on_disk(work->store);
	if (!work->order->dry_run)
		ret->err = integration_end(work->store, &end);
	if (ret->err)
		note(ret, COSMO_STATE_DIR "/private/integration could not be written",
			trouble_of(store_private_fd(work->store)));
}

static void tell_progress(
	const struct disconnecting *work, const char *what, uint64_t done, uint64_t total)
{
	if (work->watcher->progress)
		work->watcher->progress(work->watcher->context, what, done, total);
}

static void tell_sessions(void *context, const char *what, uint64_t done, uint64_t total)
{
	tell_progress(context, what, done, total);
}

static void tell_tokens(void *context, uint64_t done, uint64_t total)
{
	tell_progress(context, "tokens", done, total);
}

static void describe_sessions(const struct session_tally *tally, struct disconnect_outcome *ret)
{
	(void)snprintf(ret->detail, sizeof(ret->detail),
		"%" PRIu64 " ended, %" PRIu64 " processes, %" PRIu64 " withstand%s; %" PRIu64
		" set-gid files, %" PRIu64 " stripped%s%s",
		tally->ended, tally->processes, tally->left,
		tally->own ? ", the caller's session ends last" : "", tally->setgid,
		tally->stripped, tally->unseen ? ", not wholly looked through: " : "",
		tally->unseen_places);
	if (tally->unread)
		add(ret, "; not ended, for whose they are cannot be read: uids ",
			tally->unread_uids);
	if (tally->undone)
		add(ret, "; could not be removed: ", tally->undone);
}

static void step_sessions(struct disconnecting *work, struct disconnect_outcome *ret)
{
	const struct disconnect_order *order = work->order;
	struct session_tally *tally = &work->report->sessions;
	const struct session_scope scope = {
		.strip_setgid = order->strip_setgid,
		.dry_run = order->dry_run,
		.by = order->by,
		.caller = order->caller,
	};

	if (order->keep_sessions) {
		note(ret, "kept, as asked for", "");
		return;
	}
	ret->err = session_end(work->store, &scope, tell_sessions, work, tally);
	ret->count = tally->ended;
	ret->left = tally->left;
	if (!ret->err && tally->left > 0)
		ret->err = COSMO_E_TIMEOUT;
	describe_sessions(tally, ret);
}

/* Those that have not been told are refused at their end: the integration is not theirs any more.
 */
static void step_flows(struct disconnecting *work, struct disconnect_outcome *ret)
{
	if (!work->order->dry_run) {
		ret->err = flow_end_all(store_run_fd(work->store), &ret->count);
		(void)!recent_folder_clear(store_run_fd(work->store)); /* worth nothing as it is */
	}
	(void)snprintf(ret->detail, sizeof(ret->detail), "%" PRIu64 " ended", ret->count);
	if (ret->err)
		note(ret, COSMO_RUN_DIR "/private/flows could not be read", "");
}

static enum cosmo_err count_token(void *context, const char *name, const struct record *record)
{
	uint64_t *count = context;

	(void)name;
	*count += record && record->refresh_token;
	return COSMO_OK;
}

static void describe_tokens(const struct token_tally *tally, struct disconnect_outcome *ret)
{
	const char *why = tally->detail[0] ? tally->detail : cosmo_err_id(tally->why);

	(void)snprintf(ret->detail, sizeof(ret->detail),
		"%" PRIu64 " wiped, %" PRIu64 " left; %" PRIu64 " revoked, %" PRIu64
		" not%s%.200s; %" PRIu64 " damaged records",
		tally->wiped, tally->left - tally->damaged, tally->revoked, tally->not_revoked,
		tally->not_revoked ? ": " : "", tally->not_revoked ? why : "", tally->damaged);
}

/* A record that nobody can read would keep it unfinished for ever: it is told, and passed over. */
static void step_tokens(struct disconnecting *work, struct disconnect_outcome *ret)
{
	const struct disconnect_order *order = work->order;
	struct token_tally *tally = &work->report->tokens;
	int64_t revoke_ms = order->revoke_ms ? order->revoke_ms : DISCONNECT_REVOKE_MS;

	if (order->dry_run) {
		ret->err = records_each(work->store, count_token, &ret->count);
		return;
	}
	ret->err =
		token_revoke(work->store, order->config, NULL, revoke_ms, tell_tokens, work, tally);
	ret->count = tally->wiped;
	ret->left = tally->left - tally->damaged;
	if (ret->err == COSMO_E_STORE_DAMAGED && tally->left == tally->damaged)
		ret->err = COSMO_OK;
	describe_tokens(tally, ret);
}

static void step_caches(struct disconnecting *work, struct disconnect_outcome *ret)
{
	if (!work->order->dry_run)
		ret->err = folder_clear(store_cache_fd(work->store), &ret->count, &ret->left);
	(void)snprintf(ret->detail, sizeof(ret->detail), "%" PRIu64 " files", ret->count);
	if (ret->err)
		note(ret, COSMO_CACHE_DIR " could not be emptied",
			trouble_of(store_cache_fd(work->store)));
}

static enum cosmo_err first_failure(const struct disconnect_report *report)
{
	for (size_t i = 0; i < DISCONNECT_STEPS; i++)
		if (report->steps[i].err)
			return report->steps[i].err;
	return COSMO_OK;
}

static void step_finish(struct disconnecting *work, struct disconnect_outcome *ret)
{
	if (first_failure(work->report)) {
		ret->err = first_failure(work->report);
		note(ret, "steps are left", "");
		return;
	}
	/* What is left is done by whoever ends the caller's own session. */
	if (work->report->sessions.own)
		note(ret, "when the caller's own session has ended", "");
	else if (!work->order->dry_run)
		ret->err = integration_finish(work->store);
	if (ret->err)
		note(ret, COSMO_STATE_DIR "/private/integration could not be written",
			trouble_of(store_private_fd(work->store)));
}

static void log_step(const struct disconnecting *work, enum disconnect_step step)
{
	const struct disconnect_outcome *outcome = &work->report->steps[step];
	const struct audit_line line = {
		.event = AUDIT_DISCONNECT_STEP,
		.reason = outcome->err,
		.by = work->order->by,
		.step = ids[step],
		.detail = outcome->detail[0] ? outcome->detail : NULL,
	};

	audit_send(&line);
}

/* What it is about all in all: said when it is decided, before the long steps. */
static void log_disconnect(const struct disconnecting *work)
{
	const struct audit_line line = {
		.event = AUDIT_DISCONNECT,
		.reason = first_failure(work->report),
		.by = work->order->by,
		.detail = work->told,
	};

	audit_send(&line);
}

static void take_step(struct disconnecting *work, enum disconnect_step step)
{
	static void (*const steps[])(struct disconnecting *, struct disconnect_outcome *) = {
		[DISCONNECT_GATE] = step_gate,
		[DISCONNECT_STATE] = step_state,
		[DISCONNECT_SESSIONS] = step_sessions,
		[DISCONNECT_FLOWS] = step_flows,
		[DISCONNECT_TOKENS] = step_tokens,
		[DISCONNECT_CACHES] = step_caches,
		[DISCONNECT_FINISH] = step_finish,
	};

	steps[step](work, &work->report->steps[step]);
	work->report->steps[step].is_tried = true;
	if (!work->order->dry_run)
		log_step(work, step);
	if (work->watcher->stepped)
		work->watcher->stepped(work->watcher->context, step, work->report);
}

/* Gate and durable state; of another integration nothing is touched. */
static enum cosmo_err decide(struct disconnecting *work)
{
	const struct disconnect_outcome *gate = &work->report->steps[DISCONNECT_GATE];

	take_step(work, DISCONNECT_GATE);
	if (work->order->expected && gate->err)
		return gate->err;
	take_step(work, DISCONNECT_STATE);
	if (!work->order->dry_run)
		log_disconnect(work);
	return COSMO_OK;
}

/* No connect may come between the look and the closing. Where there is no lock to be had at all,
 * such as on a read-only disk, nobody connects either. */
static enum cosmo_err decide_locked(struct disconnecting *work)
{
	enum cosmo_err err = store_lock(work->store, STORE_LOCK_MS);
	bool locked = err == COSMO_OK;

	if (err == COSMO_E_BUSY)
		return err;
	err = decide(work);
	if (locked)
		store_unlock(work->store);
	return err;
}

static enum cosmo_err take_other_steps(struct disconnecting *work)
{
	for (int step = DISCONNECT_STATE + 1; step < DISCONNECT_STEPS; step++)
		take_step(work, (enum disconnect_step)step);
	return first_failure(work->report);
}

static const struct disconnect_watcher nobody;

enum cosmo_err disconnect_run(struct store *store, const struct disconnect_order *order,
	const struct disconnect_watcher *watcher, struct disconnect_report *ret)
{
	struct disconnecting work = {
		.store = store,
		.order = order,
		.watcher = watcher ? watcher : &nobody,
		.report = ret,
		.told = order->reason,
	};
	enum cosmo_err err = COSMO_OK;

	memset(ret, 0, sizeof(*ret));
	err = order->expected ? decide_locked(&work) : decide(&work);
	return err ? err : take_other_steps(&work);
}

enum rest {
	REST_NOTHING,
	REST_ALL,   /* the gate was closed, and then nobody came to write it down */
	REST_STEPS, /* it was written down, and then nobody came to do all of it */
};

static enum cosmo_err look_for_rest(
	struct store *store, enum rest *ret, struct integration **ret_integration)
{
	COSMO_AUTO(integration_free) struct integration *integration = NULL;
	struct gate_view gate = {.state = GATE_MISSING};
	uint64_t machine_hash = 0;
	enum cosmo_err err = integration_load(store, &integration);

	*ret = REST_NOTHING;
	if (err)
		return err == COSMO_E_NOT_FOUND ? COSMO_OK : err;
	gate_read(store_gate(store), &gate);
	if (!integration->connected && integration->unfinished)
		*ret = REST_STEPS;
	/* Another machine's is no disconnect: it waits to be adopted. */
	else if (integration->connected && gate.state == GATE_CLOSED &&
		 store_machine_hash(store, &machine_hash) == COSMO_OK &&
		 integration->machine_hash == machine_hash)
		*ret = REST_ALL;
	*ret_integration = COSMO_STEAL(&integration);
	return COSMO_OK;
}

/* Under the lock: no connect is under way, and none that came meanwhile is ended. */
static enum cosmo_err decide_rest(
	struct disconnecting *work, struct disconnect_order *order, bool *ret_any)
{
	COSMO_AUTO(integration_free) struct integration *integration = NULL;
	enum rest rest = REST_NOTHING;
	enum cosmo_err err = store_lock(work->store, STORE_LOCK_MS);

	if (err)
		return err;
	err = look_for_rest(work->store, &rest, &integration);
	*ret_any = rest != REST_NOTHING;
	/* Of one that was not written down it is lost how it was meant: everybody is logged out. */
	if (rest == REST_STEPS) {
		order->keep_sessions = integration->keep_sessions;
		order->strip_setgid = integration->strip_setgid;
	}
	if (!err && *ret_any)
		err = decide(work);
	store_unlock(work->store);
	return err;
}

enum cosmo_err disconnect_resume(struct store *store, const struct disconnect_order *order,
	bool *ret_any, struct disconnect_report *ret)
{
	COSMO_AUTO(integration_free) struct integration *integration = NULL;
	struct disconnect_order rest = {
		.by = order->by,
		.config = order->config,
		.revoke_ms = order->revoke_ms,
		.caller = order->caller,
	};
	struct disconnecting work = {
		.store = store,
		.order = &rest,
		.watcher = &nobody,
		.report = ret,
		.told = "the rest of one that was broken off",
	};
	enum rest left = REST_NOTHING;
	enum cosmo_err err = look_for_rest(store, &left, &integration);

	memset(ret, 0, sizeof(*ret));
	*ret_any = false;
	/* The lock is not taken in vain: it cannot be had on every disk. */
	if (!err && left != REST_NOTHING)
		err = decide_rest(&work, &rest, ret_any);
	return err || !*ret_any ? err : take_other_steps(&work);
}
