/* SPDX-License-Identifier: MIT */
/* Writing records and the links from their persons; for commit.c, which knows the order. */
#pragma once

#include "common/base/auto.h"
#include "common/base/err.h"
#include "pam_cosmo_sso/helper/record_text.h"
#include "pam_cosmo_sso/helper/records.h"

/* The record as text, as it stands in its file: record_text_done(). Errors: COSMO_E_NOMEM,
 * COSMO_E_INVALID, COSMO_E_TOO_BIG. */
COSMO_MUST_USE enum cosmo_err record_format(const struct record *record, struct record_text *ret);

/*
 * Write the record beside the one in force, @sync: durably; record_settle() puts it in force, after
 * which the caller syncs the folder STORE_USERS. Errors: COSMO_E_IO, COSMO_E_NOMEM,
 * COSMO_E_INVALID, COSMO_E_TOO_BIG.
 */
COSMO_MUST_USE enum cosmo_err record_stage(
	struct store *store, const struct record *record, bool sync);
COSMO_MUST_USE enum cosmo_err record_settle(struct store *store, const struct record *record);

/*
 * Point (issuer, sub) at the record's name, @sync: durably; nothing is written if it does already.
 * A link whose record says otherwise counts for nothing. Errors: those of seed_read(), COSMO_E_IO,
 * COSMO_E_STORE_DAMAGED.
 */
COSMO_MUST_USE enum cosmo_err record_link(
	struct store *store, const struct record *record, bool sync);

/* The name that the link of (issuer, sub) holds, in @ret_name of COSMO_MAX_NAME_BYTES + 1 bytes.
 * Errors: COSMO_E_NOT_FOUND, COSMO_E_STORE_DAMAGED, COSMO_E_IO, those of seed_read(). */
COSMO_MUST_USE enum cosmo_err record_link_read(
	struct store *store, const char *issuer, const char *sub, char *ret_name);
