/* SPDX-License-Identifier: MIT */
/* Bytes that must not outlive their use: tokens, device codes, client secrets. No getter for logs.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "common/base/auto.h"
#include "common/base/err.h"

struct cosmo_secret;

/* Largest secret kept; more is COSMO_E_TOO_BIG. */
#define COSMO_MAX_SECRET_BYTES ((size_t)64 * 1024)

/* A copy of @len bytes (may be 0). The caller owns it: secret_free(). Errors: COSMO_E_NOMEM,
 * COSMO_E_TOO_BIG. */
COSMO_MUST_USE enum cosmo_err secret_new(const void *bytes, size_t len, struct cosmo_secret **ret);

/* Wipes and frees; NULL is allowed. */
void secret_free(struct cosmo_secret *secret);
COSMO_AUTO_DEFINE(struct cosmo_secret *, secret_free);

size_t secret_len(const struct cosmo_secret *secret);

/* Borrowed, followed by one NUL byte; valid until secret_free(). Only for handing the secret on,
 * never for logs. */
const char *secret_peek(const struct cosmo_secret *secret);

/* Compares in time that depends on the lengths only. */
bool secret_equal(const struct cosmo_secret *a, const struct cosmo_secret *b);
