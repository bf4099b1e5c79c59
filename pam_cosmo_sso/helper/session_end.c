/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/helper/session_end.h"

#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/fdio.h"
#include "common/base/local_names.h"
#include "pam_cosmo_sso/helper/audit.h"
#include "pam_cosmo_sso/helper/left_files.h"
#include "pam_cosmo_sso/helper/local_ids.h"
#include "pam_cosmo_sso/helper/logind.h"
#include "pam_cosmo_sso/helper/our_uids.h"
#include "pam_cosmo_sso/helper/process_end.h"
#include "pam_cosmo_sso/helper/session.h"
#include "pam_cosmo_sso/helper/session_members.h"
#include "pam_cosmo_sso/helper/slice_members.h"
#include "pam_cosmo_sso/helper/sudo_stamps.h"
#include "pam_cosmo_sso/helper/uid_kill.h"
#include "pam_cosmo_sso/helper/uid_register.h"
#include "pam_cosmo_sso/helper/user_namespace.h"

#define FIRST_ROOM    ((size_t)16)
#define MAX_ANCESTORS 64

#define HIDDEN_MS      2000
#define HIDDEN_LOOK_MS 10

/* Where a uid that nobody has is looked for: the end of the range that is ours unless configured
 * otherwise. */
#define SHIELD_FROM  UINT32_C(0x7ffdffff)
#define SHIELD_TRIES 64

struct ancestor {
	pid_t pid;
	uint64_t start;
};

struct ending {
	struct store *store;
	const struct session_scope *scope;
	struct session_tally *tally;
	struct our_uids ours;
	struct session *sessions; /* of the scope */
	size_t count;
	size_t room;
	struct ancestor ancestors[MAX_ANCESTORS]; /* the caller first */
	size_t ancestor_count;
	char own_logind[SESSION_LOGIND_BYTES]; /* the caller's; "": none */
	uint32_t own_uid;                      /* whose that is, or the first ancestor's of ours */
	session_progress progress;
	void *context;
	uint64_t shown;             /* last told by progress */
	bool *member;               /* of the present look: of a session that ends */
	bool *spared;               /* likewise */
	struct process_list before; /* the members of the look before */
	struct process_list acting; /* who acted for one of ours in each look so far */
	bool looked;
};

static void ending_done(struct ending *ending)
{
	our_uids_done(&ending->ours);
	process_list_done(&ending->before);
	process_list_done(&ending->acting);
	free(ending->sessions);
	free(ending->member);
	free(ending->spared);
}
COSMO_AUTO_DEFINE(struct ending *, ending_done);

static bool is_ancestor(const struct ending *ending, pid_t pid, uint64_t start)
{
	for (size_t i = 0; i < ending->ancestor_count; i++)
		if (ending->ancestors[i].pid == pid && ending->ancestors[i].start == start)
			return true;
	return false;
}

/* Is it the session in which the caller waits for his answer? */
static bool is_own(const void *context, const struct session *session)
{
	const struct ending *ending = context;

	return is_ancestor(ending, session->leader, session->start) ||
	       (ending->own_logind[0] && session->uid == ending->own_uid &&
		       streq(session->logind, ending->own_logind));
}

static bool is_ending(const void *context, const struct session *session)
{
	return !is_own(context, session);
}

/* Of the caller; he may be root, with no ancestor left that is the user. */
static enum cosmo_err find_own_logind(struct ending *ending)
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

/* The caller and whom he was started by. */
static enum cosmo_err find_ancestors(struct ending *ending)
{
	struct process process = {.ppid = ending->scope->caller};
	const char *name = NULL;
	bool ours = false;
	enum cosmo_err err = COSMO_OK;

	while (!err && process.ppid > 1 && ending->ancestor_count < MAX_ANCESTORS &&
		process_read(process.ppid, &process) == COSMO_OK) {
		ending->ancestors[ending->ancestor_count++] =
			(struct ancestor){process.pid, process.start};
		if (!ending->own_uid)
			err = our_uids_have(&ending->ours, process.uids[0], &ours, &name);
		if (!err && ours && !ending->own_uid)
			ending->own_uid = process.uids[0];
	}
	return err ? err : find_own_logind(ending);
}

static enum cosmo_err add_session(void *context, const struct session *session)
{
	struct ending *ending = context;
	bool ours = false;
	enum cosmo_err err = our_uids_have(&ending->ours, session->uid, &ours, NULL);

