/* SPDX-License-Identifier: MIT */
/* Request bodies of application/x-www-form-urlencoded. */
#pragma once

#include <stddef.h>

#include "common/base/auto.h"
#include "common/base/err.h"
#include "common/base/secret.h"

struct form;

#define FORM_MAX_BYTES ((size_t)64 * 1024)

/* An empty form, wiped when freed. The caller owns it. Errors: COSMO_E_NOMEM. */
COSMO_MUST_USE enum cosmo_err form_new(struct form **ret);

void form_free(struct form *form);
COSMO_AUTO_DEFINE(struct form *, form_free);

/* Add a pair, both encoded; NULL values add nothing. What does not fit is remembered for
 * form_body(). */
void form_add(struct form *form, const char *name, const char *value);
void form_add_secret(struct form *form, const char *name, const struct cosmo_secret *value);

/* The whole body with a NUL behind it, borrowed until the form changes. Errors: COSMO_E_TOO_BIG. */
COSMO_MUST_USE enum cosmo_err form_body(
	const struct form *form, const char **ret_body, size_t *ret_len);

/* Append @text encoded, without a name: for RFC 6749 section 2.3.1. */
void form_append_encoded(struct form *form, const char *text, size_t len);
/* Append @text as it is. */
void form_append_raw(struct form *form, const char *text, size_t len);
