/* SPDX-License-Identifier: MIT */
/*
 * The gate: one page on a tmpfs that says whether single sign-on is connected, and to which
 * integration. Closing it is one atomic store that every reader on the host sees at its next
 * look-up (P8).
 */
#pragma once

#include <stdatomic.h>
#include <stdint.h>

#include "common/base/auto.h"
#include "common/base/err.h"

#define GATE_FILE_BYTES   4096
#define INTEGRATION_BYTES 16

enum gate_state {
	GATE_MISSING, /* no gate, or not one of ours: everybody is a viewer */
	GATE_FRESH,   /* as made at boot: the durable state has not been read yet; a viewer's world
			 too */
	GATE_CLOSED,
	GATE_OPEN,
};

/* Layout of the file. The state word carries a counter, so that closing and opening again is never
 * missed. */
struct gate_page {
	uint64_t magic;
	uint32_t version;
	uint32_t reserved;
	_Atomic uint64_t state; /* counter << 8 | enum gate_state */
	unsigned char
		integration[INTEGRATION_BYTES]; /* written only while the state is not GATE_OPEN */
};

/* What a state word says; GATE_MISSING for one that is no state of ours. */
static inline enum gate_state gate_word_state(uint64_t word)
{
	uint64_t state = word & 0xff;

	return state >= GATE_FRESH && state <= GATE_OPEN ? (enum gate_state)state : GATE_MISSING;
}

#define GATE_MAGIC   0x31657461676d7363ULL /* "csmgate1" */
#define GATE_VERSION 1

struct gate_view {
	enum gate_state state;
	unsigned char integration[INTEGRATION_BYTES]; /* zero unless GATE_OPEN */
};

/* A process's mapping of the gate; static storage, all zero but for the path. Thread-safe,
 * fork-safe, keeps no descriptor. */
struct gate_reader {
	const char *path;
	_Atomic(const struct gate_page *) page;
	_Atomic int64_t looked_ms; /* when a missing gate was last looked for */
};

/*
 * What the gate says now. After the first success no system call is made. A missing, short,
 * foreign-owned or writable gate gives GATE_MISSING, and is looked for again at most once a second.
 * Keeps errno. No allocation, no lock.
 */
void gate_read(struct gate_reader *reader, struct gate_view *ret_view);

/* Unmap; @reader can be used again. No other thread may be using it: for the end of a program or
 * the unloading of a library. */
void gate_done(struct gate_reader *reader);
