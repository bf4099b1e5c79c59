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
#include "pam_cosmo_sso/helper/session_choice.h"
#include "pam_cosmo_sso/helper/session_leader.h"
#include "pam_cosmo_sso/helper/sudo_stamps.h"
#include "pam_cosmo_sso/helper/uid_kill.h"
#include "pam_cosmo_sso/helper/uid_register.h"

#define FIRST_ROOM ((size_t)16)

#define HIDDEN_MS      2000
#define HIDDEN_LOOK_MS 10

/* Where a uid that nobody has is looked for: the end of the range that is ours unless configured
 * otherwise. */
#define SHIELD_FROM  UINT32_C(0x7ffdffff)
#define SHIELD_TRIES 64

static enum cosmo_err add_session(void *context, const struct session *session)
{
	struct session_ending *ending = context;
	bool ours = false;
	enum cosmo_err err = COSMO_OK;

	if (ending->scope->session && !streq(ending->scope->session, session->id))
		return COSMO_OK;
	err = our_uids_have(&ending->ours, session->uid, &ours, NULL);
	if (err || !ours)
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

/* One process that has opened the sessions of two serves both, whatever it runs for them now. */
static enum cosmo_err compare_leaders(void *context, const struct session *session)
{
	struct session_ending *ending = context;

	for (size_t i = 0; i < ending->count; i++) {
		struct session *own = &ending->sessions[i];

		own->shared = own->shared ||
			      (own->leader == session->leader && own->start == session->start &&
				      own->uid != session->uid);
	}
	return COSMO_OK;
}

/* Before any signal: what tells of it may end by itself meanwhile. */
static enum cosmo_err find_shared(struct session_ending *ending)
{
	struct process_list list = {0};
	COSMO_AUTO(process_list_done) struct process_list *owned = &list;
	enum cosmo_err err = process_list_take(owned);

	if (!err)
		err = session_each(store_run_fd(ending->store), compare_leaders, ending);
	if (!err)
		err = session_leader_find_shared(
			owned, &ending->ours, ending->sessions, ending->count);
	for (size_t i = 0; i < ending->count && !err; i++) {
		struct session *session = &ending->sessions[i];

		session->idle = session->shared && session_leader_is_idle(owned, session);
	}
	return err;
}

static bool is_to_end(const struct session_ending *ending, const struct session *session)
{
	return !session->idle && session_choice_ends(ending, session);
}

static uint64_t count_ending(const struct session_ending *ending)
{
	uint64_t total = 0;

	for (size_t i = 0; i < ending->count; i++)
		total += is_to_end(ending, &ending->sessions[i]);
	return total;
}

static bool is_over(const struct process_list *list, const struct session *session)
{
	const struct process *leader = process_list_find(list, session->leader);

	return !leader || leader->start != session->start ||
	       (session->shared && session_leader_is_idle(list, session));
}

static void looked(void *context, const struct process_list *list)
{
	struct session_ending *ending = context;
	uint64_t done = 0;

	if (!list->is_whole)
		return;
	for (size_t i = 0; i < ending->count; i++) {
		const struct session *session = &ending->sessions[i];

		if (is_to_end(ending, session))
			done += is_over(list, session);
	}
	if (ending->progress && done != ending->shown)
		ending->progress(ending->context, "sessions", done, count_ending(ending));
	ending->shown = done;
}

/* A uid that no process, no local user and nobody of ours has; 0: none was found. */
static uint32_t find_shield(const struct session_ending *ending)
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

static void note_undone(struct session_ending *ending, enum cosmo_err err, const char *what)
{
	if (err && !ending->tally->undone)
		ending->tally->undone = what;
}

/* logind knows sessions that we do not, and ends what it keeps for a user with the last of them. */
static enum cosmo_err end_by_logind(struct session_ending *ending)
{
	enum cosmo_err err = COSMO_OK;
	enum cosmo_err first = COSMO_OK;

	for (size_t i = 0; i < ending->count; i++) {
		const struct session *session = &ending->sessions[i];

		if (session->logind[0] && !session->shared && session_choice_ends(ending, session))
			logind_end_session(session->logind);
	}
	if (ending->scope->session)
		return COSMO_OK;
	err = logind_end_lingering(&ending->ours);
	note_undone(ending, err, "lingering, in /var/lib/systemd/linger");
	first = logind_end_users(&ending->ours, session_choice_spares_slice, ending);
	return first ? first : err;
}

static void log_session(const struct session_ending *ending, const struct session *session)
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

/*
 * The record of one that is over goes. A leader that goes on has the session open still, and closes
 * it by itself: the record stays until then, and says what was seen of the leader, for that may not
 * be there to be seen the next time.
 */
static enum cosmo_err settle_record(struct session_ending *ending, const struct process_list *list,
	const struct session *session)
{
	int run_fd = store_run_fd(ending->store);
	bool runs = !process_is_gone(session->leader, session->start);

	if (runs && (!session->shared || !is_to_end(ending, session) ||
			    !session_leader_is_idle(list, session)))
		return COSMO_OK;
	log_session(ending, session);
	ending->tally->ended++;
	if (runs)
		return session->err ? COSMO_OK : session_add(run_fd, session);
	return session_remove(run_fd, session->leader, session->start, session->uid);
}

/* Each that is over is logged. Of one that cannot be seen that is not known. */
static enum cosmo_err settle_records(struct session_ending *ending)
{
	struct process_list list = {0};
	COSMO_AUTO(process_list_done) struct process_list *owned = &list;
	enum cosmo_err first = process_list_take(owned);

