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
	bool offline_access; /* the IdP lists the scope */
	uint64_t machine_hash;
	char *reason; /* of a disconnect; NULL if none */
};

void integration_free(struct integration *integration);
COSMO_AUTO_DEFINE(struct integration *, integration_free);

/* Errors: COSMO_E_NOT_FOUND (never connected), COSMO_E_STORE_DAMAGED, COSMO_E_UNSAFE_FILE,
 * COSMO_E_IO, COSMO_E_NOMEM. */
COSMO_MUST_USE enum cosmo_err integration_load(struct store *store, struct integration **ret);

/*
 * Connect: a new random id, durable state, then the gate from closed or fresh to open. The only way
 * from closed to open. Lock held. Errors: COSMO_E_IO, COSMO_E_MACHINE, COSMO_E_NOMEM.
 */
COSMO_MUST_USE enum cosmo_err integration_connect(struct store *store, const char *issuer,
	const char *client_id, bool offline_access, struct integration **ret);

/* Close: gate first (P8, needs no lock), then the durable state. Errors: COSMO_E_IO: the gate is
 * closed nevertheless if it could be. */
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
