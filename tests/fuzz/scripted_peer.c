/* SPDX-License-Identifier: MIT */
#include "tests/fuzz/scripted_peer.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/base/auto.h"

#define MAX_PEERS    2
#define SAID_BYTES   ((size_t)32 * 1024 * 1024)
#define RETRY_MS     1000
#define OUR_FIRST_FD 20

int __real_poll(struct pollfd *fds, nfds_t count, int timeout_ms);
int __wrap_poll(struct pollfd *fds, nfds_t count, int timeout_ms);
int __wrap___poll_chk(struct pollfd *fds, nfds_t count, int timeout_ms, size_t fds_size);
int64_t __wrap_fdio_boot_ms(void);

static struct peer peers[MAX_PEERS];
static unsigned char said[MAX_PEERS][SAID_BYTES];
static unsigned char told[MAX_PEERS][SAID_BYTES];
static size_t peer_count;
static int64_t clock_ms = 1000000;

int64_t __wrap_fdio_boot_ms(void)
{
	return clock_ms;
}

int64_t peers_now_ms(void)
{
	return clock_ms;
}

void peers_pass_ms(int64_t span_ms)
{
	clock_ms += span_ms;
}

void peers_begin(void)
{
	peer_count = 0;
	clock_ms += (int64_t)3700 * 1000; /* budgets are by the hour */
}

struct peer *peer_adopt(int fd)
{
	struct peer *peer = &peers[peer_count];

	assert_true(peer_count < MAX_PEERS);
	peer->fd = fcntl(fd, F_DUPFD_CLOEXEC, OUR_FIRST_FD);
	assert_true(peer->fd >= 0);
	close(fd);
	peer->react = NULL;
	peer->chunk_count = peer->next_chunk = 0;
	peer->said = said[peer_count];
	peer->told = told[peer_count];
	peer->said_len = peer->told_len = 0;
	peer->is_poisoned = false;
	peer_count++;
	return peer;
}

struct peer *peer_new(int *ret_theirs)
{
	int ends[2] = {-1, -1};

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	*ret_theirs = ends[1];
	return peer_adopt(ends[0]);
}

void peer_do(
	struct peer *peer, enum peer_deed deed, const void *bytes, size_t len, int64_t after_ms)
{
	struct peer_chunk *last = NULL;

	if (peer->next_chunk == peer->chunk_count)
		peer->next_chunk = peer->chunk_count = 0;
	else
		last = &peer->chunks[peer->chunk_count - 1];
	if (peer->chunk_count == PEER_MAX_CHUNKS)
		return;
	peer->chunks[peer->chunk_count++] = (struct peer_chunk){
		.deed = deed,
		.bytes = bytes,
		.len = len,
		.due_ms = (last ? last->due_ms : clock_ms) + after_ms,
	};
}

void peer_say(struct peer *peer, const struct draft_list *list)
{
	size_t len = 0;
	const unsigned char *bytes = draft_bytes(list, &len);

	peer_do(peer, PEER_SAYS, bytes, len, 0);
}

/* One thing wrong with the bytes themselves. */
static void spoil_bytes(unsigned char *bytes, size_t *len, struct dice *dice)
{
	size_t at = dice_below(dice, *len);

	if (*len == 0)
		return;
	switch (dice_below(dice, 4)) {
	case 0:
		bytes[at] ^= (unsigned char)(1 << dice_below(dice, 8));
		return;
	case 1:
		*len = at;
		return;
	case 2: /* one is lost */
		memmove(bytes + at, bytes + at + 1, *len - at - 1);
		(*len)--;
		return;
	default: /* one is doubled, the last is lost */
		memmove(bytes + at + 1, bytes + at, *len - at - 1);
		return;
	}
}

static int64_t any_pause(struct dice *dice, unsigned int pace)
{
	static const int64_t pauses_ms[] = {
		1, 40, 1000, 9999, 10000, 10001, 60000, 95000, 108000, 400000};

	if (pace == 0 || !dice_chance(dice, pace == 1 ? 2 : 40))
		return 0;
	return pauses_ms[dice_below(dice, COSMO_ARRAY_LEN(pauses_ms))];
}

static size_t any_piece(struct dice *dice, unsigned int manner, size_t left)
{
	if (manner == 0 || left == 0)
		return left;
	return manner == 1 && left < PEER_MAX_CHUNKS / 2 ? 1 : 1 + dice_below(dice, left);
}

void peer_say_oddly(struct peer *peer, const struct draft_list *list, struct dice *dice)
{
	size_t len = 0;
	unsigned char *bytes = draft_bytes(list, &len);
	unsigned int manner = (unsigned int)dice_below(dice, 6); /* 1: byte by byte */
	unsigned int pace = (unsigned int)dice_below(dice, 4);
	size_t stop = 0;

	if (dice_chance(dice, 25))
		spoil_bytes(bytes, &len, dice);
	for (size_t at = 0; at < len; at += stop) {
		bool passes = dice_chance(dice, 1) && dice_chance(dice, 30);

		stop = any_piece(dice, manner, len - at);
		peer_do(peer, passes ? PEER_PASSES_A_DESCRIPTOR : PEER_SAYS, bytes + at, stop,
			any_pause(dice, pace));
	}
	if (dice_chance(dice, 60))
		peer_do(peer, dice_chance(dice, 80) ? PEER_CLOSES : PEER_STOPS_WRITING, NULL, 0,
			any_pause(dice, pace));
}

