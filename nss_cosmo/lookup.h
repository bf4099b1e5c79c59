/* SPDX-License-Identifier: MIT */
/* Entries and settings of users.db, checked again before anybody sees them. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/base/auto.h"
#include "common/base/err.h"
#include "common/base/users_db_entry.h"

/* No person, private group or role group has an id below it, whatever users.db says. */
#define LOOKUP_FLOOR_ID 1000U

/*
 * The enrolled user of that name or uid. A record whose id is outside the configured range, whose
 * gid is not the uid, or whose name is malformed or reserved is COSMO_E_STORE_DAMAGED. What can
 * never be one of ours (malformed or reserved name, id below the floor) is COSMO_E_NOT_FOUND,
 * whatever state the store is in. Other errors: those of users_db_find_name(). Keep errno; *ret is
 * undefined after an error.
 */
COSMO_MUST_USE enum cosmo_err lookup_name(const char *name, struct users_db_entry *ret);
COSMO_MUST_USE enum cosmo_err lookup_uid(uint32_t uid, struct users_db_entry *ret);

/* The next enrolled user fit to be shown who has one of these stored roles (0: whoever it is);
 * damaged records are passed over. Errors: those of users_db_next(). */
COSMO_MUST_USE enum cosmo_err lookup_next(
	uint64_t *cursor, uint64_t roles, struct users_db_entry *ret);

/* Borrowed for the life of the process; a later call may give newer ones. Errors of both: those of
 * users_db_settings_peek(). */
COSMO_MUST_USE enum cosmo_err lookup_settings(const struct users_db_settings **ret);
COSMO_MUST_USE enum cosmo_err lookup_brief(const struct users_db_brief **ret);

/* May an id be that of a person, a private group, a role's group? */
bool lookup_is_own_id(uint32_t id);

/* May a gid be that of a conferred group? Those are existing local ones, so it may be low, but it
 * is never root's. */
bool lookup_is_conferrable(uint32_t gid);
