/* SPDX-License-Identifier: MIT */
/* backup, restore, repair and adopt: what concerns the store as a whole. Nothing is said while the
 * lock is held: whoever asks may be slow to listen. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "pam_cosmo_sso/helper/admin.h"
#include "pam_cosmo_sso/helper/adopt.h"
#include "pam_cosmo_sso/helper/audit.h"
#include "pam_cosmo_sso/helper/backup.h"
#include "pam_cosmo_sso/helper/integration.h"
#include "pam_cosmo_sso/helper/repair.h"
#include "pam_cosmo_sso/helper/restore.h"

static bool is_dry_run(const struct admin *admin)
{
	return message_u64(admin->request, FIELD_DRY_RUN, 0) != 0;
}

static enum cosmo_err send_report(struct admin *admin, const struct repair_report *report)
{
	const struct admin_step steps[] = {
		{"users_db", report->users_db, 0, 0, NULL},
		{"seed", report->seed, 0, 0, NULL},
		{"integration", report->integration, 0, 0, NULL},
		{"records", report->damaged ? COSMO_E_STORE_DAMAGED : COSMO_OK, report->records,
			report->damaged, NULL},
		{"register", COSMO_OK, report->unregistered, 0, NULL},
		{"recordless", COSMO_OK, report->recordless, 0, NULL},
	};
	enum cosmo_err err = admin_send_steps(admin, steps, COSMO_ARRAY_LEN(steps));

	for (size_t i = 0; i < report->damaged && i < REPAIR_MAX_NAMED && !err; i++) {
		const struct admin_step step = {
			"damaged", report->named[i].err, 0, 1, report->named[i].name};

		err = admin_send_step(admin, &step);
	}
	return err;
}

static enum cosmo_err repair(struct admin *admin, struct repair_report *report)
{
	COSMO_AUTO(config_free) struct config *config = NULL;
	struct audit_line line = {.event = AUDIT_REPAIR, .by = admin->by};
	char detail[96] = "";
	/* What is not this machine's is adopted, not mended. */
	enum cosmo_err err = integration_check_machine(admin->store);

	if (!err)
		err = admin_load_config(admin, &config);
	if (err)
		return err;
	err = repair_run(admin->store, config, report);
	(void)snprintf(detail, sizeof(detail), "%" PRIu64 " records, %" PRIu64 " damaged",
		report->records, report->damaged);
	line.reason = err;
	line.detail = detail;
	audit_send(&line);
	return err;
}

/* Mended or not, a record that is lost is not there again. */
static enum cosmo_err outcome_of(struct admin *admin, const struct repair_report *report)
{
	if (!report->damaged)
		return COSMO_OK;
	snprintf(admin->detail, sizeof(admin->detail),
		"%" PRIu64 " record(s) are damaged and were left as they are: their users are "
		"locked, or not shown at all",
		report->damaged);
	return COSMO_E_STORE_DAMAGED;
}

enum cosmo_err admin_repair(struct admin *admin)
{
	COSMO_AUTO(free) struct repair_report *report = calloc(1, sizeof(*report));
	enum cosmo_err err = COSMO_E_NOMEM;
	enum cosmo_err sent = COSMO_OK;

	if (!report)
		return err;
	err = is_dry_run(admin) ? repair_look(admin->store, report) : repair(admin, report);
	if (report->records + report->damaged + report->names > 0 || !err)
		sent = send_report(admin, report);
	if (!err)
		err = sent;
	return err ? err : outcome_of(admin, report);
}

static void log_adoption(
	const struct admin *admin, const struct adopt_report *report, enum cosmo_err err)
{
	struct audit_line line = {.event = AUDIT_ADOPT, .reason = err, .by = admin->by};
	char detail[96] = "";

	(void)snprintf(detail, sizeof(detail), "%" PRIu64 " users, %" PRIu64 " tokens dropped",
		report->users, report->tokens);
	line.detail = detail;
	audit_send(&line);
}

enum cosmo_err admin_adopt(struct admin *admin)
{
	COSMO_AUTO(config_free) struct config *config = NULL;
	struct adopt_report report = {0};
	enum cosmo_err err = admin_load_config(admin, &config);
	const struct admin_step done[] = {{"ours", COSMO_OK, 1, 0, NULL}};

	if (!err)
		err = adopt(admin->store, config, is_dry_run(admin), &report);
	if (!err && report.is_ours)
		return admin_send_steps(admin, done, COSMO_ARRAY_LEN(done));
	if (config && !is_dry_run(admin))
		log_adoption(admin, &report, err);
	if (!err) {
		const struct admin_step steps[] = {
			{"users", COSMO_OK, report.users, 0, NULL},
			{"tokens", report.left ? COSMO_E_STORE_DAMAGED : COSMO_OK, report.tokens,
				report.left, NULL},
		};

		err = admin_send_steps(admin, steps, COSMO_ARRAY_LEN(steps));
	}
	return err;
}

