/* SPDX-License-Identifier: MIT */
/* disconnect. */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>

#include "pam_cosmo_sso/helper/admin.h"
#include "pam_cosmo_sso/helper/audit.h"
#include "pam_cosmo_sso/helper/disconnect.h"
#include "pam_cosmo_sso/helper/gate_write.h"
#include "paths.h"

static void send_sessions(struct admin *admin, const struct session_tally *tally)
{
	const struct admin_step items[] = {
		{"processes", tally->left ? COSMO_E_TIMEOUT : COSMO_OK, tally->processes,
			tally->left, NULL},
		{"setgid", tally->unseen_why, tally->stripped, tally->setgid - tally->stripped,
			tally->unseen ? tally->unseen_places : NULL},
		{"own", COSMO_OK, tally->own, 0, NULL},
	};

	(void)!admin_send_steps(admin, items, COSMO_ARRAY_LEN(items));
}

static void send_tokens(struct admin *admin, const struct token_tally *tally)
{
	const struct admin_step items[] = {
		{"revoked", tally->why, tally->revoked, tally->not_revoked,
			tally->detail[0] ? tally->detail : NULL},
		{"damaged", tally->damaged ? COSMO_E_STORE_DAMAGED : COSMO_OK, 0, tally->damaged,
			NULL},
	};

	(void)!admin_send_steps(admin, items, COSMO_ARRAY_LEN(items));
}

/* Whoever asked may be gone: the work goes on. */
static void send_step(
	void *context, enum disconnect_step step, const struct disconnect_report *report)
{
	const struct disconnect_outcome *outcome = &report->steps[step];
	const struct admin_step item = {disconnect_step_id(step), outcome->err, outcome->count,
		outcome->left, outcome->detail[0] ? outcome->detail : NULL};
	const struct admin_step again = {"again", COSMO_OK, report->was_disconnected, 0, NULL};

	(void)!admin_send_step(context, &item);
	if (step == DISCONNECT_GATE)
		(void)!admin_send_step(context, &again);
	if (step == DISCONNECT_SESSIONS)
		send_sessions(context, &report->sessions);
	else if (step == DISCONNECT_TOKENS)
		send_tokens(context, &report->tokens);
}

static void tell_progress(void *context, const char *what, uint64_t done, uint64_t total)
{
	(void)!admin_progress(context, "%" PRIu64 " of %" PRIu64 " %s", done, total, what);
}

/* What it means for this host. */
static void explain(struct admin *admin, const struct disconnect_report *report)
{
	static const char *const meanings[] = {
		[DISCONNECT_GATE] =
			"Nobody must be taken for more than a viewer; look after this file",
		[DISCONNECT_STATE] =
			"This host is disconnected until it is started again, then it is connected as before: mend this and run the command again",
		[DISCONNECT_SESSIONS] =
			"This host is disconnected, but something still runs as its users: run the command again",
		[DISCONNECT_FLOWS] =
			"This host is disconnected; sign-ins that wait end by themselves, refused",
		[DISCONNECT_TOKENS] =
			"This host is disconnected, but refresh tokens are still stored: run the command again",
		[DISCONNECT_CACHES] = "This host is disconnected: run the command again",
		[DISCONNECT_FINISH] =
			"This host is disconnected; that all of it is done could not be written",
	};

	static const char unseen[] =
		"This host is disconnected, but not everything could be looked at: run the command again";
	static const char undone[] =
		"This host is disconnected and nothing runs as its users, but something of theirs could not be removed: run the command again";

	for (size_t i = 0; i < COSMO_ARRAY_LEN(meanings); i++) {
		const char *meaning = meanings[i];

		if (!report->steps[i].err)
			continue;
		if (i == DISCONNECT_SESSIONS && !report->sessions.left)
			meaning =
				report->sessions.undone && report->sessions.seen ? undone : unseen;
		snprintf(admin->detail, sizeof(admin->detail), "%s. %s.", report->steps[i].detail,
			meaning);
		return;
	}
}

void admin_disconnect_done(
	struct admin *admin, const struct disconnect_report *report, enum cosmo_err outcome)
{
	const struct session_scope own = {.by = admin->by};

	explain(admin, report);
	if (!report->sessions.own)
		return;
	admin->finishes = outcome == COSMO_OK;
	admin_end_own(admin, &own);
}

/* Only for revoking: it must not stand in the way. */
static struct config *load_config(void)
{
	struct config_problem problem = {0};
	struct config *config = NULL;

	return config_load(COSMO_CONF_FILE, &config, &problem) ? NULL : config;
}

enum cosmo_err admin_disconnect(struct admin *admin)
{
	COSMO_AUTO(config_free) struct config *config = load_config();
	const struct disconnect_order order = {
		.reason = message_str(admin->request, FIELD_REASON),
		.by = admin->by,
		.keep_sessions = message_u64(admin->request, FIELD_KEEP_SESSIONS, 0) != 0,
		.strip_setgid = message_u64(admin->request, FIELD_STRIP_SETGID, 0) != 0,
		.dry_run = message_u64(admin->request, FIELD_DRY_RUN, 0) != 0,
		.config = config,
		.caller = admin->peer,
	};
	const struct disconnect_watcher watcher = {tell_progress, send_step, admin};
	struct disconnect_report report = {0};
	enum cosmo_err err = disconnect_run(admin->store, &order, &watcher, &report);

	if (order.dry_run)
		explain(admin, &report);
	else
		admin_disconnect_done(admin, &report, err);
	return err;
}

void admin_disconnect_gate(pid_t peer, char *ret_detail, size_t ret_size)
{
	COSMO_AUTO_FD int run_fd = open(COSMO_RUN_DIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char by[ACTOR_BYTES] = "";
	struct audit_line line = {.event = AUDIT_DISCONNECT_STEP,
		.by = by,
		.step = disconnect_step_id(DISCONNECT_GATE)};

	line.reason = run_fd < 0 ? COSMO_E_IO : gate_write_close(run_fd, NULL);
	if (line.reason == COSMO_E_NOT_FOUND)
		line.reason = COSMO_OK; /* nobody is anything but a viewer without one */
	actor_describe(peer, by);
	audit_send(&line);
	(void)snprintf(ret_detail, ret_size,
		line.reason
			? "the folders of the store cannot be used, and the gate could not be closed"
			: "the gate is closed until this host is started again, but the folders of the store cannot be used: mend them and run the command again");
}