	if (!first && !list.is_whole)
		first = COSMO_E_IO;
	if (first)
		return first;
	for (size_t i = 0; i < ending->count; i++) {
		enum cosmo_err err = settle_record(ending, owned, &ending->sessions[i]);

		first = first ? first : err;
	}
	return first;
}

static enum cosmo_err kill_uids(struct session_ending *ending, uint32_t shield_uid, bool *ret_left)
{
	struct process_list list = {0};
	COSMO_AUTO(process_list_done) struct process_list *owned = &list;
	enum cosmo_err err = process_list_take(owned);

	if (!err)
		err = session_choice_mark(ending, owned);
	*ret_left = !err && session_choice_left(ending, owned);
	for (size_t i = 0; i < ending->ours.count && shield_uid && !err; i++) {
		uint32_t uid = ending->ours.known[i].uid;

		if (ending->ours.known[i].ours && session_choice_whole_uid(ending, owned, uid))
			uid_kill(uid, shield_uid);
	}
	return err;
}

/*
 * One who forks from process to process may never have been in a list at the right moment. So the
 * kernel is asked, for everybody of whom anything was seen; then again, until those who were hit
 * are gone.
 */
static enum cosmo_err kill_hidden(struct session_ending *ending, uint32_t shield_uid)
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

static enum cosmo_err end_processes(struct session_ending *ending)
{
	const struct process_ending processes = {
		.choose = session_choice_take,
		.whole_uid = session_choice_whole_uid,
		.looked = looked,
		.context = ending,
		.grace_ms = ending->scope->grace_ms ? ending->scope->grace_ms : SESSION_GRACE_MS,
		.shield_uid = find_shield(ending),
	};

	enum cosmo_err err =
		process_end(&processes, &ending->tally->processes, &ending->tally->left);
	enum cosmo_err hidden_err = kill_hidden(ending, processes.shield_uid);

	err = err ? err : hidden_err;
	ending->tally->seen = !err;
	return err;
}

static enum cosmo_err rehearse(struct session_ending *ending)
{
	struct process_list list = {0};
	COSMO_AUTO(process_list_done) struct process_list *owned = &list;
	enum cosmo_err err = process_list_take(owned);

	if (!err)
		err = session_choice_take(ending, owned, true);
	for (size_t i = 0; i < list.count && !err; i++)
		ending->tally->processes += list.items[i].chosen;
	ending->tally->ended = count_ending(ending);
	return err;
}

static enum cosmo_err find_left_files(struct session_ending *ending)
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
static enum cosmo_err end_all(struct session_ending *ending)
{
	enum cosmo_err first = end_by_logind(ending);
	enum cosmo_err err = end_processes(ending);

	first = first ? first : err;
	err = settle_records(ending);
	first = first ? first : err;
	if (ending->scope->session)
		return first ? first : err;
	first = first ? first : err;
	err = sudo_stamps_remove(SUDO_STAMPS_FOLDER, &ending->ours);
	note_undone(ending, err, "what sudo remembers, in " SUDO_STAMPS_FOLDER);
	return first ? first : err;
}

static bool is_unread(struct session_ending *ending)
{
	struct session_tally *tally = ending->tally;

	tally->unread = our_uids_unread(&ending->ours, tally->unread_uids);
	tally->seen = tally->seen && tally->unread == 0;
	return tally->unread > 0;
}

static enum cosmo_err prepare(struct session_ending *ending)
{
	bool ours = false; /* asked so that it is known */
	enum cosmo_err err =
		our_uids_init(&ending->ours, ending->store, LOCAL_PASSWD_FILE, ending->scope->user);

	if (!err && ending->ours.only)
		err = our_uids_have(&ending->ours, ending->ours.only, &ours, NULL);
	if (!err && is_unread(ending))
		err = COSMO_E_IO;
	if (!err)
		err = session_choice_find_caller(ending);
	if (!err)
		err = session_each(store_run_fd(ending->store), add_session, ending);
	if (!err && ending->scope->session && ending->count == 0)
		return is_unread(ending) ? COSMO_E_IO : COSMO_E_NOT_FOUND;
	if (!err)
		err = find_shared(ending);
	for (size_t i = 0; i < ending->count && !err; i++)
		if (!ending->sessions[i].idle &&
			session_choice_is_own(ending, &ending->sessions[i]))
			ending->tally->own = true;
	return err;
}

enum cosmo_err session_end(struct store *store, const struct session_scope *scope,
	session_progress progress, void *context, struct session_tally *ret)
{
	struct session_ending ending = {
		.store = store,
		.scope = scope,
		.tally = ret,
		.progress = progress,
		.context = context,
	};
	COSMO_AUTO(session_ending_done) struct session_ending *owned = &ending;
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
	if (is_unread(owned) && !scope->dry_run && !err)
		err = COSMO_E_IO;
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
