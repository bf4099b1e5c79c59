/* SPDX-License-Identifier: MIT */
/* user lock, unlock, disconnect and remove: the record first, which counts from then on, then the
 * sessions, then the refresh token, for which the IdP is asked. */
#include <stdio.h>
#include <string.h>

#include "common/base/fdio.h"
#include "pam_cosmo_sso/helper/admin.h"
#include "pam_cosmo_sso/helper/audit.h"
#include "pam_cosmo_sso/helper/token_revoke.h"
#include "pam_cosmo_sso/helper/user_change.h"

#define REVOKE_MS ((int64_t)20 * 1000)

struct changing {
	struct admin *admin;
	struct user_order order;
	bool keep_sessions;
	struct config *config; /* NULL: there is none to be had */
	struct user_changed done;
	struct session_tally sessions;
	enum cosmo_err sessions_err;
	struct token_tally tokens;
	enum cosmo_err tokens_err;
};

static void changing_done(struct changing *changing)
{
	config_free(changing->config);
	user_changed_done(&changing->done);
}
COSMO_AUTO_DEFINE(struct changing *, changing_done);

static enum cosmo_err check_request(struct changing *changing)
{
	const struct message *request = changing->admin->request;
	uint64_t change = message_u64(request, FIELD_CHANGE, 0);

	if (!login_name_is_valid(changing->order.name, true)) {
		snprintf(changing->admin->detail, sizeof(changing->admin->detail),
			"this is not the form of a login name");
		return COSMO_E_INVALID;
	}
	if (change < USER_CHANGE_LOCK || change > USER_CHANGE_REMOVE)
		return COSMO_E_INVALID;
	changing->order.change = (enum user_change)change;
	return COSMO_OK;
}

static enum audit_event event_of(enum user_change change)
{
	switch (change) {
	case USER_CHANGE_LOCK:
		return AUDIT_USER_LOCKED;
	case USER_CHANGE_UNLOCK:
		return AUDIT_USER_UNLOCKED;
	case USER_CHANGE_DISCONNECT:
		return AUDIT_USER_DISCONNECTED;
	case USER_CHANGE_REMOVE:
		return AUDIT_USER_REMOVED;
	}
	return AUDIT_USER_CHANGE_REFUSED;
}

/* @step NULL: the change itself. A typed name is logged as that of somebody known alone. */
static void log_change(const struct changing *changing, const char *step, enum cosmo_err err)
{
	const struct record *record = changing->done.record;
	struct audit_line line = {
		.event = event_of(changing->order.change),
		.reason = err,
		.by = changing->admin->by,
		.step = step,
		.detail = step ? NULL : changing->order.why,
	};

	if (changing->order.dry_run)
		return;
	if (err && !step)
		line.event = AUDIT_USER_CHANGE_REFUSED;
	if (record || changing->done.unlisted) {
		line.user = changing->order.name;
		line.user_known = true;
	}
	if (record) {
		line.has_uid = true;
		line.uid = record->uid;
	}
	audit_send(&line);
}

static void explain(struct changing *changing, enum cosmo_err err)
{
	struct admin *admin = changing->admin;
	const char *name = changing->order.name;

	if (err == COSMO_E_NOT_FOUND)
		snprintf(admin->detail, sizeof(admin->detail),
			"nobody is enrolled under this name; see `cosmo-ssoctl user list`");
	else if (err == COSMO_E_REMOVED)
		snprintf(admin->detail, sizeof(admin->detail),
			"this user was removed; `cosmo-ssoctl user add %s` takes that back", name);
}

static void end_sessions(struct changing *changing)
{
	struct admin *admin = changing->admin;
	const struct session_scope scope = {
		.user = changing->order.name,
		.dry_run = changing->order.dry_run,
		.by = admin->by,
		.caller = admin->peer,
	};

	changing->sessions_err =
		session_end(admin->store, &scope, admin_tell_sessions, admin, &changing->sessions);
	if (!changing->sessions_err && changing->sessions.left)
		changing->sessions_err = COSMO_E_TIMEOUT;
	if (changing->sessions_err)
		log_change(changing, "sessions", changing->sessions_err);
	if (!scope.dry_run && changing->sessions.own)
		admin_end_own(admin, &scope);
}

/* Whoever has signed in again meanwhile has a token in his own right. */
static bool has_old_token(const struct changing *changing)
{
	COSMO_AUTO(record_free) struct record *record = NULL;

	return record_load(changing->admin->store, changing->order.name, &record) != COSMO_OK ||
	       (record->refresh_token && record->sign_outs == changing->done.record->sign_outs &&
		       record->signed_in_s == changing->done.record->signed_in_s);
}