	if (err || !ours || (ending->scope->session && !streq(ending->scope->session, session->id)))
		return err;
	if (ending->count == ending->room) {
		size_t room = ending->room ? 2 * ending->room : FIRST_ROOM;
		void *more = reallocarray(ending->sessions, room, sizeof(*ending->sessions));

		if (!more)
			return COSMO_E_NOMEM;
		ending->sessions = more;
		ending->room = room;
	}
	ending->sessions[ending->count++] = *session;
	return COSMO_OK;
}

static enum cosmo_err note_owner(struct ending *ending, struct process *process)
{
	uint32_t owner = 0;
	bool ours = false;
	enum cosmo_err err = user_namespace_owner(process->pid, &owner);

	/* Whose it is cannot be told of one that is gone, or where nobody may look. */
	if (err)
		return COSMO_OK;
	err = our_uids_have(&ending->ours, owner, &ours, NULL);
	if (!err && ours)
		process->whose = owner;
	return err;
}

/* By one of its uids, or by the namespace that it is shut up in. */
static enum cosmo_err note_whose(struct ending *ending, struct process *process)
{
	enum cosmo_err err = COSMO_OK;

	for (size_t i = 0; i < COSMO_ARRAY_LEN(process->uids) && !err && !process->whose; i++) {
		bool ours = false;

		err = our_uids_have(&ending->ours, process->uids[i], &ours, NULL);
		if (!err && ours)
			process->whose = process->uids[i];
	}
	return err || process->whose ? err : note_owner(ending, process);
}

static bool is_wholly_ours(const struct process *process)
{
	return process->whose && process->uids[0] == process->whose &&
	       process->uids[1] == process->whose && process->uids[2] == process->whose;
}

/* A process of root that is somebody of ours for a moment, such as a service that opens a file on
 * his behalf. If it is seen so in each look until the end, it is to end. */
static bool acts_for_another(const struct process *process)
{
	return process->uids[0] == 0 && process->uids[2] == 0;
}

static bool has_acted_all_along(const struct ending *ending, const struct process *process)
{
	const struct process *before = process_list_find(&ending->acting, process->pid);

	return before && before->start == process->start;
}

static enum cosmo_err keep_acting(struct ending *ending, const struct process_list *list)
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
static enum cosmo_err keep_members(struct ending *ending, const struct process_list *list)
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

static enum cosmo_err make_marks(struct ending *ending, size_t count)
{
	free(ending->member);
	free(ending->spared);
	ending->member = calloc(count + 1, sizeof(*ending->member));
	ending->spared = calloc(count + 1, sizeof(*ending->spared));
	return ending->member && ending->spared ? COSMO_OK : COSMO_E_NOMEM;
}

/*
 * Who is of which session, who runs as one of ours, and who is spared. Where everything of a user
 * ends, what descends from his processes does too, and what root runs in his slice: what he started
 * by sudo in a terminal that has outlived its session, or from which it was cut loose.
 */
static enum cosmo_err mark(struct ending *ending, struct process_list *list)
{
	const struct slice_session own = {ending->own_uid, ending->own_logind};
	enum cosmo_err err = make_marks(ending, list->count);

	for (size_t i = 0; !ending->scope->session && i < list->count && !err; i++) {
		err = note_whose(ending, &list->items[i]);
		ending->member[i] = !err && is_wholly_ours(&list->items[i]);
	}
	if (!err)
		err = session_members_mark(
			list, ending->sessions, ending->count, is_ending, ending, ending->member);
	if (!err)
		err = session_members_mark(
			list, ending->sessions, ending->count, is_own, ending, ending->spared);
	if (!err && !ending->scope->session)
		err = slice_members_mark(list, &ending->ours, &own, ending->member, ending->spared);
	if (!err)
		err = keep_members(ending, list);
	for (size_t i = 0; i < list->count && !err; i++)
		if (list->items[i].pid == getpid() || list->items[i].pid == 1 ||
			is_ancestor(ending, list->items[i].pid, list->items[i].start))
			ending->spared[i] = true;
	return err;
}

