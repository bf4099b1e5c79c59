/* SPDX-License-Identifier: MIT */
/* What cosmo-ssoctl asks: one file per subject, all answers through the dialogue. */
#pragma once

#include "common/base/auto.h"
#include "common/base/err.h"
#include "common/config.h"
#include "common/dialogue.h"
#include "common/message.h"
#include "pam_cosmo_sso/helper/actor.h"
#include "pam_cosmo_sso/helper/records.h"
#include "pam_cosmo_sso/helper/session_end.h"
#include "pam_cosmo_sso/helper/store.h"

/* One request being served; everything borrowed. */
struct admin {
	struct dialogue *dialogue;
	struct store *store;
	const struct message *request;
	pid_t peer;                 /* the process that asks; 0: unknown */
	char by[ACTOR_BYTES];       /* the same in words, for the log */
	bool ends_own;              /* admin_end_own() was called */
	struct session_scope scope; /* for that */
	bool finishes;              /* then a disconnect is done with all its steps */
	const char *text;           /* for the RESULT, static; NULL: the code's own */
	char detail[1024]; /* for the RESULT: what precisely is wrong; "" if there is nothing to add
			    */
};

/*
 * Serve @request of the ctl channel, which @peer has sent, to its RESULT. Only failures to answer
 * are returned: those of dialogue_send().
 */
COSMO_MUST_USE enum cosmo_err admin_serve(
	struct dialogue *dialogue, struct store *store, const struct message *request, pid_t peer);

/* The handlers: what they return becomes the RESULT. */
enum cosmo_err admin_connect(struct admin *admin);
enum cosmo_err admin_check_config(struct admin *admin);
enum cosmo_err admin_apply(struct admin *admin);
enum cosmo_err admin_boot(struct admin *admin);
enum cosmo_err admin_status(struct admin *admin);
enum cosmo_err admin_user_list(struct admin *admin);
enum cosmo_err admin_user_show(struct admin *admin);
enum cosmo_err admin_user_add(struct admin *admin);
enum cosmo_err admin_roles_test(struct admin *admin);
enum cosmo_err admin_user_rebind(struct admin *admin);
enum cosmo_err admin_session_list(struct admin *admin);
enum cosmo_err admin_session_end(struct admin *admin);
enum cosmo_err admin_check_idp(struct admin *admin);
enum cosmo_err admin_backup(struct admin *admin);
enum cosmo_err admin_restore(struct admin *admin);
enum cosmo_err admin_repair(struct admin *admin);
enum cosmo_err admin_user_change(struct admin *admin);
enum cosmo_err admin_adopt(struct admin *admin);
enum cosmo_err admin_disconnect(struct admin *admin);
enum cosmo_err admin_refresh(struct admin *admin);
enum cosmo_err admin_probe(struct admin *admin);
enum cosmo_err admin_user_explain(struct admin *admin);
enum cosmo_err admin_login_test(struct admin *admin);

/* After disconnect_run() for @admin, which returned @outcome: what is wrong goes to admin->detail,
 * and the session that was spared for the peer's sake ends after the RESULT. */
struct disconnect_report;
void admin_disconnect_done(
	struct admin *admin, const struct disconnect_report *report, enum cosmo_err outcome);

/* Of a disconnect that @peer asks for: what can be done without a store, which is to close the
 * gate. @ret_detail says how that went. */
void admin_disconnect_gate(pid_t peer, char *ret_detail, size_t ret_size);

/* For the handlers: send an item (freed here), or a line of progress. */
COSMO_MUST_USE enum cosmo_err admin_send(struct admin *admin, struct message *item);
COSMO_MUST_USE enum cosmo_err admin_progress(struct admin *admin, const char *format, ...)
	COSMO_PRINTF(2, 3);

/* What one step of something longer came to. */
struct admin_step {
	const char *id;
	enum cosmo_err outcome;
	uint64_t count;     /* done */
	uint64_t left;      /* not done */
	const char *detail; /* NULL: none */
};
COSMO_MUST_USE enum cosmo_err admin_send_step(struct admin *admin, const struct admin_step *step);
COSMO_MUST_USE enum cosmo_err admin_send_steps(
	struct admin *admin, const struct admin_step *steps, size_t count);

/* The steps of session_end(), and its progress as a session_progress whose context is the admin. */
COSMO_MUST_USE enum cosmo_err admin_send_sessions(
	struct admin *admin, const struct session_tally *tally, enum cosmo_err outcome);
void admin_tell_sessions(void *context, const char *what, uint64_t done, uint64_t total);

/* Once the RESULT has arrived, end what session_end() spared for the peer's sake. What @scope
 * points to lasts as long as @admin. */
void admin_end_own(struct admin *admin, const struct session_scope *scope);

/* Send what is known of the user @name; NULL as @record: it is damaged. */
COSMO_MUST_USE enum cosmo_err admin_send_user(
	struct admin *admin, const char *name, const struct record *record);

/* Load the configuration; on failure admin->detail says file, line and what is wrong. */
COSMO_MUST_USE enum cosmo_err admin_load_config(struct admin *admin, struct config **ret);

/*
 * What can be said of a configuration only on this host: the judge compiles every role rule, and
 * local_groups_check(). What is wrong is said with @path and its line in admin->detail.
 */
COSMO_MUST_USE enum cosmo_err admin_check(
	struct admin *admin, const struct config *config, const char *path);

/* Put the roles of the bit mask @roles over @config, and the groups that they confer. */
void admin_put_roles(struct message *item, const struct config *config, uint64_t roles);

/* A line of progress for each role that nobody can have because no rule gives it, and for each
 * local group that a role is to confer and /etc/group does not have. */
COSMO_MUST_USE enum cosmo_err admin_warn(struct admin *admin, const struct config *config);
