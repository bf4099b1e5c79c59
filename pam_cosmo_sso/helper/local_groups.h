/* SPDX-License-Identifier: MIT */
/*
 * Groups of /etc/group and their gids, read from the file itself: asking NSS would ask us. What
 * sudo and files go by is the gid, so a harmless name says nothing.
 */
#pragma once

#include <stdint.h>

#include "common/base/auto.h"
#include "common/base/err.h"
#include "common/config.h"

/* gid of the local group @name, of its first line as glibc has it; 0 if there is none, or if it is
 * root's, which nobody is given. */
uint32_t local_groups_gid(const char *group_path, const char *name);

/*
 * Does @config give nobody the gid of a privileged group (config_group_is_privileged()) of this
 * host, by users_gid, by a role's own gid or by the gid of a local group of another name, unless
 * the role has allow_privileged? config_parse() looks at names alone. Gid 0 is never conferred.
 * Errors: COSMO_E_CONFIG with *ret_problem filled; COSMO_E_IO: the file cannot be read, so nobody
 * knows.
 */
COSMO_MUST_USE enum cosmo_err local_groups_check(
	const struct config *config, const char *group_path, struct config_problem *ret_problem);
