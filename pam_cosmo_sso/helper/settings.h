/* SPDX-License-Identifier: MIT */
/* From the configuration to what users.db carries of it. */
#pragma once

#include "common/base/auto.h"
#include "common/base/err.h"
#include "common/base/users_db_read.h"
#include "common/config.h"

/*
 * Fill *ret; local groups that roles confer are looked up in @group_path, those that are not there
 * are left out. Errors: COSMO_E_TOO_BIG (a text or a list does not fit), those of
 * local_groups_check().
 */
COSMO_MUST_USE enum cosmo_err settings_make(const struct config *config, const char *group_path,
	bool provisional_on, struct users_db_settings *ret);
