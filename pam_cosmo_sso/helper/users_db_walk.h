/* SPDX-License-Identifier: MIT */
/* Everybody in users.1.db, one after the other. */
#pragma once

#include "common/base/auto.h"
#include "common/base/err.h"
#include "common/base/users_db_read.h"

/* Anything but COSMO_OK ends the walk and is returned. */
typedef enum cosmo_err (*users_db_visitor)(void *context, const struct users_db_user *user);

/* Call @visitor for each user, without a lock; one whose entry is damaged is left out. Errors:
 * those of users_db_next() and of @visitor. */
COSMO_MUST_USE enum cosmo_err users_db_walk(
	struct users_db *db, users_db_visitor visitor, void *context);
