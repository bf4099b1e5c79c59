/* SPDX-License-Identifier: MIT */
/* Reading all of a users.db, as nobody does who looks one user up. */
#include "common/base/users_db_slot.h"
#include "pam_cosmo_sso/helper/users_db_file.h"

/* Name and uid must lead to the slot in which they stand. */
static bool is_found(
	const struct users_db_map *map, uint32_t slot, const struct users_db_user *user)
{
	struct users_db_name name;
	struct users_db_user other;
	uint32_t at = 0;

	if (!users_db_name_make(map, user->name, &name) ||
		users_db_slot_by_name(map, &name, &at, &other) != SLOT_FOUND || at != slot)
		return false;
	return users_db_slot_by_uid(map, user->uid, &at, &other) == SLOT_FOUND && at == slot;
}

enum cosmo_err users_db_file_verify(const struct users_db_file *file)
{
	const struct users_db_map *map = file->map;
	uint32_t slots = map->header.groups * USERS_DB_GROUP_SLOTS;

	for (uint32_t slot = 0; slot < slots; slot++) {
		struct users_db_user user;

		switch (users_db_slot_by_number(map, slot, &user)) {
		case SLOT_NONE:
			break;
		case SLOT_DOUBT:
			return COSMO_E_STORE_DAMAGED;
		case SLOT_FOUND:
			if (!is_found(map, slot, &user))
				return COSMO_E_STORE_DAMAGED;
			break;
		}
	}
	return COSMO_OK;
}

enum cosmo_err users_db_file_inspect(struct store *store)
{
	struct users_db_file file = {.fd = -1};
	enum cosmo_err err = users_db_map_open(store_state_fd(store), "users.1.db",
		store_users_db(store)->machine_id_path, &file.map);

	if (!err)
		err = users_db_file_verify(&file);
	users_db_map_free(file.map);
	return err;
}
