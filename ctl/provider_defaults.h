/* SPDX-License-Identifier: MIT */
/*
 * The one place that knows providers by name: settings that can be only so with an issuer's host,
 * which `connect` writes into the configuration, where they are seen (docs/decisions/0029); and
 * where the device grant is switched on, in words alone (docs/decisions/0030).
 */
#pragma once

#include <stdbool.h>

#include "common/base/auto.h"
#include "common/base/err.h"

enum provider_default_kind {
	PROVIDER_DEFAULT_PLAIN,
	PROVIDER_DEFAULT_PERSON, /* says who somebody is: changed later, all are somebody else */
	PROVIDER_DEFAULT_SHUT,   /* with another value anybody in the world comes in */
};

struct provider_default {
	enum provider_default_kind kind;
	const char *host; /* with a '.' before it: every host below it */
	const char *section;
	const char *key;
	const char *value;
};

/* Is @row to be put in? *ret_put is true before. What it returns ends everything. */
typedef enum cosmo_err provider_default_fn(
	const struct provider_default *row, void *context, bool *ret_put);

/*
 * Put into the configuration *text what the table has for @issuer, the text does not set itself and
 * @choose does not leave out. *text is freed and replaced. Errors: COSMO_E_NOMEM, those of @choose:
 * *text has a part of them then.
 */
COSMO_MUST_USE enum cosmo_err provider_defaults_put(
	char **text, const char *issuer, provider_default_fn *choose, void *context);

/* The first PROVIDER_DEFAULT_SHUT of @issuer that the text sets to another value, or NULL. */
const struct provider_default *provider_defaults_opened(const char *text, const char *issuer);

/* Can anybody in the world have an account at @issuer? Only what the table knows of is. */
bool provider_defaults_is_public(const char *issuer);

/* What the table has for that setting with @issuer, or NULL. */
const char *provider_defaults_value(const char *issuer, const char *section, const char *key);

/* Does this provider name itself with a '/' behind its host, which @issuer has not? */
bool provider_defaults_lacks_slash(const char *issuer);

/* Where at the provider of @issuer the device grant is allowed, as a sentence; NULL: not known. */
const char *provider_device_switch(const char *issuer);