static void log_copy(const struct admin *admin, enum audit_event event, enum cosmo_err err)
{
	const struct audit_line line = {.event = event,
		.reason = err,
		.by = admin->by,
		.detail = message_str(admin->request, FIELD_PATH)};

	audit_send(&line);
}

static void explain_backup(
	struct admin *admin, const struct backup_report *report, enum cosmo_err err)
{
	const char *path = message_str(admin->request, FIELD_PATH);

	if (report->problem[0])
		snprintf(admin->detail, sizeof(admin->detail), "%.500s: %s", path, report->problem);
	else if (err == COSMO_E_STORE_MISSING)
		snprintf(admin->detail, sizeof(admin->detail),
			"there is no uid_seed: this host was never connected, or has lost it");
	else if (!err && report->left > 0)
		snprintf(admin->detail, sizeof(admin->detail),
			"%" PRIu64 " records or entries of the register are damaged and not in the "
			"backup; see `cosmo-ssoctl repair --dry-run`",
			report->left);
}

enum cosmo_err admin_backup(struct admin *admin)
{
	struct backup_report report;
	enum cosmo_err err = backup(admin->store, message_str(admin->request, FIELD_PATH), &report);
	enum cosmo_err sent = COSMO_OK;

	log_copy(admin, AUDIT_BACKUP, err);
	explain_backup(admin, &report, err);
	if (!err) {
		const struct admin_step steps[] = {
			{"users", report.left ? COSMO_E_STORE_DAMAGED : COSMO_OK, report.users,
				report.left, NULL},
			{"uids", COSMO_OK, report.uids, 0, NULL},
		};

		sent = admin_send_steps(admin, steps, COSMO_ARRAY_LEN(steps));
		err = report.left ? COSMO_E_STORE_DAMAGED : sent;
	}
	return err;
}

/* Whom a restore would take something from. */
static void explain_refusal(struct admin *admin, bool is_connected)
{
	admin->text = is_connected ? "This host is connected. Nothing was changed."
				   : "This host has users. Nothing was changed.";
	snprintf(admin->detail, sizeof(admin->detail), "%s",
		is_connected ? "run `cosmo-ssoctl disconnect` first"
			     : "say --replace to have them replaced; make a backup before");
}

static void explain_file(struct admin *admin, enum cosmo_err err)
{
	const char *path = message_str(admin->request, FIELD_PATH);

	if (err == COSMO_E_INVALID)
		snprintf(admin->detail, sizeof(admin->detail), "there is no file %.500s", path);
	else if (err == COSMO_E_UNSAFE_FILE)
		snprintf(admin->detail, sizeof(admin->detail),
			"%.500s must be a file of root's own, no link, and not writable by others",
			path);
	else
		snprintf(admin->detail, sizeof(admin->detail), "%.500s", path);
}

static void explain_restore(
	struct admin *admin, const struct restore_report *report, enum cosmo_err err)
{
	if (report->problem.text)
		snprintf(admin->detail, sizeof(admin->detail), "%.500s, at byte %" PRIu64 ": %s",
			message_str(admin->request, FIELD_PATH), report->problem.at,
			report->problem.text);
	else if (err == COSMO_E_EXISTS)
		explain_refusal(admin, report->is_connected);
	else if (report->is_file)
		explain_file(admin, err);
	else if (err && report->is_in_place)
		snprintf(admin->detail, sizeof(admin->detail),
			"the users are restored, but what look-ups show could not be made anew: "
			"`cosmo-ssoctl adopt` does that too");
}

enum cosmo_err admin_restore(struct admin *admin)
{
	COSMO_AUTO(config_free) struct config *config = NULL;
	const struct restore_order order = {
		.path = message_str(admin->request, FIELD_PATH),
		.replace = message_u64(admin->request, FIELD_REPLACE, 0) != 0,
		.dry_run = is_dry_run(admin),
	};
	struct restore_report report = {0};
	enum cosmo_err err = admin_load_config(admin, &config);

	if (err)
		return err;
	err = restore(admin->store, &store_default_paths, config, &order, &report);
	explain_restore(admin, &report, err);
	if (!order.dry_run)
		log_copy(admin, AUDIT_RESTORE, err);
	if (!err) {
		const struct admin_step steps[] = {
			{"users", COSMO_OK, report.users, 0, NULL},
			{"uids", COSMO_OK, report.uids, 0, NULL},
		};

		err = admin_send_steps(admin, steps, COSMO_ARRAY_LEN(steps));
	}
	return err;
}
