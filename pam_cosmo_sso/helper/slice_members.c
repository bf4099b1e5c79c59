/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/helper/slice_members.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "pam_cosmo_sso/helper/logind.h"
#include "pam_cosmo_sso/helper/session.h"

/* What follows the name of a program that was replaced since. */
#define DELETED " (deleted)"

/* Its children have it as parent; the one that serves a session has its listener, or has ended. */
static bool is_sshd_listener(const struct process *process)
{
	char path[64] = "";
	char program[PATH_MAX] = "";
	const char *name = NULL;
	ssize_t len = 0;

	if (process->ppid != 1)
		return false;
	(void)snprintf(path, sizeof(path), "/proc/%ld/exe", (long)process->pid);
	len = readlink(path, program, sizeof(program) - 1);
	if (len < 0)
		return false;
	program[len] = '\0';
	name = strrchr(program, '/');
	return name && (streq(name, "/sshd") || streq(name, "/sshd" DELETED));
}

static bool is_roots(const struct process *process)
{
	return process->pid != 1 && process->uids[0] == 0 && process->uids[2] == 0;
}

static bool is_in(const struct process *process, const struct slice_session *session)
{
	char id[SESSION_LOGIND_BYTES] = "";
	uint32_t uid = 0;

	return session->id[0] && logind_session_of(process->pid, id, &uid) == COSMO_OK &&
	       uid == session->uid && streq(id, session->id);
}

enum cosmo_err slice_members_mark(const struct process_list *list, struct our_uids *ours,
	const struct slice_session *spared, const bool *serving, bool *ret_member, bool *ret_spared)
{
	enum cosmo_err err = COSMO_OK;

	for (size_t i = 0; i < list->count && !err; i++) {
		const struct process *process = &list->items[i];
		uint32_t uid = 0;
		bool have = false;

		/* One that is gone is in none. */
		if (serving[i] || !is_roots(process) ||
			logind_slice_of(process->pid, &uid) != COSMO_OK)
			continue;
		err = our_uids_have(ours, uid, &have, NULL);
		if (err || !have || is_sshd_listener(process))
			continue;
		ret_member[i] = true;
		if (is_in(process, spared))
			ret_spared[i] = true;
	}
	return err;
}
