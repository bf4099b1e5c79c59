/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/helper/users_db_walk.h"

enum cosmo_err users_db_walk(struct users_db *db, users_db_visitor visitor, void *context)
{
	struct users_db_user user = {0};
	uint64_t cursor = 0;

	for (;;) {
		uint64_t before = cursor;
		enum cosmo_err err = users_db_next(db, &cursor, &user);

		if (err == COSMO_E_NOT_FOUND)
			return COSMO_OK;
		if (err == COSMO_E_STORE_DAMAGED && cursor != before)
			continue; /* it is one user that is damaged */
		if (!err)
			err = visitor(context, &user);
		if (err)
			return err;
	}
}
