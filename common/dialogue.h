/* SPDX-License-Identifier: MIT */
/* Sending and receiving messages in the only allowed order over a socket, within deadlines. */
#pragma once

#include <stdint.h>

#include "common/base/auto.h"
#include "common/base/err.h"
#include "common/message.h"

enum dialogue_channel {
	CHANNEL_MODULE_HELPER,
	CHANNEL_CTL_HELPER,
	CHANNEL_JUDGE, /* helper or ctl towards judge */
	CHANNEL_FETCH, /* judge towards fetch */
};

enum dialogue_side {
	SIDE_CLIENT, /* who started the other process */
	SIDE_SERVER,
};

enum dialogue_state {
	STATE_START,
	STATE_ASKED,
	STATE_ASKED_LONG,
	STATE_SHOWN,
	STATE_PROBING,
	STATE_CHECKING,
	STATE_REVOKING,
	STATE_REFRESHING,
	STATE_REFRESHED,
	STATE_NAMING,
	STATE_DONE,
	STATE_BROKEN, /* after any error: nothing more is sent or read */
};

struct dialogue {
	int fd; /* stream socket; borrowed */
	enum dialogue_channel channel;
	enum dialogue_side side;
	enum dialogue_state state;
};

struct dialogue dialogue_init(int fd, enum dialogue_channel channel, enum dialogue_side side);

/*
 * Send @message, if it may come now, before @deadline_boot_ms (of fdio_boot_ms()). Raises no
 * SIGPIPE. Errors: COSMO_E_INVALID (not allowed now: a bug of ours), COSMO_E_PEER_GONE,
 * COSMO_E_TIMEOUT, those of message_encode().
 */
COSMO_MUST_USE enum cosmo_err dialogue_send(
	struct dialogue *dialogue, struct message *message, int64_t deadline_boot_ms);

/*
 * Wait for the next message and check it. The caller frees *ret. Descriptors passed along are
 * refused. Errors: COSMO_E_PEER_GONE (orderly or not), COSMO_E_TIMEOUT, COSMO_E_PROTOCOL,
 * COSMO_E_TOO_BIG, COSMO_E_NOMEM.
 */
COSMO_MUST_USE enum cosmo_err dialogue_recv(
	struct dialogue *dialogue, int64_t deadline_boot_ms, struct message **ret);
