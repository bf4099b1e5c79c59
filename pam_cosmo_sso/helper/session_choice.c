/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/helper/session_choice.h"

#include <stdlib.h>
#include <unistd.h>

#include "pam_cosmo_sso/helper/logind.h"
#include "pam_cosmo_sso/helper/process_whose.h"
#include "pam_cosmo_sso/helper/session_leader.h"
#include "pam_cosmo_sso/helper/session_members.h"
#include "pam_cosmo_sso/helper/slice_members.h"

void session_ending_done(struct session_ending *ending)
{
	our_uids_done(&ending->ours);
	process_list_done(&ending->before);
	process_list_done(&ending->acting);
	free(ending->sessions);
	free(ending->member);
	free(ending->spared);
	free(ending->serving);
}

static bool is_ancestor(const struct session_ending *ending, pid_t pid, uint64_t start)
{
	for (size_t i = 0; i < ending->ancestor_count; i++)
		if (ending->ancestors[i].pid == pid && ending->ancestors[i].start == start)
			return true;
	return false;
}

bool session_choice_is_own(const void *context, const struct session *session)
{
	const struct session_ending *ending = context;

	if (is_ancestor(ending, session->leader, session->start))
		return !session->shared || session->uid == ending->own_uid;
	return ending->own_logind[0] && session->uid == ending->own_uid &&
	       streq(session->logind, ending->own_logind);
}

bool session_choice_ends(const void *context, const struct session *session)
{
	return !session_choice_is_own(context, session);
}

/* Of the caller; he may be root, with no ancestor left that is the user. */
static enum cosmo_err find_own_logind(struct session_ending *ending)
{
	uint32_t uid = 0;
	bool ours = false;
	enum cosmo_err err = COSMO_OK;

	if (ending->scope->caller > 1 &&
		logind_session_of(ending->scope->caller, ending->own_logind, &uid) == COSMO_OK)
		err = our_uids_have(&ending->ours, uid, &ours, NULL);
	if (!err && ours && !ending->own_uid)
		ending->own_uid = uid;
	if (!ours || uid != ending->own_uid)
		ending->own_logind[0] = '\0';
	return err;
}

enum cosmo_err session_choice_find_caller(struct session_ending *ending)
{
	struct process process = {.ppid = ending->scope->caller};
	const char *name = NULL;
	bool ours = false;
	enum cosmo_err err = COSMO_OK;

	while (!err && process.ppid > 1 && ending->ancestor_count < SESSION_MAX_ANCESTORS &&
		process_read(process.ppid, &process) == COSMO_OK) {
		ending->ancestors[ending->ancestor_count++] =
			(struct session_ancestor){process.pid, process.start};
		if (!ending->own_uid)
			err = our_uids_have(&ending->ours, process.uids[0], &ours, &name);
		if (!err && ours && !ending->own_uid)
			ending->own_uid = process.uids[0];
	}
	return err ? err : find_own_logind(ending);
}

static bool is_wholly_ours(const struct process *process)
{
	return process->whose && process_whose_is_wholly(process, process->whose);
}

/* A process of root that is somebody of ours for a moment, such as a service that opens a file on
 * his behalf. If it is seen so in each look until the end, it is to end. */
static bool acts_for_another(const struct process *process)
{
	return process->uids[0] == 0 && process->uids[2] == 0;
}

static bool has_acted_all_along(const struct session_ending *ending, const struct process *process)
{
	const struct process *before = process_list_find(&ending->acting, process->pid);

	return before && before->start == process->start;
}

static enum cosmo_err keep_acting(struct session_ending *ending, const struct process_list *list)
{
	struct process_list now = {.items = calloc(list->count + 1, sizeof(*now.items))};

	if (!now.items)
		return COSMO_E_NOMEM;
	for (size_t i = 0; i < list->count; i++)
		if (list->items[i].whose && acts_for_another(&list->items[i]) &&
			(!ending->looked || has_acted_all_along(ending, &list->items[i])))
			now.items[now.count++] = list->items[i];
	process_list_done(&ending->acting);
	ending->acting = now;
	ending->looked = true;
	return COSMO_OK;
}

/* Once a member, always one: with its parent's end a process loses what it was known by. */
static enum cosmo_err keep_members(struct session_ending *ending, const struct process_list *list)
{
	struct process_list now = {.items = calloc(list->count + 1, sizeof(*now.items))};

	if (!now.items)
		return COSMO_E_NOMEM;
	for (size_t i = 0; i < list->count; i++) {
		const struct process *process = &list->items[i];
		const struct process *before = process_list_find(&ending->before, process->pid);

		if (before && before->start == process->start)
			ending->member[i] = true;
		if (ending->member[i])
			now.items[now.count++] = *process;
	}
	process_list_done(&ending->before);
	ending->before = now;
	return COSMO_OK;
}

