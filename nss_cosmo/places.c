/* SPDX-License-Identifier: MIT */
#include "nss_cosmo/places.h"

#include "common/base/local_names.h"
#include "paths.h"

const struct enrollable_places *places_default(void)
{
	static struct users_db db = {
		.path = COSMO_USERS_DB_FILE,
		.machine_id_path = "/etc/machine-id",
	};
	static struct gate_reader gate = {.path = COSMO_GATE_FILE};
	static const struct enrollable_places places = {
		.db = &db,
		.gate = &gate,
		.private_dir = COSMO_PRIVATE_DIR,
		.passwd_path = LOCAL_PASSWD_FILE,
		.group_path = LOCAL_GROUP_FILE,
	};

	return &places;
}
