/* SPDX-License-Identifier: MIT */
/* Which uid belongs to which name, for ever. */
#pragma once

#include <stdint.h>

#include "common/base/auto.h"
#include "common/base/err.h"
#include "pam_cosmo_sso/helper/store.h"

/*
 * The uid of @name for ever: registered now if it was not. Lock held. Errors: those of
 * uid_candidate_pick(), COSMO_E_IO.
 * @demanded: a uid that uid_claim gave, 0 for none; COSMO_E_UID if it is taken by another name or
 * outside the range. A name that has a uid keeps it, whatever is demanded.
 */
COSMO_MUST_USE enum cosmo_err uid_register_assign(struct store *store, const char *name,
	uint32_t min, uint32_t max, uint32_t demanded, uint32_t *ret_uid);

/* Is @uid registered to @name? Errors: COSMO_E_UID (to another, or another to the name),
 * COSMO_E_NOT_FOUND (one half of the entry is missing or both, and nothing speaks against it),
 * COSMO_E_STORE_DAMAGED, COSMO_E_UNSAFE_FILE, COSMO_E_IO, COSMO_E_NOMEM. */
COSMO_MUST_USE enum cosmo_err uid_register_check(
	const struct store *store, const char *name, uint32_t uid);

/* Write what the register has lost of the entry of @name and @uid, if anything. Lock held. Errors:
 * those of uid_register_check() but COSMO_E_NOT_FOUND; nothing is changed then, but after
 * COSMO_E_IO one half may be there. */
COSMO_MUST_USE enum cosmo_err uid_register_restore(
	struct store *store, const char *name, uint32_t uid);

/* The uid of @name. Errors: COSMO_E_NOT_FOUND, COSMO_E_STORE_DAMAGED, COSMO_E_UNSAFE_FILE,
 * COSMO_E_IO, COSMO_E_NOMEM. */
COSMO_MUST_USE enum cosmo_err uid_register_find(
	const struct store *store, const char *name, uint32_t *ret_uid);

/* The name that @uid was given to, in @ret of COSMO_MAX_NAME_BYTES + 1 bytes. Errors: as
 * uid_register_find(). */
COSMO_MUST_USE enum cosmo_err uid_register_holder(
	const struct store *store, uint32_t uid, char *ret, size_t ret_size);
