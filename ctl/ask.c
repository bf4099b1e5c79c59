/* SPDX-License-Identifier: MIT */
#include "ctl/ask.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/base/fdio.h"
#include "common/spawn.h"
#include "ctl/output.h"
#include "paths.h"

/* For one message: there is no end to how many may follow. */
#define ASK_TIMEOUT_MS (INT64_C(10) * 60 * 1000)

struct ask {
	struct spawn_child child;
	struct dialogue dialogue;
	int fd;
};

enum cosmo_err ask_new(enum message_type type, struct message **ret)
{
	enum cosmo_err err = message_new(type, ret);

	if (err)
		output_failure(err, NULL, NULL);
	return err;
}

void ask_free(struct ask *ask)
{
	if (!ask)
		return;
	if (ask->fd >= 0)
		close(ask->fd);
	spawn_finish(&ask->child, fdio_boot_ms() + 2000);
	free(ask);
}

static enum cosmo_err ask_start(const char *path, const char *argument,
	enum dialogue_channel channel, struct message *request, struct ask **ret)
{
	COSMO_AUTO(ask_free) struct ask *ask = calloc(1, sizeof(*ask));
	COSMO_AUTO_FD int theirs = -1;
	enum cosmo_err err = COSMO_OK;

	if (!ask)
		return COSMO_E_NOMEM;
	ask->child = (struct spawn_child){.pid = -1, .pid_fd = -1};
	ask->fd = -1;
	if (geteuid() != 0)
		return COSMO_E_NOT_ROOT;
	err = spawn_socketpair(&ask->fd, &theirs);
	if (err)
		return err;
	err = spawn_program(path, argument, theirs, -1, &ask->child);
	if (err)
		return err;
	ask->dialogue = dialogue_init(ask->fd, channel, SIDE_CLIENT);
	err = dialogue_send(&ask->dialogue, request, fdio_boot_ms() + ASK_TIMEOUT_MS);
	if (err)
		return err;
	*ret = COSMO_STEAL(&ask);
	return COSMO_OK;
}

enum cosmo_err ask_helper(struct message *request, struct ask **ret)
{
	return ask_start(COSMO_HELPER_PATH, "ctl", CHANNEL_CTL_HELPER, request, ret);
}

enum cosmo_err ask_judge(struct message *request, struct ask **ret)
{
	return ask_start(COSMO_JUDGE_PATH, NULL, CHANNEL_JUDGE, request, ret);
}

enum cosmo_err ask_next(struct ask *ask, struct message **ret)
{
	return dialogue_recv(&ask->dialogue, fdio_boot_ms() + ASK_TIMEOUT_MS, ret);
}

enum cosmo_err ask_reply(struct ask *ask, struct message *reply)
{
	return dialogue_send(&ask->dialogue, reply, fdio_boot_ms() + ASK_TIMEOUT_MS);
}

enum cosmo_err ask_wait(const struct ask *ask, int fd, int timeout_ms)
{
	struct pollfd fds[] = {{.fd = fd, .events = POLLIN}, {.fd = ask->fd, .events = POLLIN}};
	int ready = poll(fds, COSMO_ARRAY_LEN(fds), timeout_ms);

	if (ready < 0 && errno != EINTR)
		return COSMO_E_IO;
	if (ready <= 0)
		return COSMO_E_TIMEOUT;
	return fds[0].revents ? COSMO_E_CANCELLED : COSMO_OK;
}

void ask_cancel(const struct ask *ask)
{
	(void)shutdown(ask->fd, SHUT_WR);
}

static enum cosmo_err result_of(const struct message *result, struct ask_failure *ret)
{
	const char *text = message_str(result, FIELD_TEXT);
	const char *detail = message_str(result, FIELD_DETAIL);

	(void)snprintf(ret->text, sizeof(ret->text), "%s", text ? text : "");
	(void)snprintf(ret->detail, sizeof(ret->detail), "%s", detail ? detail : "");
	return message_err(result);
}

enum cosmo_err ask_quietly(
	struct message *request, ask_visitor visit, void *context, struct ask_failure *ret_failure)
{
	COSMO_AUTO(ask_free) struct ask *ask = NULL;
	enum cosmo_err err = ask_helper(request, &ask);

	*ret_failure = (struct ask_failure){.text = ""};
	while (!err) {
		COSMO_AUTO(message_free) struct message *answer = NULL;

		err = ask_next(ask, &answer);
		if (err)
			break;
		if (message_type(answer) == MESSAGE_RESULT)
			return result_of(answer, ret_failure);
		if (visit)
			visit(context, answer);
	}
	return err;
}

enum cosmo_err ask_simple(struct message *request, ask_visitor visit, void *context)
{
	struct ask_failure failure = {.text = ""};
	enum cosmo_err err = ask_quietly(request, visit, context, &failure);

	if (err)
		output_failure(err, failure.text[0] ? failure.text : NULL, failure.detail);
	return err;
}

const char *ask_print_warning(const struct message *item)
{
	const char *text =
		message_type(item) == MESSAGE_PROGRESS ? message_str(item, FIELD_TEXT) : NULL;

	if (text)
		output_error("warning: %s", text);
	return text;
}
