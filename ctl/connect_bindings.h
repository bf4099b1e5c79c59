/* SPDX-License-Identifier: MIT */
/* Before a host is connected: whose names are bound to persons of another IdP, who cannot sign in
 * until `user rebind`. */
#pragma once

#include <stdbool.h>

#include "common/base/auto.h"
#include "common/base/err.h"

struct json_object;

struct connect_bindings {
	const char *issuer; /* that is to be connected to */
	bool json;          /* do not print them */
	bool dry_run;       /* do not ask */
	bool yes;           /* the answer */
};

/*
 * Say who they are, and ask whether to go on; nothing is said or asked if there are none.
 * *ret_names: an array of their names; the caller owns it, also after a failure. Errors:
 * COSMO_E_CANCELLED, those of ask_simple(): it has been said.
 */
COSMO_MUST_USE enum cosmo_err connect_bindings_confirm(
	const struct connect_bindings *bindings, struct json_object **ret_names);