static enum cosmo_err make_marks(struct session_ending *ending, size_t count)
{
	free(ending->member);
	free(ending->spared);
	free(ending->serving);
	ending->member = calloc(count + 1, sizeof(*ending->member));
	ending->spared = calloc(count + 1, sizeof(*ending->spared));
	ending->serving = calloc(count + 1, sizeof(*ending->serving));
	return ending->member && ending->spared && ending->serving ? COSMO_OK : COSMO_E_NOMEM;
}

static bool has_leader_before(const struct session_ending *ending, size_t at)
{
	const struct session *session = &ending->sessions[at];

	for (size_t i = 0; i < at; i++)
		if (ending->sessions[i].shared && ending->sessions[i].leader == session->leader &&
			ending->sessions[i].start == session->start)
			return true;
	return false;
}

/* logind puts a service that opens sessions into the first of them, and what it starts too. */
static void mark_serving(struct session_ending *ending, const struct process_list *list)
{
	for (size_t i = 0; i < ending->count; i++) {
		if (!ending->sessions[i].shared || has_leader_before(ending, i))
			continue;
		for (size_t j = 0; j < list->count; j++)
			if (session_leader_leads(list, &ending->sessions[i], &list->items[j]))
				ending->serving[j] = true;
	}
}

bool session_choice_spares_slice(const void *context, uint32_t uid)
{
	const struct session_ending *ending = context;

	if (uid == ending->own_uid)
		return true;
	for (size_t i = 0; i < ending->count; i++) {
		const struct session *session = &ending->sessions[i];
		uint32_t slice_uid = 0;

		if (session->shared && process_runs(session->leader, session->start) &&
			logind_slice_of(session->leader, &slice_uid) == COSMO_OK &&
			slice_uid == uid)
			return true;
	}
	return false;
}

/*
 * Who is of which session, who runs as one of ours, and who is spared. Where everything of a user
 * ends, what descends from his processes does too, and what root runs in his slice: what he started
 * by sudo in a terminal that has outlived its session, or from which it was cut loose.
 */
enum cosmo_err session_choice_mark(struct session_ending *ending, struct process_list *list)
{
	const struct slice_session own = {ending->own_uid, ending->own_logind};
	enum cosmo_err err = make_marks(ending, list->count);

	for (size_t i = 0; !ending->scope->session && i < list->count && !err; i++) {
		err = process_whose_find(&list->items[i], &ending->ours);
		ending->member[i] = !err && is_wholly_ours(&list->items[i]);
	}
	if (!err)
		err = session_members_mark(list, ending->sessions, ending->count,
			session_choice_ends, ending, ending->member);
	if (!err)
		err = session_members_mark(list, ending->sessions, ending->count,
			session_choice_is_own, ending, ending->spared);
	if (!err)
		mark_serving(ending, list);
	if (!err && !ending->scope->session)
		err = slice_members_mark(
			list, &ending->ours, &own, ending->serving, ending->member, ending->spared);
	if (!err)
		err = keep_members(ending, list);
	for (size_t i = 0; i < list->count && !err; i++)
		if (list->items[i].pid == getpid() || list->items[i].pid == 1 ||
			is_ancestor(ending, list->items[i].pid, list->items[i].start))
			ending->spared[i] = true;
	return err;
}

enum cosmo_err session_choice_take(void *context, struct process_list *list, bool last)
{
	struct session_ending *ending = context;
	enum cosmo_err err = session_choice_mark(ending, list);

	if (!err)
		err = keep_acting(ending, list);
	for (size_t i = 0; i < list->count && !err; i++) {
		struct process *process = &list->items[i];

		if ((process->whose || ending->member[i]) && ending->spared[i])
			ending->tally->own = true;
		if (ending->spared[i] || (!process->whose && !ending->member[i]))
			continue;
		process->awaited = !ending->member[i] && acts_for_another(process) &&
				   !(last && has_acted_all_along(ending, process));
		process->chosen = !process->awaited;
	}
	return err;
}

/* Nobody spared may run as this user, in whichever of the ways. */
bool session_choice_whole_uid(void *context, const struct process_list *list, uint32_t uid)
{
	struct session_ending *ending = context;
	bool ours = false;

	if (ending->scope->session || our_uids_have(&ending->ours, uid, &ours, NULL) || !ours)
		return false;
	for (size_t i = 0; i < list->count; i++) {
		if (ending->spared[i] && list->items[i].whose == uid)
			return false;
		for (size_t j = 0; ending->spared[i] && j < COSMO_ARRAY_LEN(list->items[i].uids);
			j++)
			if (list->items[i].uids[j] == uid)
				return false;
	}
	return true;
}

/* Of one of ours, and to end. */
bool session_choice_left(const struct session_ending *ending, const struct process_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		if (list->items[i].whose && !ending->spared[i] &&
			!acts_for_another(&list->items[i]))
			return true;
	return false;
}
