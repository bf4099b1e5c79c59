/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/helper/name_entry.h"

#include <errno.h>
#include <poll.h>

#include "common/base/fdio.h"
#include "common/message.h"

/* A name service may ask a server that is down, and another one after it. */
#define LOOK_UP_MS 60000

#define MESSAGE_MS ((int64_t)10 * 1000)

/* Who has gone away, or wants no answer any more, gives none; that can be told him still. */
static enum cosmo_err await_client(int fd)
{
	struct pollfd client = {.fd = fd, .events = POLLIN | POLLRDHUP};
	int ready = 0;

	do
		ready = poll(&client, 1, LOOK_UP_MS);
	while (ready < 0 && errno == EINTR);
	if (ready < 0)
		return COSMO_E_IO;
	if (ready == 0)
		return COSMO_E_DEADLINE;
	return client.revents == POLLIN ? COSMO_OK : COSMO_E_CANCELLED;
}

static enum cosmo_err read_answer(const struct message *answer, struct name_entry *ret)
{
	enum cosmo_err err = message_err(answer);
	uint64_t uid = message_u64(answer, FIELD_UID, UINT64_MAX);

	if (!err && uid > UINT32_MAX)
		return COSMO_E_PROTOCOL;
	*ret = (struct name_entry){.is_told = true, .err = err, .uid = err ? 0 : (uint32_t)uid};
	return COSMO_OK;
}

enum cosmo_err name_entry_ask(struct dialogue *dialogue, const char *name, struct name_entry *ret)
{
	COSMO_AUTO(message_free) struct message *question = NULL;
	COSMO_AUTO(message_free) struct message *answer = NULL;
	enum cosmo_err err = message_new(MESSAGE_LOGIN_NAME, &question);

	if (err)
		return err;
	message_put_str(question, FIELD_USERNAME, name);
	err = dialogue_send(dialogue, question, fdio_boot_ms() + MESSAGE_MS);
	if (!err)
		err = await_client(dialogue->fd);
	if (!err)
		err = dialogue_recv(dialogue, fdio_boot_ms() + MESSAGE_MS, &answer);
	return err ? err : read_answer(answer, ret);
}

enum cosmo_err name_entry_check(const struct name_entry *entry, const struct record *record)
{
	if (!entry->is_told || entry->err == COSMO_E_NOT_FOUND)
		return COSMO_OK;
	if (entry->err)
		return COSMO_E_IO;
	return record && record->uid == entry->uid ? COSMO_OK : COSMO_E_NAME_RESERVED;
}

bool name_entry_is_left_alone(const struct name_entry *entry, const struct record *record)
{
	enum cosmo_err err = name_entry_check(entry, record);

	return err == COSMO_E_NAME_RESERVED || (err && !record);
}
