/* SPDX-License-Identifier: MIT */
/* session list and end. */
#include <inttypes.h>
#include <stdio.h>

#include "pam_cosmo_sso/helper/admin.h"
#include "pam_cosmo_sso/helper/session.h"
#include "pam_cosmo_sso/helper/uid_register.h"

/* Whose a damaged record is can still be told. */
static void put_user(struct admin *admin, struct message *item, const struct session *session)
{
	char name[COSMO_MAX_NAME_BYTES + 1] = "";

	if (session->user[0])
		(void)snprintf(name, sizeof(name), "%s", session->user);
	else if (uid_register_holder(admin->store, session->uid, name, sizeof(name)))
		name[0] = '\0';
	message_put_str(item, FIELD_USER, name[0] ? name : "?");
}

static enum cosmo_err send_session(void *context, const struct session *session)
{
	struct admin *admin = context;
	struct message *item = NULL;
	char integration[2 * INTEGRATION_BYTES + 1] = "";
	enum cosmo_err err = message_new(MESSAGE_SESSION_ITEM, &item);

	if (err)
		return err;
	format_hex(session->integration, INTEGRATION_BYTES, integration);
	message_put_str(item, FIELD_SESSION, session->id);
	put_user(admin, item, session);
	message_put_u64(item, FIELD_UID, session->uid);
	message_put_str(item, FIELD_SERVICE, session->service[0] ? session->service : "?");
	message_put_str(item, FIELD_TTY, session->tty[0] ? session->tty : NULL);
	message_put_str(item, FIELD_RHOST, session->rhost[0] ? session->rhost : NULL);
	message_put_u64(item, FIELD_LEADER_PID, (uint64_t)session->leader);
	message_put_u64(item, FIELD_OPENED_S, (uint64_t)session->opened_s);
	message_put_str(item, FIELD_LOGIND_SESSION, session->logind[0] ? session->logind : NULL);
	if (session->err)
		message_put_err(item, session->err);
	else
		message_put_str(item, FIELD_INTEGRATION, integration);
	return admin_send(admin, item);
}

enum cosmo_err admin_session_list(struct admin *admin)
{
	return session_each(store_run_fd(admin->store), send_session, admin);
}

enum cosmo_err admin_send_sessions(
	struct admin *admin, const struct session_tally *tally, enum cosmo_err outcome)
{
	const struct admin_step steps[] = {
		{"sessions", outcome, tally->ended, 0, tally->undone},
		{"processes", tally->left ? COSMO_E_TIMEOUT : COSMO_OK, tally->processes,
			tally->left, NULL},
		{"setgid", tally->unseen_why, tally->stripped, tally->setgid - tally->stripped,
			tally->unseen ? tally->unseen_places : NULL},
		{"own", COSMO_OK, 1, 0, NULL},
	};

	return admin_send_steps(admin, steps, COSMO_ARRAY_LEN(steps) - (tally->own ? 0 : 1));
}

void admin_tell_sessions(void *context, const char *what, uint64_t done, uint64_t total)
{
	if (admin_progress(context, "%" PRIu64 " of %" PRIu64 " %s ended", done, total, what))
		return; /* whoever asked is gone: the work goes on */
}

static void explain(struct admin *admin, const struct session_scope *scope, enum cosmo_err err,
	const struct session_tally *tally)
{
	if (err == COSMO_E_NOT_FOUND)
		snprintf(admin->detail, sizeof(admin->detail), "%s",
			scope->session ? "there is no such session; see `cosmo-ssoctl session list`"
				       : "there is no such user; see `cosmo-ssoctl user list`");
	else if (err == COSMO_E_INVALID)
		snprintf(admin->detail, sizeof(admin->detail),
			"this is not the form of a login name");
	else if (tally->unread)
		snprintf(admin->detail, sizeof(admin->detail),
			"not ended, for whose they are cannot be read: uids %s",
			tally->unread_uids);
	else if (tally->left)
		snprintf(admin->detail, sizeof(admin->detail),
			"%" PRIu64 " processes could not be ended", tally->left);
	else if (tally->undone && tally->seen)
		snprintf(admin->detail, sizeof(admin->detail),
			"nothing runs any more, but this could not be removed: %s", tally->undone);
}

enum cosmo_err admin_session_end(struct admin *admin)
{
	struct session_scope scope = {
		.user = message_str(admin->request, FIELD_USER),
		.session = message_str(admin->request, FIELD_SESSION),
		.dry_run = message_u64(admin->request, FIELD_DRY_RUN, 0) != 0,
		.by = admin->by,
		.caller = admin->peer,
	};
	struct session_tally tally = {0};
	enum cosmo_err err = COSMO_OK;
	enum cosmo_err sent = COSMO_OK;

	if (!scope.user == !scope.session) {
		snprintf(admin->detail, sizeof(admin->detail), "say a session, or whose");
		return COSMO_E_INVALID;
	}
	err = session_end(admin->store, &scope, admin_tell_sessions, admin, &tally);
	explain(admin, &scope, err, &tally);
	if (!scope.dry_run && tally.own)
		admin_end_own(admin, &scope);
	sent = admin_send_sessions(admin, &tally, err);
	if (!err && tally.left)
		err = COSMO_E_TIMEOUT;
	return err ? err : sent;
}
