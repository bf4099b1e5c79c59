/* SPDX-License-Identifier: MIT */
/*
 * The groups we show: cosmo-users (everybody), one per role (whoever has the role in effect now),
 * the local groups that roles confer (our members under the group's own name and gid, for
 * [SUCCESS=merge]), and each user's private group, which has no members.
 */
#pragma once

#include <grp.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/auto.h"
#include "common/base/err.h"
#include "common/base/users_db_read.h"
#include "nss_cosmo/gid_list.h"

/* One of the groups with members; borrows its name from the settings. */
struct groups_shared {
	const char *name;
	uint32_t gid;
	uint64_t roles; /* who has one of them is a member; 0: everybody */
};

/* The @index-th of cosmo-users and the role groups; conferred groups are enumerated by whoever owns
 * them. Errors: COSMO_E_NOT_FOUND behind the last. */
COSMO_MUST_USE enum cosmo_err groups_shared_at(
	const struct users_db_settings *settings, uint64_t index, struct groups_shared *ret);

/* Lay @shared out with its members of this moment, if the settings have them shown. Errors: those
 * of pack_group_begin(), users_db_next(). */
COSMO_MUST_USE enum cosmo_err groups_pack_shared(const struct users_db_settings *settings,
	const struct groups_shared *shared, char *buffer, size_t buffer_size, struct group *ret);

/* Any group of ours. Errors: COSMO_E_NOT_FOUND and as above. */
COSMO_MUST_USE enum cosmo_err groups_find_name(
	const char *name, char *buffer, size_t buffer_size, struct group *ret);
COSMO_MUST_USE enum cosmo_err groups_find_gid(
	uint32_t gid, char *buffer, size_t buffer_size, struct group *ret);

/*
 * Add the supplementary groups that @name has at this moment: cosmo-users, its effective roles',
 * the conferred ones; none to another entry of that name, which has another primary group. Errors:
 * COSMO_E_NOT_FOUND (not one of ours), those of lookup_name(),
 * COSMO_E_NOMEM; the list is then as it was.
 */
COSMO_MUST_USE enum cosmo_err groups_of_user(const char *name, struct gid_list *list);
