/* SPDX-License-Identifier: MIT */
/*
 * Disconnecting the host: from the first step on everybody is a viewer, and the others see to it
 * that nobody goes on with what he had. Every step can be done again, and whatever a crash or a
 * reboot leaves is done by the next run, by the boot unit, or by the timer that checks the IdP.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/base/auto.h"
#include "common/base/err.h"
#include "common/base/gate.h"
#include "common/config.h"
#include "pam_cosmo_sso/helper/session_end.h"
#include "pam_cosmo_sso/helper/store.h"
#include "pam_cosmo_sso/helper/token_revoke.h"

/* X(symbol, stable id as logged), in their order. */
#define DISCONNECT_STEP_LIST(X)                                                                    \
	X(GATE, "gate")         /* P8 */                                                           \
	X(STATE, "state")       /* so that it stays so after a reboot */                           \
	X(SESSIONS, "sessions") /* ended */                                                        \
	X(FLOWS, "flows")       /* sign-ins that wait for an approval are refused */               \
	X(TOKENS, "tokens")     /* revoked as far as there is time, and wiped */                   \
	X(CACHES, "caches")     /* what the IdP was told or asked */                               \
	X(FINISH, "finish")     /* nothing is left to be done */

enum disconnect_step {
#define DISCONNECT_ENUM_(symbol, id) DISCONNECT_##symbol,
	DISCONNECT_STEP_LIST(DISCONNECT_ENUM_)
#undef DISCONNECT_ENUM_
	DISCONNECT_STEPS,
};

const char *disconnect_step_id(enum disconnect_step step);

/* All borrowed. */
struct disconnect_order {
	const char *reason; /* NULL: none is given */
	const char *by;     /* see actor.h; NULL: not known */
	bool keep_sessions;
	bool strip_setgid; /* see session_end.h */
	bool dry_run;      /* count what there is to be done, change nothing */
	/* Of the integration that is to end, INTEGRATION_BYTES; NULL: of any. Another one, or none,
	 * is left as it is: a reconnect wins. */
	const unsigned char *expected;
	const struct config *config; /* of the IdP that tokens are revoked at; NULL: only wipe */
	int64_t revoke_ms;           /* for all of that; 0: DISCONNECT_REVOKE_MS */
	pid_t caller;                /* see session_end.h */
};

#define DISCONNECT_REVOKE_MS ((int64_t)15000)

struct disconnect_outcome {
	bool is_tried;
	enum cosmo_err err;
	uint64_t count; /* what was done, or in a rehearsal would be */
	uint64_t left;  /* what could not be done */
	char detail[512];
};

struct disconnect_report {
	struct disconnect_outcome steps[DISCONNECT_STEPS];
	bool was_disconnected; /* in both places, before it began */
	struct session_tally sessions;
	struct token_tally tokens;
};

/* How far; both may be NULL. */
struct disconnect_watcher {
	void (*progress)(void *context, const char *what, uint64_t done, uint64_t total);
	void (*stepped)(
		void *context, enum disconnect_step step, const struct disconnect_report *report);
	void *context;
};

/*
 * Do all steps; one that fails keeps none of the others from being tried, but no step is taken
 * before gate and durable state have had their turn. Needs no network. The lock must not be held.
 * Logs the disconnect and each step. @watcher may be NULL. With session_tally.own in the report,
 * session_end_own() and integration_finish() are left to the caller of this.
 *
 * COSMO_OK: the gate is closed, the durable state says disconnected, and nothing is left that
 * another run could do. Errors: COSMO_E_INTEGRATION_CHANGED, COSMO_E_BUSY (with @expected; nothing
 * was changed), COSMO_E_TIMEOUT (processes withstand), or what the first step that failed says.
 * *ret is filled in whatever happens.
 */
COSMO_MUST_USE enum cosmo_err disconnect_run(struct store *store,
	const struct disconnect_order *order, const struct disconnect_watcher *watcher,
	struct disconnect_report *ret);

/*
 * Go on with a disconnect that was broken off, as the one who began it wanted; of @order by,
 * config, revoke_ms and caller count. *ret_any: there was one. A gate that was closed while the
 * durable state could not be written, and still cannot, stays closed until the host is started
 * again. Errors: as disconnect_run(), and those of store_lock().
 */
COSMO_MUST_USE enum cosmo_err disconnect_resume(struct store *store,
	const struct disconnect_order *order, bool *ret_any, struct disconnect_report *ret);