static enum cosmo_err choose(void *context, struct process_list *list, bool last)
{
	struct ending *ending = context;
	enum cosmo_err err = mark(ending, list);

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
static bool whole_uid(void *context, const struct process_list *list, uint32_t uid)
{
	struct ending *ending = context;
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

static uint64_t count_ending(const struct ending *ending)
{
	uint64_t total = 0;

	for (size_t i = 0; i < ending->count; i++)
		total += is_ending(ending, &ending->sessions[i]);
	return total;
}

static void looked(void *context, const struct process_list *list)
{
	struct ending *ending = context;
	uint64_t done = 0;

	for (size_t i = 0; i < ending->count; i++) {
		const struct session *session = &ending->sessions[i];
		const struct process *leader = process_list_find(list, session->leader);

		if (is_ending(ending, session))
			done += !leader || leader->start != session->start;
	}
	if (ending->progress && done != ending->shown)
		ending->progress(ending->context, "sessions", done, count_ending(ending));
	ending->shown = done;
}

/* A uid that no process, no local user and nobody of ours has; 0: none was found. */
static uint32_t find_shield(const struct ending *ending)
{
	struct process_list list = {0};
	COSMO_AUTO(process_list_done) struct process_list *owned = &list;

	if (process_list_take(owned) != COSMO_OK)
		return 0;
	for (uint32_t uid = SHIELD_FROM; uid > SHIELD_FROM - SHIELD_TRIES; uid--) {
		char name[COSMO_MAX_NAME_BYTES + 1] = "";
		bool used = true;

		if (uid_register_holder(ending->store, uid, name, sizeof(name)) !=
				COSMO_E_NOT_FOUND ||
			local_ids_have(LOCAL_PASSWD_FILE, uid, &used) != COSMO_OK)
			continue;
		for (size_t i = 0; i < list.count && !used; i++)
			for (size_t j = 0; j < COSMO_ARRAY_LEN(list.items[i].uids); j++)
				used = used || list.items[i].uids[j] == uid;
		if (!used)
			return uid;
	}
	return 0;
}

/* logind knows sessions that we do not, and ends what it keeps for a user with the last of them. */
static enum cosmo_err end_by_logind(struct ending *ending)
{
	for (size_t i = 0; i < ending->count; i++) {
		const struct session *session = &ending->sessions[i];

		if (session->logind[0] && is_ending(ending, session))
			logind_end_session(session->logind);
	}
	return ending->scope->session ? COSMO_OK : logind_end_users(&ending->ours, ending->own_uid);
}

static void log_session(const struct ending *ending, const struct session *session)
{
	const struct audit_line line = {
		.event = AUDIT_SESSION_ENDED,
		.user = session->user[0] ? session->user : NULL,
		.user_known = true,
		.service = session->service[0] ? session->service : NULL,
		.rhost = session->rhost[0] ? session->rhost : NULL,
		.tty = session->tty[0] ? session->tty : NULL,
		.has_uid = true,
		.uid = session->uid,
		.by = ending->scope->by,
		.detail = session->id,
	};

	audit_send(&line);
}

/* The records of those whose leader is gone go, and each is logged. */
static enum cosmo_err settle_records(struct ending *ending)
{
	enum cosmo_err first = COSMO_OK;

	for (size_t i = 0; i < ending->count; i++) {
		const struct session *session = &ending->sessions[i];
		enum cosmo_err err = COSMO_OK;

		if (process_runs(session->leader, session->start))
			continue;
		log_session(ending, session);
		ending->tally->ended++;
		err = session_remove(
			store_run_fd(ending->store), session->leader, session->start, session->uid);
		first = first ? first : err;
	}
	return first;
}

/* Of one of ours, and to end. */
static bool is_left(const struct ending *ending, const struct process_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		if (list->items[i].whose && !ending->spared[i] &&
			!acts_for_another(&list->items[i]))
			return true;
	return false;
}

static enum cosmo_err kill_uids(struct ending *ending, uint32_t shield_uid, bool *ret_left)
{
	struct process_list list = {0};
	COSMO_AUTO(process_list_done) struct process_list *owned = &list;
	enum cosmo_err err = process_list_take(owned);

	if (!err)
		err = mark(ending, owned);
	*ret_left = !err && is_left(ending, owned);
	for (size_t i = 0; i < ending->ours.count && shield_uid && !err; i++) {
		uint32_t uid = ending->ours.known[i].uid;

		if (ending->ours.known[i].ours && whole_uid(ending, owned, uid))
			uid_kill(uid, shield_uid);
	}
	return err;
}

/*
 * One who forks from process to process may never have been in a list at the right moment. So the
 * kernel is asked, for everybody of whom anything was seen; then again, until those who were hit
 * are gone.
 */
static enum cosmo_err kill_hidden(struct ending *ending, uint32_t shield_uid)
{
	int64_t deadline_boot_ms = fdio_boot_ms() + HIDDEN_MS;
	bool left = true;
	enum cosmo_err err = kill_uids(ending, shield_uid, &left);

	if (ending->scope->session)
		return err;
	do {
		(void)poll(NULL, 0, HIDDEN_LOOK_MS);
		if (!err)
			err = kill_uids(ending, shield_uid, &left);
	} while (!err && left && fdio_boot_ms() < deadline_boot_ms);
	return err;
}

static enum cosmo_err end_processes(struct ending *ending)
{
	const struct process_ending processes = {
		.choose = choose,
		.whole_uid = whole_uid,
		.looked = looked,
		.context = ending,
		.grace_ms = ending->scope->grace_ms ? ending->scope->grace_ms : SESSION_GRACE_MS,
		.shield_uid = find_shield(ending),
	};

	enum cosmo_err err =
		process_end(&processes, &ending->tally->processes, &ending->tally->left);

	if (!err)
		err = kill_hidden(ending, processes.shield_uid);
	return err;
}

static enum cosmo_err rehearse(struct ending *ending)
{
	struct process_list list = {0};
	COSMO_AUTO(process_list_done) struct process_list *owned = &list;
	enum cosmo_err err = process_list_take(owned);

	if (!err)
		err = choose(ending, owned, true);
	for (size_t i = 0; i < list.count && !err; i++)
		ending->tally->processes += list.items[i].chosen;
	ending->tally->ended = count_ending(ending);
	return err;
}

static enum cosmo_err find_left_files(struct ending *ending)
{
	const struct left_scope scope = {
		.user = ending->scope->user,
		.folders = left_folders,
		.strip = ending->scope->strip_setgid && !ending->scope->dry_run,
	};
	struct session_tally *tally = ending->tally;
	struct left_files files = {0};
	enum cosmo_err err = left_files_find(ending->store, &ending->ours, &scope, &files);

	tally->setgid = files.found;
	tally->stripped = files.stripped;
	tally->unseen = files.unseen;
	tally->unseen_why = files.why;
	memcpy(tally->unseen_places, files.places, sizeof(files.places));
	/* What was to be done has been done but in part. */
	return !err && scope.strip ? files.why : err;
}

/* Everything is tried, whatever fails before it. */
static enum cosmo_err end_all(struct ending *ending)
{
	enum cosmo_err first = end_by_logind(ending);
	enum cosmo_err err = end_processes(ending);

	first = first ? first : err;
	err = settle_records(ending);
	first = first ? first : err;
	if (!ending->scope->session)
		err = sudo_stamps_remove(SUDO_STAMPS_FOLDER, &ending->ours);
	return first ? first : err;
}

static enum cosmo_err prepare(struct ending *ending)
{
	bool ours = false; /* asked so that it is known */
	enum cosmo_err err =
		our_uids_init(&ending->ours, ending->store, LOCAL_PASSWD_FILE, ending->scope->user);

	if (!err && ending->ours.only)
		err = our_uids_have(&ending->ours, ending->ours.only, &ours, NULL);
	if (!err)
		err = find_ancestors(ending);
	if (!err)
		err = session_each(store_run_fd(ending->store), add_session, ending);
	if (!err && ending->scope->session && ending->count == 0)
		return COSMO_E_NOT_FOUND;
	for (size_t i = 0; i < ending->count && !err; i++)
		if (is_own(ending, &ending->sessions[i]))
			ending->tally->own = true;
	return err;
}

enum cosmo_err session_end(struct store *store, const struct session_scope *scope,
	session_progress progress, void *context, struct session_tally *ret)
{
	struct ending ending = {
		.store = store,
		.scope = scope,
		.tally = ret,
		.progress = progress,
		.context = context,
	};
	COSMO_AUTO(ending_done) struct ending *owned = &ending;
	enum cosmo_err err = COSMO_OK;
	enum cosmo_err files_err = COSMO_OK;

	*ret = (struct session_tally){0};
	err = prepare(owned);
	if (err)
		return err;
	/* Still in there, we are not hit by our own signals; only logind would end us. */
	if (!scope->dry_run)
		(void)logind_leave();
	err = scope->dry_run ? rehearse(owned) : end_all(owned);
	if (!scope->session)
		files_err = find_left_files(owned);
	return err ? err : files_err;
}

enum cosmo_err session_end_own(
	struct store *store, const struct session_scope *scope, struct session_tally *ret)
{
	struct session_scope own = *scope;

	own.caller = 0;
	own.strip_setgid = false;
	return session_end(store, &own, NULL, NULL, ret);
}
