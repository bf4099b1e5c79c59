/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/module/helper_client.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/fdio.h"
#include "common/dialogue.h"
#include "common/spawn.h"
#include "paths.h"

/* What the started process has for leaving its place to its own child. */
#define SETTLE_MS 5000

struct helper_client {
	int fd;
	struct dialogue dialogue;
};

void helper_client_free(struct helper_client *client)
{
	if (!client)
		return;
	cosmo_auto_close(&client->fd);
	free(client);
}

/* Where the host program has closed its standard descriptors, ours must not take their place:
 * anybody may write to those. */
static enum cosmo_err move_up(int *fd)
{
	int high = *fd > 2 ? *fd : fcntl(*fd, F_DUPFD_CLOEXEC, 3);

	if (high < 0)
		return COSMO_E_IO;
	if (high != *fd)
		cosmo_auto_close(fd);
	*fd = high;
	return COSMO_OK;
}

static enum cosmo_err spawn(int their_fd)
{
	struct spawn_child child = {.pid = -1, .pid_fd = -1};
	enum cosmo_err err = spawn_program(COSMO_HELPER_PATH, "pam", their_fd, -1, &child);

	if (!err)
		spawn_finish(&child, fdio_boot_ms() + SETTLE_MS);
	return err;
}

enum cosmo_err helper_client_start(const struct caller *caller, struct helper_client **ret)
{
	COSMO_AUTO(helper_client_free) struct helper_client *client = NULL;
	COSMO_AUTO_FD int theirs = -1;
	enum cosmo_err err = COSMO_OK;

	if (!caller->is_root)
		return COSMO_E_NOT_ROOT;
	client = calloc(1, sizeof(*client));
	if (!client)
		return COSMO_E_NOMEM;
	client->fd = -1;
	err = spawn_socketpair(&client->fd, &theirs);
	if (!err)
		err = move_up(&client->fd);
	if (!err)
		err = spawn(theirs);
	if (err)
		return err;
	client->dialogue = dialogue_init(client->fd, CHANNEL_MODULE_HELPER, SIDE_CLIENT);
	*ret = COSMO_STEAL(&client);
	return COSMO_OK;
}

/* What is longer than its field is cut: none of these three decides who gets in. */
static void put_cut(
	struct message *message, enum message_field field, size_t max_bytes, const char *text)
{
	COSMO_AUTO(free) char *copy = text && text[0] ? strndup(text, max_bytes - 1) : NULL;

	message_put_str(message, field, copy);
}

enum cosmo_err helper_client_question(
	const struct caller *caller, enum message_type type, struct message **ret)
{
	COSMO_AUTO(message_free) struct message *message = NULL;
	enum cosmo_err err = message_new(type, &message);

	if (err)
		return err;
	message_put_str(message, FIELD_SERVICE, caller->service);
	message_put_str(message, FIELD_USER, caller->user);
	put_cut(message, FIELD_RHOST, 256, caller->rhost);
	put_cut(message, FIELD_TTY, 128, caller->tty);
	message_put_u64(message, FIELD_RUID, caller->ruid);
	if (type == MESSAGE_ACCOUNT)
		put_cut(message, FIELD_SSH_AUTH_INFO, 4096, caller->ssh_auth_info);
	*ret = COSMO_STEAL(&message);
	return COSMO_OK;
}

enum cosmo_err helper_client_send(
	struct helper_client *client, struct message *question, int64_t deadline_boot_ms)
{
	return dialogue_send(&client->dialogue, question, deadline_boot_ms);
}

enum cosmo_err helper_client_recv(
	struct helper_client *client, int64_t deadline_boot_ms, struct message **ret)
{
	return dialogue_recv(&client->dialogue, deadline_boot_ms, ret);
}

bool helper_client_has_news(const struct helper_client *client, int64_t until_boot_ms)
{
	for (;;) {
		struct pollfd ready = {.fd = client->fd, .events = POLLIN};
		int64_t left_ms = until_boot_ms - fdio_boot_ms();
		int count = 0;

		if (left_ms < 0)
			left_ms = 0;
		count = poll(&ready, 1, left_ms > INT_MAX ? INT_MAX : (int)left_ms);
		if (count > 0)
			return true;
		if (count < 0 && errno != EINTR)
			return true; /* the receiver will see what is wrong */
		if (left_ms == 0)
			return false;
	}
}

void helper_client_result(const struct message *message, struct answer *ret)
{
	const char *text = message_str(message, FIELD_TEXT);

	if (message_type(message) != MESSAGE_RESULT) {
		ret->err = COSMO_E_PROTOCOL;
		return;
	}
	ret->err = message_err(message);
	ret->from_helper = true;
	if (text) {
		size_t len = strnlen(text, sizeof(ret->text) - 1);

		memcpy(ret->text, text, len);
		ret->text[len] = '\0';
	}
}

void helper_client_ask(
	const struct caller *caller, enum message_type type, int64_t timeout_ms, struct answer *ret)
{
	COSMO_AUTO(helper_client_free) struct helper_client *client = NULL;
	COSMO_AUTO(message_free) struct message *question = NULL;
	COSMO_AUTO(message_free) struct message *result = NULL;
	int64_t deadline = fdio_boot_ms() + timeout_ms;

	ret->err = helper_client_question(caller, type, &question);
	if (!ret->err)
		ret->err = helper_client_start(caller, &client);
	if (!ret->err)
		ret->err = helper_client_send(client, question, deadline);
	if (!ret->err)
		ret->err = helper_client_recv(client, deadline, &result);
	if (!ret->err)
		helper_client_result(result, ret);
}