static void end_token(struct changing *changing)
{
	const struct record *record = changing->done.record;

	if (changing->order.dry_run) {
		changing->tokens.revoked = record->refresh_token ? 1 : 0;
		return;
	}
	if (!has_old_token(changing))
		return;
	changing->tokens_err = token_revoke(changing->admin->store, changing->config,
		changing->order.name, REVOKE_MS, NULL, NULL, &changing->tokens);
	if (changing->tokens_err)
		log_change(changing, "tokens", changing->tokens_err);
	else if (changing->tokens.not_revoked)
		log_change(changing, "tokens", changing->tokens.why);
}

static void follow(struct changing *changing)
{
	enum user_change change = changing->order.change;

	if (!changing->done.record || change == USER_CHANGE_UNLOCK)
		return;
	if (!changing->keep_sessions)
		end_sessions(changing);
	if (change == USER_CHANGE_DISCONNECT || change == USER_CHANGE_REMOVE)
		end_token(changing);
}

static enum cosmo_err send_tokens(struct changing *changing)
{
	const struct token_tally *tokens = &changing->tokens;
	enum cosmo_err outcome = changing->tokens_err ? changing->tokens_err : tokens->why;
	const struct admin_step step = {"tokens", outcome, tokens->revoked, tokens->not_revoked,
		tokens->detail[0] ? tokens->detail : NULL};

	return admin_send_step(changing->admin, &step);
}

/* Nothing that could not be told changes what was done. */
static enum cosmo_err report(struct changing *changing)
{
	struct admin *admin = changing->admin;
	enum user_change change = changing->order.change;
	const struct admin_step record = {
		"record", COSMO_OK, changing->done.changed ? 1 : 0, 0, NULL};
	const struct admin_step listed = {"listed", COSMO_OK, 1, 0, NULL};
	enum cosmo_err err = COSMO_OK;

	if (changing->done.record)
		err = admin_send_step(admin, &record);
	if (!err && changing->done.unlisted)
		err = admin_send_step(admin, &listed);
	if (!err && changing->done.record && change != USER_CHANGE_UNLOCK &&
		!changing->keep_sessions)
		err = admin_send_sessions(admin, &changing->sessions, changing->sessions_err);
	if (!err && changing->done.record &&
		(change == USER_CHANGE_DISCONNECT || change == USER_CHANGE_REMOVE))
		err = send_tokens(changing);
	if (!err && changing->done.record)
		err = admin_send_user(admin, changing->order.name, changing->done.record);
	return err;
}

static enum cosmo_err outcome_of(struct changing *changing, enum cosmo_err sent)
{
	struct admin *admin = changing->admin;

	if (changing->sessions_err && changing->sessions.undone && changing->sessions.seen &&
		!changing->sessions.left)
		snprintf(admin->detail, sizeof(admin->detail),
			"the change is made and sessions are ended, but this could not be removed: %s",
			changing->sessions.undone);
	else if (changing->sessions_err)
		snprintf(admin->detail, sizeof(admin->detail),
			"the change is made, but not everything that runs could be ended");
	else if (changing->tokens_err)
		snprintf(admin->detail, sizeof(admin->detail),
			"the change is made, but the refresh token could not be wiped; say it again");
	if (changing->sessions_err)
		return changing->sessions_err;
	return changing->tokens_err ? changing->tokens_err : sent;
}

static void load_config(struct changing *changing)
{
	/* What concerns a person must be possible with a broken configuration too. */
	if (admin_load_config(changing->admin, &changing->config))
		changing->config = NULL;
	changing->admin->detail[0] = '\0';
}

enum cosmo_err admin_user_change(struct admin *admin)
{
	const struct message *request = admin->request;
	struct changing changing = {
		.admin = admin,
		.order = {.name = message_str(request, FIELD_USER),
			.why = message_str(request, FIELD_REASON),
			.dry_run = message_u64(request, FIELD_DRY_RUN, 0) != 0,
			.now_s = fdio_now_s()},
		.keep_sessions = message_u64(request, FIELD_KEEP_SESSIONS, 0) != 0,
	};
	COSMO_AUTO(changing_done) struct changing *owned = &changing;
	enum cosmo_err err = check_request(owned);

	if (err)
		return err;
	load_config(owned);
	err = user_change(admin->store, changing.config, &changing.order, &changing.done);
	log_change(owned, NULL, err);
	if (err) {
		explain(owned, err);
		return err;
	}
	follow(owned);
	return outcome_of(owned, report(owned));
}
