/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/helper/our_uids.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pam_cosmo_sso/helper/local_ids.h"
#include "pam_cosmo_sso/helper/uid_register.h"

#define FIRST_ROOM ((size_t)64)

/* The end of a list that is cut, and the longest that stands before it. */
#define MORE      ", ..."
#define UID_BYTES strlen(", 4294967295")

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
static enum cosmo_err find(const struct our_uids *ours, struct our_uid *entry)
{
	bool local = false;
	enum cosmo_err err =
		uid_register_holder(ours->store, entry->uid, entry->name, sizeof(entry->name));

	if (err == COSMO_E_NOMEM)
		return err;
	entry->is_known = err == COSMO_E_NOT_FOUND || says_ours(err);
	entry->was_unread = entry->was_unread || !entry->is_known;
	if (err)
		entry->name[0] = '\0';
	if (!says_ours(err))
		return COSMO_OK;
	err = local_ids_have(ours->passwd_path, entry->uid, &local);
	entry->ours = err || !local;
	return COSMO_OK;
}

static enum cosmo_err remember(struct our_uids *ours, uint32_t uid)
{
	if (ours->count == ours->room) {
		size_t room = ours->room ? 2 * ours->room : FIRST_ROOM;
		void *more = reallocarray(ours->known, room, sizeof(*ours->known));

		if (!more)
			return COSMO_E_NOMEM;
		ours->known = more;
		ours->room = room;
	}
	ours->known[ours->count++] = (struct our_uid){.uid = uid};
	return COSMO_OK;
}

enum cosmo_err our_uids_have(
	struct our_uids *ours, uint32_t uid, bool *ret_have, const char **ret_name)
{
	size_t at = 0;
	enum cosmo_err err = COSMO_OK;

	*ret_have = false;
	if (uid == 0 || (ours->only && uid != ours->only))
		return COSMO_OK;
	while (at < ours->count && ours->known[at].uid != uid)
		at++;
	if (at == ours->count)
		err = remember(ours, uid);
	if (!err && !ours->known[at].is_known)
		err = find(ours, &ours->known[at]);
	if (err)
		return err;
	*ret_have = ours->known[at].ours;
	if (ret_name)
		*ret_name = ours->known[at].name;
	return COSMO_OK;
}

/* false: it is full now. */
static bool add_uid(char *list, size_t size, uint32_t uid)
{
	size_t used = strlen(list);
	size_t left = size - used;
	bool fits = left > UID_BYTES + strlen(MORE);

	if (fits)
		(void)snprintf(list + used, left, "%s%" PRIu32, used ? ", " : "", uid);
	else
		(void)snprintf(list + used, left, "%s", MORE);
	return fits;
}

uint64_t our_uids_unread(const struct our_uids *ours, char ret[OUR_UIDS_UNREAD_BYTES])
{
	bool has_room = true;
	uint64_t count = 0;

	ret[0] = '\0';
	for (size_t i = 0; i < ours->count; i++) {
		if (!ours->known[i].was_unread)
			continue;
		count++;
		has_room = has_room && add_uid(ret, OUR_UIDS_UNREAD_BYTES, ours->known[i].uid);
	}
	return count;
}
