/* SPDX-License-Identifier: MIT */
/* The file of an integration; for integration.c alone, which knows when it may be written. */
#pragma once

#include "pam_cosmo_sso/helper/integration.h"

#define INTEGRATION_NAME "integration"

/* Write it as @name in private/, in one step that survives a power cut. Errors: COSMO_E_IO (also a
 * full or read-only disk), COSMO_E_TOO_BIG, COSMO_E_NOMEM. */
COSMO_MUST_USE enum cosmo_err integration_save(
	struct store *store, const char *name, const struct integration *integration);
