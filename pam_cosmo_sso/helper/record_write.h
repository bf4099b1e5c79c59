/* SPDX-License-Identifier: MIT */
/* Writing one record and the link from its person; for commit.c, which knows the order. */
#pragma once

#include "common/base/auto.h"
#include "common/base/err.h"
#include "pam_cosmo_sso/helper/records.h"

/* Replace the record's file durably. Errors: COSMO_E_IO, COSMO_E_NOMEM, COSMO_E_INVALID. */
COSMO_MUST_USE enum cosmo_err record_write(struct store *store, const struct record *record);

/* Point (issuer, sub) at the record's name. A link whose record says otherwise counts for nothing.
 * Errors: those of seed_read(), COSMO_E_IO. */
COSMO_MUST_USE enum cosmo_err record_link(struct store *store, const struct record *record);

/* The file name of a subject's link, in @ret of 33 bytes. Errors: those of seed_read(),
 * COSMO_E_NOMEM. */
COSMO_MUST_USE enum cosmo_err record_link_name(
	struct store *store, const char *issuer, const char *sub, char *ret);

/* Rename-safe replacement in the folder @folder of the private one. Errors: COSMO_E_IO. */
COSMO_MUST_USE enum cosmo_err record_replace(
	struct store *store, const char *folder, const char *name, const void *data, size_t len);