void peer_listen(struct peer *peer)
{
	ssize_t got = 0;

	while (peer->fd >= 0 && peer->told_len < SAID_BYTES &&
		(got = recv(peer->fd, peer->told + peer->told_len, SAID_BYTES - peer->told_len,
			 MSG_DONTWAIT)) > 0)
		peer->told_len += (size_t)got;
}

static void hang_up(struct peer *peer)
{
	peer_listen(peer);
	if (peer->fd >= 0)
		close(peer->fd);
	peer->fd = -1;
	peer->next_chunk = peer->chunk_count;
}

static ssize_t send_chunk(struct peer *peer, const struct peer_chunk *chunk)
{
	struct iovec part = {.iov_len = chunk->len};
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(int))];
	} control = {0};
	struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};

	memcpy(&part.iov_base, &chunk->bytes, sizeof(part.iov_base));
	if (chunk->deed == PEER_PASSES_A_DESCRIPTOR) {
		message.msg_control = &control;
		message.msg_controllen = sizeof(control.room);
		control.header.cmsg_level = SOL_SOCKET;
		control.header.cmsg_type = SCM_RIGHTS;
		control.header.cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(&control.header), &peer->fd, sizeof(int));
		peer->is_poisoned = true;
	}
	return sendmsg(peer->fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static void say_chunk(struct peer *peer, struct peer_chunk *chunk)
{
	ssize_t sent = chunk->len ? send_chunk(peer, chunk) : 0;

	if (sent < 0 && errno != EAGAIN) {
		hang_up(peer);
		return;
	}
	if (sent > 0 && !peer->is_poisoned) {
		assert_true((size_t)sent <= SAID_BYTES - peer->said_len);
		memcpy(peer->said + peer->said_len, chunk->bytes, (size_t)sent);
		peer->said_len += (size_t)sent;
	}
	if (sent == (ssize_t)chunk->len) {
		peer->next_chunk++;
		return;
	}
	chunk->bytes += sent > 0 ? sent : 0;
	chunk->len -= sent > 0 ? (size_t)sent : 0;
	chunk->due_ms = clock_ms + (sent > 0 ? 0 : RETRY_MS);
}

static void perform(struct peer *peer)
{
	struct peer_chunk *chunk = &peer->chunks[peer->next_chunk];

	if (chunk->due_ms > clock_ms)
		clock_ms = chunk->due_ms;
	switch (chunk->deed) {
	case PEER_SAYS:
	case PEER_PASSES_A_DESCRIPTOR:
		say_chunk(peer, chunk);
		return;
	case PEER_CLOSES:
		hang_up(peer);
		return;
	case PEER_STOPS_WRITING:
		peer_listen(peer);
		(void)shutdown(peer->fd, SHUT_WR);
		peer->next_chunk = peer->chunk_count;
		return;
	}
}

static struct peer *next_speaker(void)
{
	struct peer *found = NULL;

	for (size_t i = 0; i < peer_count; i++) {
		struct peer *peer = &peers[i];

		if (peer->fd < 0 || peer->next_chunk == peer->chunk_count)
			continue;
		if (!found || peer->chunks[peer->next_chunk].due_ms <
				      found->chunks[found->next_chunk].due_ms)
			found = peer;
	}
	return found;
}

static bool somebody_reacts(void)
{
	for (size_t i = 0; i < peer_count; i++)
		if (peers[i].fd >= 0 && peers[i].react && peers[i].react(&peers[i]))
			return true;
	return false;
}

/* Let one thing happen, by @until_ms; false if nothing does. */
static bool happens(int64_t until_ms)
{
	struct peer *speaker = next_speaker();

	if (!speaker)
		return somebody_reacts();
	if (speaker->chunks[speaker->next_chunk].due_ms > until_ms)
		return false;
	perform(speaker);
	return true;
}

int __wrap_poll(struct pollfd *fds, nfds_t count, int timeout_ms)
{
	int64_t until_ms = clock_ms + timeout_ms;

	CAMPAIGN_ASSERT(timeout_ms >= 0); /* nobody waits for ever */
	for (;;) {
		int ready = __real_poll(fds, count, 0);

		if (ready != 0)
			return ready;
		if (!happens(until_ms)) {
			clock_ms = until_ms;
			return 0;
		}
	}
}

/* What poll() is with _FORTIFY_SOURCE, by clang and a newer C library. */
int __wrap___poll_chk(struct pollfd *fds, nfds_t count, int timeout_ms, size_t fds_size)
{
	(void)fds_size;
	return __wrap_poll(fds, count, timeout_ms);
}

void peers_end(void)
{
	for (size_t i = 0; i < peer_count; i++)
		hang_up(&peers[i]);
	peer_count = 0;
}
