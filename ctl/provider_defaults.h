/* SPDX-License-Identifier: MIT */
/*
 * The one table that knows providers by name: settings that can be only so with an issuer's host,
 * see docs/decisions/0029. `connect` writes them into the configuration, where they are seen.
 */
#pragma once

#include "common/base/auto.h"
#include "common/base/err.h"

struct provider_default {
	const char *host; /* with a '.' before it: every host below it */
	const char *key;  /* in [integration] */
	const char *value;
};

typedef void provider_default_fn(const struct provider_default *used, void *context);

/*
 * Put into the configuration *text what the table has for @issuer and the text does not set itself;
 * @tell hears of each. *text is freed and replaced. Errors: COSMO_E_NOMEM.
 */
COSMO_MUST_USE enum cosmo_err provider_defaults_put(
	char **text, const char *issuer, provider_default_fn *tell, void *context);
