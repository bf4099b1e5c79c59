/* SPDX-License-Identifier: MIT */
/* The connection that a connect finds: it makes a new integration only where none stands, and none
 * is half ended. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "common/base/auto.h"
#include "common/base/err.h"
#include "common/config.h"
#include "pam_cosmo_sso/helper/store.h"

/* What is to be connected with; everything borrowed. */
struct connection_wish {
	const struct config *config; /* with issuer and client */
	const char *text;            /* that it was read from, not terminated */
	size_t text_len;
};

struct standing_connection {
	bool is_wished;      /* the host is connected just so: nothing is to be done */
	const char *refusal; /* a sentence, static; NULL if it is no refusal */
	char advice[1024];   /* what to do instead; "" if it is no refusal */
};

/*
 * May the host be connected with @wish? Yes (COSMO_OK), unless *ret says that it is already. What
 * was never connected, or is another machine's, does not stand. Errors: COSMO_E_EXISTS (it is
 * connected otherwise, or its gate was not opened yet), COSMO_E_BUSY (a disconnect has steps left),
 * COSMO_E_STORE_DAMAGED and COSMO_E_UNSAFE_FILE (nobody can tell), all with a refusal; COSMO_E_IO,
 * COSMO_E_NOMEM, those of store_machine_hash().
 */
COSMO_MUST_USE enum cosmo_err standing_connection_check(
	struct store *store, const struct connection_wish *wish, struct standing_connection *ret);
