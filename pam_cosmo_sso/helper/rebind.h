/* SPDX-License-Identifier: MIT */
/*
 * Binding an enrolled name to another person (P3). An administrator either says who it is, or that
 * whoever else signs in under the name next, once and for a limited time, is it. That permission is
 * part of the record and goes with the binding that it was given for: both are replaced in one
 * step.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/base/auto.h"
#include "common/base/err.h"
#include "pam_cosmo_sso/helper/records.h"

/* Is (issuer, sub) the person that the name is bound to? */
bool rebind_is_holder(const struct record *record, const char *issuer, const char *sub);

/* May somebody else take the name over at @now_s? A clock that stands before the moment when this
 * was allowed is wrong, and then it is not. */
bool rebind_is_pending(const struct record *record, int64_t now_s);

/* The same for a person of @issuer: the permission is good for the IdP it was given for. */
bool rebind_is_open(const struct record *record, const char *issuer, int64_t now_s);

/* Are the fields that make up the permission all there, or none? */
bool rebind_is_whole(const struct record *record);

/* Allow it for @for_s from @now_s; an earlier permission is replaced. Errors: COSMO_E_NOMEM. */
COSMO_MUST_USE enum cosmo_err rebind_allow(
	struct record *record, const char *issuer, int64_t for_s, int64_t now_s);

/* Take the permission back, or note that it was used. */
void rebind_forget(struct record *record);

/*
 * Bind the name to (issuer, sub) now. Nothing of the former person's sign-ins stays: no role, no
 * refresh token, no confirmation, no familiar place; until the new person's first sign-in the
 * reason is COSMO_E_NOT_ENROLLED. Ids, home and shell are the name's and stay. Errors:
 * COSMO_E_NOMEM: nothing was changed.
 */
COSMO_MUST_USE enum cosmo_err rebind_assign(
	struct record *record, const char *issuer, const char *sub, int64_t now_s);
