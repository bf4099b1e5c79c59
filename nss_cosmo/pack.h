/* SPDX-License-Identifier: MIT */
/*
 * Laying out struct passwd and struct group in the buffer of a caller of NSS. The one error that
 * speaks of the buffer is COSMO_E_RANGE; fields with ':', newline or control characters, ids of
 * zero and paths that are not absolute are COSMO_E_STORE_DAMAGED. The caller's structure is filled
 * on COSMO_OK only. No allocation.
 */
#pragma once

#include <grp.h>
#include <pwd.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/auto.h"
#include "common/base/err.h"
#include "common/base/users_db_entry.h"

/* Errors: COSMO_E_RANGE, COSMO_E_STORE_DAMAGED. */
COSMO_MUST_USE enum cosmo_err pack_passwd(
	const struct users_db_user *user, char *buffer, size_t buffer_size, struct passwd *ret);

/* The same of an entry. It may lie otherwise in the buffer. */
COSMO_MUST_USE enum cosmo_err pack_entry_passwd(
	const struct users_db_entry *entry, char *buffer, size_t buffer_size, struct passwd *ret);

/* The private group of @entry's user, which has no members. */
COSMO_MUST_USE enum cosmo_err pack_entry_group(
	const struct users_db_entry *entry, char *buffer, size_t buffer_size, struct group *ret);

/*
 * A group while its members are being added: texts grow upwards, the array of pointers downwards
 * from the end, so that nobody needs to be counted first. Zero it before use.
 */
struct pack_group {
	char *text;     /* first free byte */
	char **members; /* last member added; below the terminating NULL at first */
	char *name;
	char *password;
	uint32_t gid;
};

/* Errors of all three: COSMO_E_RANGE, COSMO_E_STORE_DAMAGED. */
COSMO_MUST_USE enum cosmo_err pack_group_begin(
	struct pack_group *group, const char *name, uint32_t gid, char *buffer, size_t buffer_size);
COSMO_MUST_USE enum cosmo_err pack_group_member(struct pack_group *group, const char *name);
void pack_group_end(const struct pack_group *group, struct group *ret);
