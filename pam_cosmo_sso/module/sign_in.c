/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/module/sign_in.h"

#include <stdlib.h>

#include "common/base/fdio.h"
#include "common/prompt_text.h"
#include "common/terminal_screen.h"
#include "pam_cosmo_sso/module/conversation.h"
#include "pam_cosmo_sso/module/helper_client.h"
#include "pam_cosmo_sso/module/interrupt.h"

/*
 * The helper keeps the service's deadline; these hold if it does not. Before the code is there, the
 * longest deadlines shipped and a little more (sshd 110 s, others 300 s); afterwards what the
 * helper said is left, and a little more.
 */
#define SSHD_LIMIT_MS  ((int64_t)115 * 1000)
#define OTHER_LIMIT_MS ((int64_t)330 * 1000)
#define SLACK_MS       ((int64_t)5 * 1000)
#define LEFT_MAX_S     ((int64_t)1800)

/* How long after Enter the result is waited for before the person is asked again. */
#define ENTER_WAIT_MS ((int64_t)20 * 1000)

struct flow {
	const struct caller *caller;
	struct helper_client *client;
	int interrupt_fd;      /* -1: none */
	int64_t deadline_ms;   /* ours */
	int64_t shown_left_ms; /* what the person is told, as a moment too */
};

static void put_frozen(struct message *question, const struct ours *who)
{
	if (who->kind != OURS_PROVISIONAL)
		return;
	message_put_u64(question, FIELD_FROZEN_UID, who->user.uid);
	message_put_u64(question, FIELD_FROZEN_GID, who->user.gid);
	message_put_str(question, FIELD_FROZEN_HOME, who->user.home);
	message_put_str(question, FIELD_FROZEN_SHELL, who->user.shell);
}

static enum cosmo_err ask(struct flow *flow, const struct ours *who)
{
	COSMO_AUTO(message_free) struct message *question = NULL;
	enum cosmo_err err = helper_client_question(flow->caller, MESSAGE_SIGN_IN, &question);

	if (err)
		return err;
	message_put_u64(question, FIELD_INTERACTIVE, flow->caller->style != CALLER_MUTE);
	put_frozen(question, who);
	return helper_client_send(flow->client, question, flow->deadline_ms);
}

static int64_t seconds_left(const struct flow *flow)
{
	return (flow->shown_left_ms - fdio_boot_ms()) / 1000;
}

/* The helper sends the time that is left for this sign-in: the code's or the service's, whichever
 * ends first. */
static void set_times(struct flow *flow, const struct message *show)
{
	uint64_t told_s = message_u64(show, FIELD_EXPIRES_IN_S, 0);
	int64_t left_s = told_s < (uint64_t)LEFT_MAX_S ? (int64_t)told_s : LEFT_MAX_S;

	flow->shown_left_ms = fdio_boot_ms() + left_s * 1000;
	flow->deadline_ms = flow->shown_left_ms + SLACK_MS;
}

static struct prompt prompt_of(const struct flow *flow, const struct message *show)
{
	uint64_t qr = message_u64(show, FIELD_QR_MODE, CONFIG_QR_OFF);

	return (struct prompt){
		.host = message_str(show, FIELD_HOST),
		.user = flow->caller->user,
		.source = flow->caller->rhost,
		.uri = message_str(show, FIELD_VERIFICATION_URI),
		.complete_uri = message_str(show, FIELD_VERIFICATION_URI_COMPLETE),
		.code = message_str(show, FIELD_USER_CODE),
		.left_s = seconds_left(flow),
		.qr = qr <= CONFIG_QR_OFF ? (enum config_qr)qr : CONFIG_QR_OFF,
	};
}

static bool is_over(const struct flow *flow)
{
	return fdio_boot_ms() >= flow->deadline_ms;
}

/* The earlier of the deadline and @wait_ms from now. */
static int64_t until(const struct flow *flow, int64_t wait_ms)
{
	int64_t moment = fdio_boot_ms() + wait_ms;

	return moment < flow->deadline_ms ? moment : flow->deadline_ms;
}

static enum cosmo_err ask_again(const struct flow *flow)
{
	char waiting[PROMPT_WAITING_BYTES] = "";

