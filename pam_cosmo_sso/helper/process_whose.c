/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/helper/process_whose.h"

#include "common/base/local_names.h"
#include "pam_cosmo_sso/helper/carried_groups.h"
#include "pam_cosmo_sso/helper/user_namespace.h"

static enum cosmo_err note_owner(struct process *process, struct our_uids *ours)
{
	uint32_t owner = 0;
	bool have = false;
	enum cosmo_err err = user_namespace_owner(process->pid, &owner);

	/* Whose it is cannot be told of one that is gone, or where nobody may look. */
	if (err)
		return COSMO_OK;
	err = our_uids_have(ours, owner, &have, NULL);
	if (!err && have)
		process->whose = owner;
	return err;
}

/* What root runs with whose groups is root's own doing. */
static enum cosmo_err note_carrier(struct process *process, struct our_uids *ours)
{
	uint32_t owner = 0;
	enum cosmo_err err = COSMO_OK;

	for (size_t i = 0; i < COSMO_ARRAY_LEN(process->uids); i++)
		if (process->uids[i] == 0)
			return COSMO_OK;
	err = carried_groups_owner(process->pid, ours, LOCAL_GROUP_FILE, &owner);
	if (!err)
		process->whose = owner;
	return err == COSMO_E_NOT_FOUND ? COSMO_OK : err;
}

enum cosmo_err process_whose_find(struct process *process, struct our_uids *ours)
{
	enum cosmo_err err = COSMO_OK;

	for (size_t i = 0; i < COSMO_ARRAY_LEN(process->uids) && !err && !process->whose; i++) {
		bool have = false;

		err = our_uids_have(ours, process->uids[i], &have, NULL);
		if (!err && have)
			process->whose = process->uids[i];
	}
	if (!err && !process->whose)
		err = note_owner(process, ours);
	return err || process->whose ? err : note_carrier(process, ours);
}

bool process_whose_is_wholly(const struct process *process, uint32_t uid)
{
	for (size_t i = 0; i < COSMO_ARRAY_LEN(process->uids); i++)
		if (process->uids[i] != uid)
			return false;
	return true;
}
