/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/helper/serve.h"

#include "common/base/fdio.h"
#include "pam_cosmo_sso/helper/account.h"
#include "pam_cosmo_sso/helper/admin.h"
#include "pam_cosmo_sso/helper/caller_process.h"
#include "pam_cosmo_sso/helper/exchange.h"
#include "pam_cosmo_sso/helper/lease_text.h"
#include "pam_cosmo_sso/helper/refusal_text.h"
#include "pam_cosmo_sso/helper/session_phase.h"
#include "pam_cosmo_sso/helper/sign_in.h"
#include "pam_cosmo_sso/helper/store.h"

/* Both sides are processes of this host: a message is sent or read at once or never. */
#define MESSAGE_MS 10000

#define DETAIL_BYTES 512

static enum cosmo_err answer(struct exchange *exchange)
{
	enum message_type type = message_type(exchange->request);

	if (type == MESSAGE_SIGN_IN)
		return sign_in_answer(exchange);
	if (type == MESSAGE_ACCOUNT)
		return account_answer(exchange);
	if (type == MESSAGE_OPEN_SESSION)
		return session_phase_open(exchange);
	if (type == MESSAGE_CLOSE_SESSION)
		return session_phase_close(exchange);
	return COSMO_E_PROTOCOL;
}

/* @text NULL: that of the outcome; @detail NULL: none. */
static enum cosmo_err send_result(
	struct dialogue *dialogue, enum cosmo_err outcome, const char *text, const char *detail)
{
	COSMO_AUTO(message_free) struct message *result = NULL;
	enum cosmo_err err = message_new(MESSAGE_RESULT, &result);

	if (err)
		return err;
	message_put_err(result, outcome);
	message_put_str(result, FIELD_TEXT, text ? text : cosmo_err_text(outcome));
	message_put_str(result, FIELD_DETAIL, detail);
	return dialogue_send(dialogue, result, fdio_boot_ms() + MESSAGE_MS);
}

static enum cosmo_err serve_module(struct dialogue *dialogue, struct store *store,
	const struct message *request, const struct caller_process *caller)
{
	struct exchange exchange = {0};
	COSMO_AUTO(exchange_done) struct exchange *owned = &exchange;
	char text[REFUSAL_TEXT_BYTES] = "";
	enum cosmo_err outcome = COSMO_E_INTERNAL;
	enum cosmo_err err = COSMO_OK;

	exchange_init(owned, store, dialogue, request, caller);
	outcome = answer(owned);
	if (exchange.is_left_open)
		return COSMO_OK;
	if (outcome)
		refusal_text(owned, outcome, text);
	else
		lease_text(owned, text);
	err = send_result(dialogue, outcome, text[0] ? text : NULL, NULL);
	account_finish(owned);
	return err;
}

/* Without a store nobody can be judged, but everybody can be made a viewer. The one line says why.
 */
static enum cosmo_err refuse(struct dialogue *dialogue, const struct message *request,
	pid_t peer_pid, enum cosmo_err outcome)
{
	const struct audit_line line = {.event = AUDIT_REQUEST_REFUSED, .reason = outcome};
	char detail[DETAIL_BYTES] = "";

	audit_send(&line);
	if (message_type(request) == MESSAGE_CTL_DISCONNECT &&
		!message_u64(request, FIELD_DRY_RUN, 0))
		admin_disconnect_gate(peer_pid, detail, sizeof(detail));
	return send_result(dialogue, outcome, NULL, detail[0] ? detail : NULL);
}

static enum cosmo_err serve_one(int fd, enum dialogue_channel channel, bool looks_only)
{
	COSMO_AUTO(message_free) struct message *request = NULL;
	COSMO_AUTO(store_free) struct store *store = NULL;
	struct dialogue dialogue = dialogue_init(fd, channel, SIDE_SERVER);
	struct caller_process caller = {.pid_fd = -1};
	COSMO_AUTO(caller_process_done) struct caller_process *owned = &caller;
	enum cosmo_err err = caller_process_of(fd, owned);

	if (err)
		return err;
	err = dialogue_recv(&dialogue, fdio_boot_ms() + MESSAGE_MS, &request);
	if (err)
		return err;
	if (looks_only && !message_u64(request, FIELD_LOOKS_ONLY, 0))
		return COSMO_E_PROTOCOL;
	err = (looks_only ? store_look : store_open)(&store_default_paths, &store);
	if (err && looks_only)
		return err; /* for a helper that may make what is missing, and log what is wrong */
	if (err)
		return refuse(&dialogue, request, caller.pid, err);
	if (channel == CHANNEL_CTL_HELPER)
		return admin_serve(&dialogue, store, request, caller.pid);
	return serve_module(&dialogue, store, request, owned);
}

enum cosmo_err serve(int fd, enum dialogue_channel channel)
{
	return serve_one(fd, channel, false);
}

enum cosmo_err serve_look(int fd)
{
	return serve_one(fd, CHANNEL_MODULE_HELPER, true);
}
