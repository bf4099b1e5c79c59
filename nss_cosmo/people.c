/* SPDX-License-Identifier: MIT */
#include "nss_cosmo/people.h"

#include "nss_cosmo/lookup.h"
#include "nss_cosmo/pack.h"
#include "nss_cosmo/provisional.h"

/* Apart, so that nobody else makes room for a whole user. */
static __attribute__((noinline)) enum cosmo_err find_provisional(
	const char *name, uint32_t uid, char *buffer, size_t buffer_size, struct passwd *ret)
{
	struct users_db_user user;
	enum cosmo_err err =
		name ? provisional_find_name(name, &user) : provisional_find_uid(uid, &user);

	return err ? err : pack_passwd(&user, buffer, buffer_size, ret);
}

enum cosmo_err people_find_name(
	const char *name, char *buffer, size_t buffer_size, struct passwd *ret)
{
	COSMO_UNINITIALIZED struct users_db_entry entry;
	enum cosmo_err err = lookup_name(name, &entry);

	if (err == COSMO_E_NOT_FOUND && provisional_is_asked_for())
		return find_provisional(name, 0, buffer, buffer_size, ret);
	if (err)
		return err;
	if (provisional_was_other(&entry))
		return COSMO_E_BUSY;
	return pack_entry_passwd(&entry, buffer, buffer_size, ret);
}

enum cosmo_err people_find_uid(uint32_t uid, char *buffer, size_t buffer_size, struct passwd *ret)
{
	COSMO_UNINITIALIZED struct users_db_entry entry;
	enum cosmo_err err = lookup_uid(uid, &entry);

	if (err == COSMO_E_NOT_FOUND && provisional_is_asked_for())
		return find_provisional(NULL, uid, buffer, buffer_size, ret);
	return err ? err : pack_entry_passwd(&entry, buffer, buffer_size, ret);
}
