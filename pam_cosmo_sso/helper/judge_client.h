/* SPDX-License-Identifier: MIT */
/* The helper's side of the judge: starts judge and fetch, asks, and ends both. */
#pragma once

#include <stdint.h>

#include "common/base/auto.h"
#include "common/base/err.h"
#include "common/config.h"
#include "common/message.h"
#include "pam_cosmo_sso/helper/store.h"

struct judge;

/*
 * Start judge and fetch, joined by a socket of which this process keeps no end. @config is borrowed
 * until judge_free(). The caller owns it. Errors: COSMO_E_SPAWN, COSMO_E_IO, COSMO_E_NOMEM.
 */
COSMO_MUST_USE enum cosmo_err judge_start(const struct config *config, struct judge **ret);

/* SIGKILL for both, reaped; NULL is allowed. */
void judge_free(struct judge *judge);
COSMO_AUTO_DEFINE(struct judge *, judge_free);

/*
 * What JUDGE_SIGN_IN and JUDGE_PROBE need for asking the IdP: issuer, client, secret and CA read
 * from their files (root's, the secret's unreadable by others), proxy, algorithms; with @store also
 * discovery document and keys if the cached ones are this issuer's, and young enough. @duration_ms:
 * how long the exchange may last from now. Errors: COSMO_E_CONFIG (a file is missing, empty or too
 * big), COSMO_E_UNSAFE_FILE, COSMO_E_IO, COSMO_E_NOMEM.
 */
COSMO_MUST_USE enum cosmo_err judge_put_setup(struct message *message, const struct config *config,
	struct store *store, int64_t duration_ms);

/* What JUDGE_SIGN_IN and JUDGE_RULES need for making an identity of claims. */
void judge_put_claims(struct message *message, const struct config *config);

/* Put the one question. Errors: those of dialogue_send(). */
COSMO_MUST_USE enum cosmo_err judge_ask(struct judge *judge, struct message *message);

/* While judge_next() waits, the end of @fd (or anything to be read there, for nothing may come)
 * ends the wait with COSMO_E_CANCELLED. Borrowed; -1 for none. */
void judge_watch(struct judge *judge, int fd);

/* Likewise flow_fd(), with COSMO_E_REPLACED. */
void judge_watch_newer(struct judge *judge, int fd);

/*
 * The judge's next message; the caller frees it. JUDGE_CACHE is dealt with inside and never
 * returned, see judge_keep_fetched(). A JUDGE_FAILED is returned as the error it names (never
 * COSMO_OK, and COSMO_E_PROTOCOL for what is not the judge's to say), with judge_detail(). Errors:
 * also COSMO_E_CANCELLED, COSMO_E_DEADLINE (@deadline_boot_ms passed, whatever had begun by then),
 * COSMO_E_TIMEOUT (a message that does not come to its end), COSMO_E_PEER_GONE, COSMO_E_PROTOCOL,
 * COSMO_E_NOMEM.
 */
COSMO_MUST_USE enum cosmo_err judge_next(
	struct judge *judge, int64_t deadline_boot_ms, struct message **ret);

/*
 * The same for whom an answer is worth having that comes late: COSMO_E_DEADLINE also when none has
 * begun by @until_boot_ms, and then it can be asked for again.
 */
COSMO_MUST_USE enum cosmo_err judge_next_until(
	struct judge *judge, int64_t until_boot_ms, int64_t deadline_boot_ms, struct message **ret);

/*
 * Cache what the judge reported as fetched, for the configuration's issuer, and settle a doubt
 * about keys. Only for an exchange that ended well: what is kept decides about later ones, and one
 * that failed has proved nothing. What cannot be stored is fetched again.
 */
void judge_keep_fetched(const struct judge *judge, const struct store *store);

/* For the log and administrators: what the judge added to its failure; NULL if nothing. Borrowed;
 * unfiltered. */
const char *judge_detail(const struct judge *judge);

/* The whole JUDGE_FAILED; NULL if none came. Borrowed; unfiltered. */
const struct message *judge_failed(const struct judge *judge);
