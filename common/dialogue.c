/* SPDX-License-Identifier: MIT */
#include "common/dialogue.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "common/base/fdio.h"

/* Room is made in steps as bytes arrive, not at once for what a header claims. */
#define FIRST_ROOM_BYTES ((size_t)16 * 1024)

struct transition {
	enum dialogue_channel channel;
	enum dialogue_state before;
	enum dialogue_side sender;
	enum message_type type;
	enum dialogue_state after;
};

static const struct transition transitions[] = {
#define TRANSITION_(channel, before, sender, message, after)                                       \
	{CHANNEL_##channel, STATE_##before, SIDE_##sender, MESSAGE_##message, STATE_##after},
	DIALOGUE_LIST(TRANSITION_)
#undef TRANSITION_
};

/* A frame being received; wiped, for it may hold secrets. */
struct inbox {
	unsigned char *bytes;
	size_t len;
	size_t size;
};

static void inbox_done(struct inbox inbox)
{
	if (inbox.bytes)
		explicit_bzero(inbox.bytes, inbox.size);
	free(inbox.bytes);
}
COSMO_AUTO_DEFINE(struct inbox, inbox_done);

struct dialogue dialogue_init(int fd, enum dialogue_channel channel, enum dialogue_side side)
{
	return (struct dialogue){.fd = fd, .channel = channel, .side = side, .state = STATE_START};
}

/* The rule by which @sender may send @type now, or NULL. */
static const struct transition *transition_find(
	const struct dialogue *dialogue, enum dialogue_side sender, unsigned int type)
{
	for (size_t i = 0; i < COSMO_ARRAY_LEN(transitions); i++) {
		const struct transition *t = &transitions[i];

		if (t->channel == dialogue->channel && t->before == dialogue->state &&
			t->sender == sender && (unsigned int)t->type == type)
			return t;
	}
	return NULL;
}

/* Late is late, even if bytes are there: a peer that never stops must not keep us. */
static enum cosmo_err wait_until(int fd, short events, int64_t deadline_boot_ms)
{
	for (;;) {
		struct pollfd ready = {.fd = fd, .events = events};
		int64_t now_ms = fdio_boot_ms();
		int64_t left_ms = deadline_boot_ms > now_ms ? deadline_boot_ms - now_ms : 0;
		int count = 0;

		if (left_ms == 0)
			return COSMO_E_TIMEOUT;
		count = poll(&ready, 1, left_ms > INT_MAX ? INT_MAX : (int)left_ms);
		if (count > 0)
			return COSMO_OK;
		if (count < 0 && errno != EINTR)
			return COSMO_E_PEER_GONE;
	}
}

static bool try_again(void)
{
	return errno == EINTR || errno == EAGAIN || errno == EWOULDBLOCK;
}

static enum cosmo_err send_all(int fd, const unsigned char *bytes, size_t len, int64_t deadline)
{
	while (len > 0) {
		enum cosmo_err err = wait_until(fd, POLLOUT, deadline);
		ssize_t sent = 0;

		if (err)
			return err;
		sent = send(fd, bytes, len, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (sent < 0 && !try_again())
			return COSMO_E_PEER_GONE;
		if (sent > 0) {
			bytes += sent;
			len -= (size_t)sent;
		}
	}
	return COSMO_OK;
}

/*
 * Without room for control data the kernel drops descriptors that are passed, instead of opening
 * them here, and says so with MSG_CTRUNC.
 */
static enum cosmo_err recv_some(int fd, void *bytes, size_t room, size_t *ret_len)
{
	struct iovec part = {.iov_base = bytes, .iov_len = room};
	struct msghdr header = {.msg_iov = &part, .msg_iovlen = 1};
	ssize_t got = recvmsg(fd, &header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

	if (got < 0 && !try_again())
		return COSMO_E_PEER_GONE;
	if (got == 0)
		return COSMO_E_PEER_GONE;
	if (got > 0 && (header.msg_flags & MSG_CTRUNC) != 0)
		return COSMO_E_PROTOCOL;
	*ret_len = got > 0 ? (size_t)got : 0;
	return COSMO_OK;
}

static enum cosmo_err make_room(struct inbox *inbox, size_t wanted)
{
	size_t size = 2 * inbox->size > FIRST_ROOM_BYTES ? 2 * inbox->size : FIRST_ROOM_BYTES;
	unsigned char *bytes = NULL;

	if (inbox->len < inbox->size)
		return COSMO_OK;
	if (size > wanted)
		size = wanted;
	bytes = malloc(size);
	if (!bytes)
		return COSMO_E_NOMEM;
	if (inbox->bytes) {
		memcpy(bytes, inbox->bytes, inbox->len);
		explicit_bzero(inbox->bytes, inbox->size);
		free(inbox->bytes);
	}
	inbox->bytes = bytes;
	inbox->size = size;
	return COSMO_OK;
}

/* Receive until the inbox holds @wanted bytes; never more. */
static enum cosmo_err fill(struct inbox *inbox, int fd, size_t wanted, int64_t deadline)
{
	while (inbox->len < wanted) {
		size_t got = 0;
		enum cosmo_err err = make_room(inbox, wanted);

		if (!err)
			err = wait_until(fd, POLLIN, deadline);
		if (err)
			return err;
		err = recv_some(fd, inbox->bytes + inbox->len, inbox->size - inbox->len, &got);
		if (err)
			return err;
		inbox->len += got;
	}
	return COSMO_OK;
}

static enum cosmo_err receive(struct dialogue *dialogue, int64_t deadline, struct message **ret)
{
	enum dialogue_side peer = dialogue->side == SIDE_CLIENT ? SIDE_SERVER : SIDE_CLIENT;
	COSMO_AUTO(inbox_done) struct inbox inbox = {0};
	const struct transition *transition = NULL;
	size_t payload_len = 0;
	enum cosmo_err err = fill(&inbox, dialogue->fd, MESSAGE_HEADER_BYTES, deadline);

	if (err)
		return err;
	err = message_decode_header(inbox.bytes, &payload_len);
	if (err)
		return err;
	transition = transition_find(dialogue, peer, inbox.bytes[1]);
	if (!transition)
		return COSMO_E_PROTOCOL;
	err = fill(&inbox, dialogue->fd, MESSAGE_HEADER_BYTES + payload_len, deadline);
	if (!err)
		err = message_decode(inbox.bytes, inbox.len, ret);
	if (!err)
		dialogue->state = transition->after;
	return err;
}

enum cosmo_err dialogue_send(
	struct dialogue *dialogue, struct message *message, int64_t deadline_boot_ms)
{
	const struct transition *transition =
		transition_find(dialogue, dialogue->side, message_type(message));
	const unsigned char *frame = NULL;
	size_t len = 0;
	enum cosmo_err err = transition ? message_encode(message, &frame, &len) : COSMO_E_INVALID;

	if (!err)
		err = send_all(dialogue->fd, frame, len, deadline_boot_ms);
	dialogue->state = err ? STATE_BROKEN : transition->after;
	return err;
}

enum cosmo_err dialogue_recv(
	struct dialogue *dialogue, int64_t deadline_boot_ms, struct message **ret)
{
	enum cosmo_err err = dialogue->state == STATE_BROKEN
				     ? COSMO_E_PROTOCOL
				     : receive(dialogue, deadline_boot_ms, ret);

	if (err)
		dialogue->state = STATE_BROKEN;
	return err;
}
