/* SPDX-License-Identifier: MIT */
/* Entries and settings of users.db, checked again before anybody sees them. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/base/auto.h"
#include "common/base/err.h"
#include "common/base/users_db_read.h"

/* No person, private group or role group has an id below it, whatever users.db says. */
#define LOOKUP_FLOOR_ID 1000U

/*
 * The enrolled user of that name or uid. A record whose id is outside the configured range, whose
 * gid is not the uid, or whose name is malformed or reserved is COSMO_E_STORE_DAMAGED. What can
 * never be one of ours (malformed or reserved name, id below the floor) is COSMO_E_NOT_FOUND,
 * whatever state the store is in. Other errors: those of users_db_find_name(). Keep errno; *ret is
 * undefined after an error.
 */
COSMO_MUST_USE enum cosmo_err lookup_stored_name(const char *name, struct users_db_user *ret);
COSMO_MUST_USE enum cosmo_err lookup_stored_uid(uint32_t uid, struct users_db_user *ret);

/* The same, and inside sshd the provisional entry of somebody not enrolled. */
COSMO_MUST_USE enum cosmo_err lookup_name(const char *name, struct users_db_user *ret);
COSMO_MUST_USE enum cosmo_err lookup_uid(uint32_t uid, struct users_db_user *ret);

/* The next enrolled user fit to be shown; damaged records are passed over. Errors: those of
 * users_db_next(). */
COSMO_MUST_USE enum cosmo_err lookup_next(uint64_t *cursor, struct users_db_user *ret);

/*
 * Settings of which every role has a gid fit to be shown. Errors: those of users_db_settings(),
 * COSMO_E_STORE_DAMAGED.
 */
COSMO_MUST_USE enum cosmo_err lookup_settings(struct users_db_settings *ret);
COSMO_MUST_USE enum cosmo_err lookup_numbers(struct users_db_numbers *ret);

/* A conferred group is an existing local one, so its gid may be low, but it is never root's. */
bool lookup_is_conferrable(uint32_t gid);