	prompt_waiting(seconds_left(flow), waiting);
	return conversation_ask(flow->caller, waiting);
}

/*
 * Each round takes a key press and up to ENTER_WAIT_MS, so their number is bounded by the deadline.
 * What was approved in time and confirmed too late is refused: somebody else may sit there by then.
 */
static enum cosmo_err show_prompt(const struct flow *flow, const struct prompt *prompt)
{
	COSMO_AUTO(free) char *text = NULL;
	enum cosmo_err err = prompt_question(prompt, &text);

	if (!err)
		err = conversation_ask(flow->caller, text);
	while (!err && !is_over(flow)) {
		err = helper_client_wait(
			flow->client, flow->interrupt_fd, until(flow, ENTER_WAIT_MS));
		if (err != COSMO_E_TIMEOUT)
			return err;
		err = COSMO_OK;
		if (!is_over(flow))
			err = ask_again(flow);
	}
	return err ? err : COSMO_E_DEADLINE;
}

static enum cosmo_err show_notice(const struct flow *flow, const struct prompt *prompt)
{
	COSMO_AUTO(free) char *text = NULL;
	enum cosmo_err err = prompt_notice(prompt, terminal_screen(), &text);

	return err ? err : conversation_tell(flow->caller, text);
}

static enum cosmo_err show_short(const struct flow *flow, const struct prompt *prompt)
{
	char text[PROMPT_SHORT_BYTES] = "";
	enum cosmo_err err = prompt_short(prompt, text);

	return err ? err : conversation_tell(flow->caller, text);
}

static enum cosmo_err show(struct flow *flow, const struct message *message)
{
	struct prompt prompt = {0};

	set_times(flow, message);
	prompt = prompt_of(flow, message);
	switch (flow->caller->style) {
	case CALLER_MUTE:
		return COSMO_E_NO_PROMPT;
	case CALLER_PROMPT:
		return show_prompt(flow, &prompt);
	case CALLER_TERMINAL:
		return show_notice(flow, &prompt);
	case CALLER_GREETER:
		return show_short(flow, &prompt);
	}
	return COSMO_E_NO_PROMPT;
}

static enum cosmo_err receive(struct flow *flow, struct message **ret)
{
	enum cosmo_err err =
		helper_client_wait(flow->client, flow->interrupt_fd, flow->deadline_ms);

	return err ? err : helper_client_recv(flow->client, flow->deadline_ms, ret);
}

/* Once a code was shown, only a yes or no about it can follow. */
static void finish(struct flow *flow, struct answer *ret)
{
	COSMO_AUTO(message_free) struct message *result = NULL;

	ret->err = receive(flow, &result);
	if (ret->err == COSMO_E_TIMEOUT)
		ret->err = COSMO_E_DEADLINE;
	if (ret->err)
		return;
	helper_client_result(result, ret);
	if (ret->err == COSMO_E_NOT_OURS)
		ret->err = COSMO_E_PROTOCOL;
}

static void run(struct flow *flow, const struct ours *who, struct answer *ret)
{
	COSMO_AUTO(message_free) struct message *first = NULL;

	ret->err = ask(flow, who);
	if (!ret->err)
		ret->err = receive(flow, &first);
	if (ret->err)
		return;
	if (message_type(first) != MESSAGE_SHOW) {
		helper_client_result(first, ret);
		return;
	}
	ret->err = show(flow, first);
	if (!ret->err)
		finish(flow, ret);
}

void sign_in(const struct caller *caller, const struct ours *who, struct answer *ret)
{
	COSMO_AUTO(helper_client_free) struct helper_client *client = NULL;
	COSMO_AUTO_FD int interrupt_fd = -1;
	struct flow flow = {
		.caller = caller,
		.deadline_ms = fdio_boot_ms() + (caller->is_sshd ? SSHD_LIMIT_MS : OTHER_LIMIT_MS),
	};

	ret->err = helper_client_start(caller, &client);
	if (ret->err)
		return;
	if (caller->style == CALLER_TERMINAL)
		interrupt_fd = interrupt_watch();
	flow.interrupt_fd = interrupt_fd;
	flow.client = client;
	run(&flow, who, ret);
}
