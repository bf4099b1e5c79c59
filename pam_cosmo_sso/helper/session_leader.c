/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/helper/session_leader.h"

#include "pam_cosmo_sso/helper/process_whose.h"

bool session_leader_leads(const struct process_list *list, const struct session *session,
	const struct process *process)
{
	const struct process *at = process;

	for (size_t steps = 0; at && at->pid != session->leader && steps < list->count; steps++)
		at = process_list_find(list, at->ppid);
	if (!at || at->pid != session->leader || at->start != session->start)
		return false;
	for (at = process; at->pid != session->leader;) {
		const struct process *parent = process_list_find(list, at->ppid);

		if (!process_is_child(at, parent))
			return false;
		at = parent;
	}
	return true;
}

/* The uid alone does not tell: with a set-uid program, or a uid of subuid(5), the user himself
 * would make his leader look so, and keep it. */
static enum cosmo_err is_anothers(const struct process *child, const struct session *session,
	struct our_uids *ours, bool *ret)
{
	struct process process = *child;
	enum cosmo_err err = COSMO_OK;

	*ret = false;
	if (process.uids[0] == 0 || process.uids[0] == session->uid ||
		!process_whose_is_wholly(&process, process.uids[0]))
		return COSMO_OK;
	process.whose = 0;
	err = process_whose_find(&process, ours);
	*ret = !err && process.whose != session->uid;
	return err;
}

static enum cosmo_err serves_others(const struct process_list *list, const struct session *session,
	struct our_uids *ours, bool *ret)
{
	const struct process *leader = process_list_find(list, session->leader);
	enum cosmo_err err = COSMO_OK;

	*ret = false;
	if (!leader || leader->start != session->start || !process_whose_is_wholly(leader, 0))
		return COSMO_OK;
	for (size_t i = 0; i < list->count && !err && !*ret; i++) {
		const struct process *child = &list->items[i];

		if (child->ppid == leader->pid && process_is_child(child, leader))
			err = is_anothers(child, session, ours, ret);
	}
	return err;
}

enum cosmo_err session_leader_find_shared(const struct process_list *list, struct our_uids *ours,
	struct session *sessions, size_t count)
{
	enum cosmo_err err = COSMO_OK;

	for (size_t i = 0; i < count && !err; i++)
		if (!sessions[i].shared)
			err = serves_others(list, &sessions[i], ours, &sessions[i].shared);
	return err;
}

static bool is_users(const struct process_list *list, const struct session *session,
	const struct process *process)
{
	return process_whose_is_wholly(process, session->uid) &&
	       session_leader_leads(list, session, process);
}

void session_leader_mark_users(
	const struct process_list *list, const struct session *session, bool *member)
{
	for (size_t i = 0; i < list->count; i++)
		if (is_users(list, session, &list->items[i]))
			member[i] = true;
}

bool session_leader_is_idle(const struct process_list *list, const struct session *session)
{
	for (size_t i = 0; i < list->count; i++)
		if (is_users(list, session, &list->items[i]))
			return false;
	return true;
}
