/* SPDX-License-Identifier: MIT */
/* Which uid belongs to which name, for ever; uid_register_assign() stands in commit.h. */
#pragma once

#include <stdint.h>

#include "common/base/auto.h"
#include "common/base/err.h"
#include "pam_cosmo_sso/helper/store.h"

/* Is @uid registered to @name? Errors: COSMO_E_UID (to another), COSMO_E_NOT_FOUND (to nobody),
 * COSMO_E_STORE_DAMAGED, COSMO_E_UNSAFE_FILE, COSMO_E_IO, COSMO_E_NOMEM. */
COSMO_MUST_USE enum cosmo_err uid_register_check(
	const struct store *store, const char *name, uint32_t uid);

/* The uid of @name. Errors: COSMO_E_NOT_FOUND, COSMO_E_STORE_DAMAGED, COSMO_E_UNSAFE_FILE,
 * COSMO_E_IO, COSMO_E_NOMEM. */
COSMO_MUST_USE enum cosmo_err uid_register_find(
	const struct store *store, const char *name, uint32_t *ret_uid);
