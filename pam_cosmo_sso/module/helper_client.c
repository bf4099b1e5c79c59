/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/module/helper_client.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/fdio.h"
#include "common/dialogue.h"
#include "pam_cosmo_sso/module/delegated_cgroup.h"
#include "pam_cosmo_sso/module/helper_process.h"
#include "pam_cosmo_sso/module/helper_socket.h"

/* What systemd has for starting a helper where the module may start one itself; short enough for
 * the rest of a short phase. */
#define READY_MS INT64_C(3000)

/* And where it may not: a host that is merely slow is waited for. */
#define READY_ALONE_MS INT64_C(10000)

struct helper_client {
	int fd;
	struct spawn_child looking; /* a child of ours, or none */
	struct dialogue dialogue;
};

void helper_client_free(struct helper_client *client)
{
	if (!client)
		return;
	cosmo_auto_close(&client->fd);
	spawn_kill(&client->looking);
	free(client);
}

typedef enum cosmo_err (*way)(struct helper_client *client);

static enum cosmo_err by_process(struct helper_client *client)
{
	return helper_process_start(HELPER_PAM, &client->fd);
}

static enum cosmo_err by_look(struct helper_client *client)
{
	return helper_process_look(&client->looking, &client->fd);
}

/*
 * Where nobody listens, there is no unit, and whoever calls cannot have brought that about. He can
 * have kept systemd busy: then no helper, which may hold the lock of all, is started where he could
 * freeze it.
 */
static enum cosmo_err by_unit_within(
	struct helper_client *client, int64_t wait_ms, bool is_unit_alone)
{
	enum cosmo_err err = helper_socket_connect(wait_ms, &client->fd);

	if (!err)
		return COSMO_OK;
	if (err != COSMO_E_NOT_FOUND && is_unit_alone)
		return COSMO_E_BUSY;
	return by_process(client);
}

static enum cosmo_err by_unit(struct helper_client *client)
{
	bool is_unit_alone = delegated_cgroup_is_ours(&delegated_cgroup_default);

	return by_unit_within(client, is_unit_alone ? READY_ALONE_MS : READY_MS, is_unit_alone);
}

/* Sessions are opened by the doors of the host, which whoever keeps systemd busy must not close. */
static enum cosmo_err by_unit_at_door(struct helper_client *client)
{
	return by_unit_within(
		client, READY_MS, delegated_cgroup_is_ours(&delegated_cgroup_at_door));
}

static enum cosmo_err start(const struct caller *caller, way reach, struct helper_client **ret)
{
	COSMO_AUTO(helper_client_free) struct helper_client *client = NULL;
	enum cosmo_err err = COSMO_OK;

	if (!caller->is_root)
		return COSMO_E_NOT_ROOT;
	client = calloc(1, sizeof(*client));
	if (!client)
		return COSMO_E_NOMEM;
	client->fd = -1;
	client->looking = (struct spawn_child){.pid = -1, .pid_fd = -1};
	err = reach(client);
	if (err)
		return err;
	client->dialogue = dialogue_init(client->fd, CHANNEL_MODULE_HELPER, SIDE_CLIENT);
	*ret = COSMO_STEAL(&client);
	return COSMO_OK;
}

enum cosmo_err helper_client_start(const struct caller *caller, struct helper_client **ret)
{
	return start(caller, by_unit, ret);
}

/* What is longer than its field is cut: nothing of these three lets anybody in, and a method of
 * sshd's that was cut off has not succeeded. */
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
	if (type == MESSAGE_ACCOUNT || type == MESSAGE_SIGN_IN)
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

enum cosmo_err helper_client_wait(
	const struct helper_client *client, int interrupt_fd, int64_t until_boot_ms)
{
	for (;;) {
		struct pollfd ready[] = {
			{.fd = client->fd, .events = POLLIN},
			{.fd = interrupt_fd, .events = POLLIN}, /* -1 is passed over */
		};
		int64_t left_ms = until_boot_ms - fdio_boot_ms();
		int count = 0;

		if (left_ms < 0)
			left_ms = 0;
		count = poll(
			ready, COSMO_ARRAY_LEN(ready), left_ms > INT_MAX ? INT_MAX : (int)left_ms);
		if (count > 0)
			return ready[1].revents ? COSMO_E_CANCELLED : COSMO_OK;
		if (count < 0 && errno != EINTR)
			return COSMO_OK; /* the receiver will see what is wrong */
		if (left_ms == 0)
			return COSMO_E_TIMEOUT;
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

/* false: there was no answer; ret->err says why. */
static bool ask(const struct caller *caller, struct message *question, way reach,
	int64_t deadline_boot_ms, struct answer *ret)
{
	COSMO_AUTO(helper_client_free) struct helper_client *client = NULL;
	COSMO_AUTO(message_free) struct message *result = NULL;

	ret->err = start(caller, reach, &client);
	if (!ret->err)
		ret->err = helper_client_send(client, question, deadline_boot_ms);
	if (!ret->err)
		ret->err = helper_client_recv(client, deadline_boot_ms, &result);
	if (ret->err)
		return false;
	helper_client_result(result, ret);
	return true;
}

/*
 * Systemd takes longer to start a helper than most questions of the account phase are worth. One
 * of the caller's own, in his control group, answers them by what is there: it takes no lock, so
 * that whoever stops it keeps nobody waiting but himself. If it has not answered, for whatever
 * reason, nothing has been decided.
 */
static bool look(const struct caller *caller, int64_t deadline_boot_ms, struct answer *ret)
{
	COSMO_AUTO(message_free) struct message *question = NULL;

	if (helper_client_question(caller, MESSAGE_ACCOUNT, &question) != COSMO_OK)
		return false;
	message_put_u64(question, FIELD_LOOKS_ONLY, 1);
	return ask(caller, question, by_look, deadline_boot_ms, ret);
}

void helper_client_ask(
	const struct caller *caller, enum message_type type, int64_t timeout_ms, struct answer *ret)
{
	COSMO_AUTO(message_free) struct message *question = NULL;
	way reach = type == MESSAGE_OPEN_SESSION || type == MESSAGE_CLOSE_SESSION ? by_unit_at_door
										  : by_unit;
	int64_t deadline_boot_ms = fdio_boot_ms() + timeout_ms;

	if (type == MESSAGE_ACCOUNT && helper_socket_is_there() &&
		look(caller, deadline_boot_ms, ret))
		return;
	ret->err = helper_client_question(caller, type, &question);
	if (!ret->err)
		(void)ask(caller, question, reach, deadline_boot_ms, ret);
}
