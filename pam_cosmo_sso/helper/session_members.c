/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/helper/session_members.h"

#include <stdlib.h>
#include <unistd.h>

#include "pam_cosmo_sso/helper/logind.h"
#include "pam_cosmo_sso/helper/session_leader.h"

/* Sessions within sessions (setsid) whose first process has another parent by now. */
#define MAX_ROUNDS 8

enum kin {
	KIN_UNKNOWN,
	KIN_NO,
	KIN_YES,
};

struct kinship {
	const struct process_list *list;
	unsigned char *kin; /* enum kin of each */
	size_t *path;       /* room for the way up from one */
};

static size_t index_of(const struct process_list *list, const struct process *process)
{
	return (size_t)(process - list->items);
}

/* Go up from @from to somebody known, then tell it to all on the way, as far as the links hold. */
static void settle(struct kinship *kinship, size_t from)
{
	const struct process_list *list = kinship->list;
	enum kin kin = KIN_NO;
	size_t length = 0;
	size_t at = from;

	while (kinship->kin[at] == KIN_UNKNOWN && length < list->count) {
		const struct process *parent = process_list_find(list, list->items[at].ppid);

		kinship->path[length++] = at;
		if (!parent)
			break;
		at = index_of(list, parent);
	}
	if (kinship->kin[at] == KIN_YES)
		kin = KIN_YES;
	while (length > 0) {
		size_t child = kinship->path[--length];
		const struct process *parent = process_list_find(list, list->items[child].ppid);

		if (kin == KIN_YES && (!parent || !process_is_child(&list->items[child], parent)))
			kin = KIN_NO;
		kinship->kin[child] = (unsigned char)kin;
	}
}

static void settle_all(struct kinship *kinship)
{
	for (size_t i = 0; i < kinship->list->count; i++)
		if (kinship->kin[i] == KIN_NO)
			kinship->kin[i] = KIN_UNKNOWN;
	for (size_t i = 0; i < kinship->list->count; i++)
		if (kinship->kin[i] == KIN_UNKNOWN)
			settle(kinship, i);
}

/* As long as anybody is in a session of setsid(2), its number is nobody else's. */
static bool settle_sids(struct kinship *kinship)
{
	const struct process_list *list = kinship->list;
	bool found = false;

	for (size_t i = 0; i < list->count; i++) {
		const struct process *process = &list->items[i];
		const struct process *first = process_list_find(list, process->sid);

		if (kinship->kin[i] == KIN_YES || !first || first->sid != first->pid ||
			kinship->kin[index_of(list, first)] != KIN_YES ||
			process->start < first->start)
			continue;
		kinship->kin[i] = KIN_YES;
		found = true;
	}
	return found;
}

static bool is_in_scope(const struct process *process, const struct session *sessions, size_t count,
	bool (*wanted)(const void *context, const struct session *session), const void *context)
{
	char id[SESSION_LOGIND_BYTES] = "";
	uint32_t uid = 0;

	if (logind_session_of(process->pid, id, &uid) != COSMO_OK)
		return false;
	for (size_t i = 0; i < count; i++)
		if (!sessions[i].shared && sessions[i].uid == uid &&
			streq(sessions[i].logind, id) && wanted(context, &sessions[i]))
			return true;
	return false;
}

static void mark_scopes(struct kinship *kinship, const struct session *sessions, size_t count,
	bool (*wanted)(const void *context, const struct session *session), const void *context)
{
	bool any = false;

	for (size_t i = 0; i < count && !any; i++)
		any = sessions[i].logind[0] && !sessions[i].shared && wanted(context, &sessions[i]);
	for (size_t i = 0; any && i < kinship->list->count; i++)
		if (kinship->kin[i] != KIN_YES &&
			is_in_scope(&kinship->list->items[i], sessions, count, wanted, context))
			kinship->kin[i] = KIN_YES;
}

static void mark_leaders(struct kinship *kinship, const struct session *sessions, size_t count,
	bool (*wanted)(const void *context, const struct session *session), const void *context)
{
	for (size_t i = 0; i < count; i++) {
		const struct process *leader = process_list_find(kinship->list, sessions[i].leader);

		if (leader && leader->start == sessions[i].start && !sessions[i].shared &&
			wanted(context, &sessions[i]))
			kinship->kin[index_of(kinship->list, leader)] = KIN_YES;
	}
}

enum cosmo_err session_members_mark(const struct process_list *list, const struct session *sessions,
	size_t count, bool (*wanted)(const void *context, const struct session *session),
	const void *context, bool *member)
{
	COSMO_AUTO(free) unsigned char *kin = calloc(list->count + 1, sizeof(*kin));
	COSMO_AUTO(free) size_t *path = calloc(list->count + 1, sizeof(*path));
	struct kinship kinship = {.list = list, .kin = kin, .path = path};

	if (!kin || !path)
		return COSMO_E_NOMEM;
	for (size_t i = 0; i < count; i++)
		if (sessions[i].shared && wanted(context, &sessions[i]))
			session_leader_mark_users(list, &sessions[i], member);
	for (size_t i = 0; i < list->count; i++)
		if (member[i])
			kin[i] = KIN_YES;
	mark_leaders(&kinship, sessions, count, wanted, context);
	mark_scopes(&kinship, sessions, count, wanted, context);
	for (int round = 0; round < MAX_ROUNDS; round++) {
		settle_all(&kinship);
		if (!settle_sids(&kinship))
			break;
	}
	for (size_t i = 0; i < list->count; i++)
		if (kin[i] == KIN_YES && list->items[i].pid != getpid())
			member[i] = true;
	return COSMO_OK;
}
