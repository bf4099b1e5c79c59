/* SPDX-License-Identifier: MIT */
/* The file of an integration; for integration.c, which knows when it may be written, and for
 * copies. */
#pragma once

#include "pam_cosmo_sso/helper/integration.h"
#include "pam_cosmo_sso/helper/record_text.h"

#define INTEGRATION_NAME "integration"

/* Write it as @name in private/, in one step that survives a power cut. Errors: COSMO_E_IO (also a
 * full or read-only disk), COSMO_E_TOO_BIG, COSMO_E_NOMEM. */
COSMO_MUST_USE enum cosmo_err integration_save(
	struct store *store, const char *name, const struct integration *integration);

/* Its text: record_text_done(). Errors: COSMO_E_TOO_BIG, COSMO_E_NOMEM. */
COSMO_MUST_USE enum cosmo_err integration_format(
	const struct integration *integration, struct record_text *ret);

/* Errors: COSMO_E_STORE_DAMAGED, COSMO_E_NOMEM. */
COSMO_MUST_USE enum cosmo_err integration_parse(
	const char *text, size_t len, struct integration **ret);
