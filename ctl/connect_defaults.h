/* SPDX-License-Identifier: MIT */
/* Before a host is connected: what its provider is known to need, put in and shown. */
#pragma once

#include "common/base/auto.h"
#include "common/base/err.h"

struct connect_defaults {
	const char *issuer;      /* that is to be connected to */
	const char *last_issuer; /* that the host was connected to last; NULL: none is known */
	void (*tell)(void *context, const char *text);
	void *context;
};

/*
 * Put into the configuration *text what provider_defaults.h has for the issuer; each is told of,
 * and so is a setting that is left out, as people here are known by another one. *text is freed and
 * replaced. Errors: COSMO_E_CONFIG (with this provider *text lets in anybody), COSMO_E_NOMEM, those
 * of ask_simple(): it has been said.
 */
COSMO_MUST_USE enum cosmo_err connect_defaults_add(
	const struct connect_defaults *defaults, char **text);
