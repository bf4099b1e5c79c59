/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/helper/admin.h"

#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/base/fdio.h"
#include "pam_cosmo_sso/helper/audit.h"
#include "pam_cosmo_sso/helper/integration.h"
#include "paths.h"

#define SEND_TIMEOUT_MS 30000
#define READ_MS         2000

static const struct {
	enum message_type type;
	enum cosmo_err (*handler)(struct admin *admin);
} handlers[] = {
	{MESSAGE_CTL_CONNECT, admin_connect},
	{MESSAGE_CTL_CHECK_CONFIG, admin_check_config},
	{MESSAGE_CTL_APPLY, admin_apply},
	{MESSAGE_CTL_BOOT, admin_boot},
	{MESSAGE_CTL_STATUS, admin_status},
	{MESSAGE_CTL_USER_LIST, admin_user_list},
	{MESSAGE_CTL_USER_SHOW, admin_user_show},
	{MESSAGE_CTL_USER_ADD, admin_user_add},
	{MESSAGE_CTL_ROLES_TEST, admin_roles_test},
	{MESSAGE_CTL_USER_REBIND, admin_user_rebind},
	{MESSAGE_CTL_SESSION_LIST, admin_session_list},
	{MESSAGE_CTL_SESSION_END, admin_session_end},
	{MESSAGE_CTL_CHECK, admin_check_idp},
	{MESSAGE_CTL_BACKUP, admin_backup},
	{MESSAGE_CTL_RESTORE, admin_restore},
	{MESSAGE_CTL_REPAIR, admin_repair},
	{MESSAGE_CTL_USER_CHANGE, admin_user_change},
	{MESSAGE_CTL_ADOPT, admin_adopt},
	{MESSAGE_CTL_DISCONNECT, admin_disconnect},
	{MESSAGE_CTL_REFRESH, admin_refresh},
	{MESSAGE_CTL_PROBE, admin_probe},
	{MESSAGE_CTL_USER_EXPLAIN, admin_user_explain},
	{MESSAGE_CTL_LOGIN_TEST, admin_login_test},
};

enum cosmo_err admin_send(struct admin *admin, struct message *item)
{
	enum cosmo_err err = dialogue_send(admin->dialogue, item, fdio_boot_ms() + SEND_TIMEOUT_MS);

	message_free(item);
	return err;
}

enum cosmo_err admin_send_step(struct admin *admin, const struct admin_step *step)
{
	struct message *item = NULL;
	enum cosmo_err err = message_new(MESSAGE_STEP_ITEM, &item);

	if (err)
		return err;
	message_put_str(item, FIELD_STEP_ID, step->id);
	message_put_err(item, step->outcome);
	message_put_u64(item, FIELD_COUNT, step->count);
	message_put_u64(item, FIELD_LEFT, step->left);
	message_put_str(item, FIELD_DETAIL, step->detail);
	return admin_send(admin, item);
}

enum cosmo_err admin_send_steps(struct admin *admin, const struct admin_step *steps, size_t count)
{
	enum cosmo_err err = COSMO_OK;

	for (size_t i = 0; i < count && !err; i++)
		err = admin_send_step(admin, &steps[i]);
	return err;
}

enum cosmo_err admin_progress(struct admin *admin, const char *format, ...)
{
	struct message *item = NULL;
	char text[512] = "";
	va_list args;
	enum cosmo_err err = message_new(MESSAGE_PROGRESS, &item);

	if (err)
		return err;
	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	message_put_str(item, FIELD_TEXT, text);
	return admin_send(admin, item);
}

enum cosmo_err admin_load_config(struct admin *admin, struct config **ret)
{
	struct config_problem problem = {0};
	enum cosmo_err err = config_load(COSMO_CONF_FILE, ret, &problem);

	if (err && problem.text[0] && problem.line)
		snprintf(admin->detail, sizeof(admin->detail), "%s:%u: %s", COSMO_CONF_FILE,
			problem.line, problem.text);
	else if (err)
		snprintf(admin->detail, sizeof(admin->detail), "%s: %s", COSMO_CONF_FILE,
			problem.text[0] ? problem.text : cosmo_err_text(err));
	return err;
}

static enum cosmo_err handle(struct admin *admin)
{
	for (size_t i = 0; i < COSMO_ARRAY_LEN(handlers); i++)
		if (handlers[i].type == message_type(admin->request))
			return handlers[i].handler(admin);
	return COSMO_E_PROTOCOL;
}

void admin_end_own(struct admin *admin, const struct session_scope *scope)
{
	admin->ends_own = true;
	admin->scope = *scope;
}

/* The peer has told what he was told when he has ended; one who stays is not waited for. */
static void end_own(struct admin *admin)
{
	COSMO_AUTO_FD int peer_fd = (int)syscall(SYS_pidfd_open, admin->peer, 0);
	struct pollfd end = {.fd = peer_fd, .events = POLLIN};
	struct session_tally tally = {0};

	if (peer_fd >= 0)
		(void)poll(&end, 1, READ_MS);
	/* Nobody is left to be told; what was ended is in the log. */
	if (session_end_own(admin->store, &admin->scope, &tally) != COSMO_OK || tally.left > 0)
		return;
	if (admin->finishes)
		(void)!integration_finish(admin->store);
}

enum cosmo_err admin_serve(
	struct dialogue *dialogue, struct store *store, const struct message *request, pid_t peer)
{
	struct admin admin = {
		.dialogue = dialogue, .store = store, .request = request, .peer = peer};
	struct message *result = NULL;
	enum cosmo_err outcome = COSMO_OK;
	enum cosmo_err err = COSMO_OK;

	actor_describe(peer, admin.by);
	outcome = handle(&admin);
	if (audit_lost())
		(void)!admin_progress(&admin,
			"%u line(s) about this are missing in the log: /dev/log has not taken them",
			audit_lost());
	err = message_new(MESSAGE_RESULT, &result);
	if (err)
		return err;
	message_put_err(result, outcome);
	message_put_str(result, FIELD_TEXT, admin.text);
	if (admin.detail[0])
		message_put_str(result, FIELD_DETAIL, admin.detail);
	err = admin_send(&admin, result);
	if (admin.ends_own)
		end_own(&admin);
	return err;
}
