/* SPDX-License-Identifier: MIT */
/* The durable side of the gate: which integration this host is connected to, or that it is not. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/base/auto.h"
#include "common/base/err.h"
#include "pam_cosmo_sso/helper/store.h"

struct integration {
	bool connected;
	unsigned char id[INTEGRATION_BYTES];
	char *issuer;
	char *client_id;
	int64_t since_s;     /* of the present state */
	bool offline_access; /* the IdP lists the scope, and does not refuse it to this client */
	uint64_t machine_hash;
	char *reason;     /* of a disconnect; NULL if none */
	char *by;         /* who disconnected, as actor.h has it; NULL if not known */
	char *login_page; /* where codes are typed, as the IdP said at connect; NULL: not known */
	bool unfinished;  /* a disconnect has steps left (disconnect.h), which are done thus: */
	bool keep_sessions;
	bool strip_setgid;
};

void integration_free(struct integration *integration);
COSMO_AUTO_DEFINE(struct integration *, integration_free);

/* Errors: COSMO_E_NOT_FOUND (never connected), COSMO_E_STORE_DAMAGED, COSMO_E_UNSAFE_FILE,
 * COSMO_E_IO, COSMO_E_NOMEM. */
COSMO_MUST_USE enum cosmo_err integration_load(struct store *store, struct integration **ret);

/* Whom to connect with; everything borrowed. */
struct integration_partner {
	const char *issuer;
	const char *client_id;
	const char *login_page; /* NULL: not known */
	bool offline_access;
};

/*
 * Is this store another machine's (a clone), or nobody's yet (restored)? Then it is to be adopted
 * before anything else. One that does not say whose it is, because it was never connected or its
 * record is damaged, is not. Errors: COSMO_E_MACHINE (it is, or /etc/machine-id is not there),
 * COSMO_E_IO, COSMO_E_NOMEM.
 */
COSMO_MUST_USE enum cosmo_err integration_check_machine(struct store *store);

/*
 * From now on the store is this machine's. Lock held; it says disconnected. Where no record is, or
 * a damaged one, nothing is written: that is no machine's. Errors: COSMO_E_INVALID (it says
 * connected), COSMO_E_MACHINE (this one has no id), COSMO_E_IO, COSMO_E_NOMEM.
 */
COSMO_MUST_USE enum cosmo_err integration_adopt(struct store *store);

/*
 * Connect: a new random id, durable state, then the gate from closed or fresh to open. The only way
 * from closed to open. Lock held. A disconnect that comes before it has ended wins, in the durable
 * state too, whatever becomes of this process. Errors: COSMO_E_DISCONNECTED (it came), COSMO_E_IO,
 * COSMO_E_MACHINE (also: the store is to be adopted first), COSMO_E_NOMEM.
 */
COSMO_MUST_USE enum cosmo_err integration_connect(
	struct store *store, const struct integration_partner *partner, struct integration **ret);

/* Close the gate (P8): one atomic store, without the lock. A missing gate is made, closed. Errors:
 * those of gate_write_close() and gate_write_ensure(). */
COSMO_MUST_USE enum cosmo_err integration_close(struct store *store);

struct integration_end {
	const char *reason; /* NULL: none is given */
	const char *by;     /* likewise; goes with the reason */
	bool unfinished;    /* steps follow, until integration_finish() */
	bool keep_sessions; /* of these steps */
	bool strip_setgid;
	int64_t lock_ms; /* how long to wait for the writer lock; then it goes on without */
};

/*
 * The durable state becomes disconnected, and the gate is closed (again): no connect that has begun
 * before this returns COSMO_OK opens it any more, now or after a reboot. Since when and why a host
 * is disconnected is left as it is on one that was already; nothing is written if it has nothing
 * unfinished either, or was never connected and nothing is to follow. Errors: COSMO_E_IO (also a
 * full or read-only disk), COSMO_E_BUSY, COSMO_E_NOMEM, those of integration_close(): what is
 * stored may still say connected.
 */
COSMO_MUST_USE enum cosmo_err integration_end(
	struct store *store, const struct integration_end *end);

/* All steps that follow are done. Takes the lock. Errors: COSMO_E_BUSY, COSMO_E_IO, those of
 * integration_load(). */
COSMO_MUST_USE enum cosmo_err integration_finish(struct store *store);

/* integration_close() and integration_end() with nothing to follow. */
COSMO_MUST_USE enum cosmo_err integration_disconnect(struct store *store, const char *reason);

/*
 * What the boot unit, or the first helper without it, does: a fresh gate becomes open if the
 * durable state says connected and the machine is the same, else closed. A missing gate is made
 * (closed, then as said). An open or closed gate is left alone. Errors: COSMO_E_MACHINE, COSMO_E_IO
 * and those of integration_load() (the gate is then closed).
 */
COSMO_MUST_USE enum cosmo_err integration_boot(struct store *store);

/* 128 random bits made at first use, 0600, kept for ever; @import (may be NULL) sets it if none is
 * there. Errors: COSMO_E_EXISTS, COSMO_E_IO. */
COSMO_MUST_USE enum cosmo_err integration_seed_ensure(
	struct store *store, const unsigned char *import);
