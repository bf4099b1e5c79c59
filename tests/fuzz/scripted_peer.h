/* SPDX-License-Identifier: MIT */
/*
 * Peers in the same process, and a clock that only waiting moves: they speak while the code under
 * test waits in poll(). Link with --wrap=poll and --wrap=fdio_boot_ms.
 */
#pragma once

#include "tests/fuzz/draft.h"

#define PEER_MAX_CHUNKS 8192

enum peer_deed {
	PEER_SAYS,
	PEER_PASSES_A_DESCRIPTOR, /* with its bytes */
	PEER_CLOSES,
	PEER_STOPS_WRITING,
};

struct peer_chunk {
	enum peer_deed deed;
	const unsigned char *bytes;
	size_t len;
	int64_t due_ms;
};

struct peer {
	int fd; /* ours; -1: closed */
	/* Asked when nobody has anything more to say; true: it has now. */
	bool (*react)(struct peer *peer);
	size_t chunk_count;
	size_t next_chunk;
	struct peer_chunk chunks[PEER_MAX_CHUNKS];
	/* What has reached the other side; what follows a descriptor does not count. */
	unsigned char *said;
	size_t said_len;
	bool is_poisoned;
	/* What the other side has said, when peer_listen() was called last. */
	unsigned char *told;
	size_t told_len;
};

/* Anew: no peers, an hour and more later. */
void peers_begin(void);
int64_t peers_now_ms(void);
/* Somebody outside, such as a person at a prompt, takes that long. */
void peers_pass_ms(int64_t span_ms);

/* A new peer, of two at most; *ret_theirs is the caller's to close. */
struct peer *peer_new(int *ret_theirs);
/* Take over an end that is there already. */
struct peer *peer_adopt(int fd);

void peer_do(
	struct peer *peer, enum peer_deed deed, const void *bytes, size_t len, int64_t after_ms);

/* Say all of @list: plainly in one piece or, by the dice, cut, dribbled, late, spoilt. */
void peer_say(struct peer *peer, const struct draft_list *list);
void peer_say_oddly(struct peer *peer, const struct draft_list *list, struct dice *dice);

/* Read what is there; the whole so far is in ->told. */
void peer_listen(struct peer *peer);

/* Close everything. */
void peers_end(void);
