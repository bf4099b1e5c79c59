/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/helper/our_uids.h"

#include <stdio.h>
#include <stdlib.h>

#include "pam_cosmo_sso/helper/local_ids.h"
#include "pam_cosmo_sso/helper/uid_register.h"

#define FIRST_ROOM ((size_t)64)

enum cosmo_err our_uids_init(
	struct our_uids *ours, const struct store *store, const char *passwd_path, const char *user)
{
	*ours = (struct our_uids){.store = store, .passwd_path = passwd_path};
	if (!user)
		return COSMO_OK;
	if (!login_name_is_valid(user, true))
		return COSMO_E_INVALID;
	return uid_register_find(store, user, &ours->only);
}

void our_uids_done(struct our_uids *ours)
{
	if (!ours)
		return;
	free(ours->known);
	ours->known = NULL;
	ours->count = ours->room = 0;
}

/* A file of the register that cannot be understood still says that the uid was given to one of
 * ours; what keeps anybody from looking says nothing of the uid, which may be anybody's. */
static bool says_ours(enum cosmo_err err)
{
	return err == COSMO_OK || err == COSMO_E_STORE_DAMAGED || err == COSMO_E_UNSAFE_FILE;
}

/* Where nobody can tell whether it is a local user's as well, which it should never be, what runs
 * as it is to end: a session that goes on is the greater harm. */
static enum cosmo_err find(struct our_uids *ours, struct our_uid *entry)
{
	bool local = false;
	enum cosmo_err err =
		uid_register_holder(ours->store, entry->uid, entry->name, sizeof(entry->name));

	if (err == COSMO_E_NOT_FOUND)
		return COSMO_OK;
	if (!says_ours(err))
		return err;
	if (err)
		entry->name[0] = '\0';
	err = local_ids_have(ours->passwd_path, entry->uid, &local);
	entry->ours = err || !local;
	return COSMO_OK;
}

static enum cosmo_err remember(struct our_uids *ours, const struct our_uid *entry)
{
	if (ours->count == ours->room) {
		size_t room = ours->room ? 2 * ours->room : FIRST_ROOM;
		void *more = reallocarray(ours->known, room, sizeof(*ours->known));

		if (!more)
			return COSMO_E_NOMEM;
		ours->known = more;
		ours->room = room;
	}
	ours->known[ours->count++] = *entry;
	return COSMO_OK;
}

enum cosmo_err our_uids_have(
	struct our_uids *ours, uint32_t uid, bool *ret_have, const char **ret_name)
{
	struct our_uid entry = {.uid = uid};
	size_t at = 0;
	enum cosmo_err err = COSMO_OK;

	*ret_have = false;
	if (uid == 0 || (ours->only && uid != ours->only))
		return COSMO_OK;
	while (at < ours->count && ours->known[at].uid != uid)
		at++;
	if (at == ours->count) {
		err = find(ours, &entry);
		if (!err)
			err = remember(ours, &entry);
		if (err)
			return err;
	}
	*ret_have = ours->known[at].ours;
	if (ret_name)
		*ret_name = ours->known[at].name;
	return COSMO_OK;
}
