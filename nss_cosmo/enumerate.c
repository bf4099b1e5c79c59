/* SPDX-License-Identifier: MIT */
#include "nss_cosmo/enumerate.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/base/users_db_read.h"
#include "nss_cosmo/groups.h"
#include "nss_cosmo/lookup.h"
#include "nss_cosmo/pack.h"

/* Positions among the groups: those with members first, then a cursor of users_db_next(). */
#define GROUPS_AT_USERS (1ULL << 63)

static _Atomic uint64_t passwd_position;
static _Atomic uint64_t group_position;

void enumerate_passwd_rewind(void)
{
	atomic_store(&passwd_position, 0);
}

void enumerate_group_rewind(void)
{
	atomic_store(&group_position, 0);
}

/* A record that cannot be laid out is passed over like any damaged one; a short buffer is not. */
static bool passes_over(enum cosmo_err err)
{
	return err == COSMO_E_STORE_DAMAGED;
}

enum cosmo_err enumerate_passwd(char *buffer, size_t buffer_size, struct passwd *ret)
{
	for (;;) {
		uint64_t before = atomic_load(&passwd_position);
		uint64_t after = before;
		struct users_db_entry entry;
		enum cosmo_err err = lookup_next(&after, 0, &entry);

		if (err)
			return err;
		err = pack_entry_passwd(&entry, buffer, buffer_size, ret);
		if (err && !passes_over(err))
			return err;
		if (atomic_compare_exchange_strong(&passwd_position, &before, after) && !err)
			return COSMO_OK;
	}
}

static enum cosmo_err group_at(
	uint64_t *position, char *buffer, size_t buffer_size, struct group *ret)
{
	const struct users_db_settings *settings = NULL;
	struct groups_shared shared;
	enum cosmo_err err = lookup_settings(&settings);

	if (!err)
		err = groups_shared_at(settings, *position, &shared);
	if (err)
		return err;
	(*position)++;
	if (!lookup_is_own_id(shared.gid))
		return COSMO_E_STORE_DAMAGED;
	return groups_pack_shared(settings, &shared, buffer, buffer_size, ret);
}

static enum cosmo_err private_group_at(
	uint64_t *position, char *buffer, size_t buffer_size, struct group *ret)
{
	uint64_t cursor = *position & ~GROUPS_AT_USERS;
	struct users_db_entry entry;
	enum cosmo_err err = lookup_next(&cursor, 0, &entry);

	if (err)
		return err;
	*position = cursor | GROUPS_AT_USERS;
	return pack_entry_group(&entry, buffer, buffer_size, ret);
}

static enum cosmo_err any_group_at(
	uint64_t *position, char *buffer, size_t buffer_size, struct group *ret)
{
	if (!(*position & GROUPS_AT_USERS)) {
		enum cosmo_err err = group_at(position, buffer, buffer_size, ret);

		if (err != COSMO_E_NOT_FOUND)
			return err;
		*position = GROUPS_AT_USERS;
	}
	return private_group_at(position, buffer, buffer_size, ret);
}

enum cosmo_err enumerate_group(char *buffer, size_t buffer_size, struct group *ret)
{
	for (;;) {
		uint64_t before = atomic_load(&group_position);
		uint64_t after = before;
		enum cosmo_err err = any_group_at(&after, buffer, buffer_size, ret);

		if (err && (!passes_over(err) || after == before))
			return err;
		if (atomic_compare_exchange_strong(&group_position, &before, after) && !err)
			return COSMO_OK;
	}
}
