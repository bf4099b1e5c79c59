/* SPDX-License-Identifier: MIT */
/*
 * The helper's whole exchange in this process: its store in memory, ada enrolled, the judge a peer
 * of the test's. Link with scripted_peer's wraps and those of spawn_program, store_open,
 * config_load and log_send.
 */
#pragma once

#include "pam_cosmo_sso/helper/records.h"
#include "tests/fuzz/heard.h"
#include "tests/fuzz/scripted_peer.h"

#define HELPER_WORLD_ISSUER "https://idp.example.org"
#define HELPER_WORLD_SUB    "1000"
/* In sshd's service. */
#define HELPER_WORLD_DEADLINE_MS ((int64_t)110 * 1000)
/* What a judge says for a refresh token; no log line may hold it. */
#define HELPER_WORLD_TOKEN "refresh-me-secretly"

/* cmocka's setup and teardown. */
int helper_world_start(void **state);
int helper_world_stop(void **state);

/* What a judge that knows ada says, mostly; a draft_speaker. */
const void *helper_world_speak(
	unsigned int type, unsigned int field, struct dice *dice, size_t *ret_len);

/*
 * One exchange: the module's side says what @module_plays queues, the judge, if one is started,
 * what @judge_plays queues. Afterwards both peers can still be read.
 */
struct helper_world {
	struct dice dice;
	bool is_plain;
	void (*module_plays)(struct helper_world *world);
	void (*judge_plays)(struct helper_world *world);
	struct draft_list module_list;
	struct draft_list judge_list;
	struct peer *module;
	struct peer *judge; /* NULL: none was started */
	int64_t took_ms;
};

/* Who asks for ada in sshd, and a judge that knows her: each to be copied and one side replaced. */
extern const struct helper_world helper_world_honest;

void helper_world_run(struct helper_world *world);

/* Everything durable, as one number. */
uint64_t helper_world_state(void);

/* Ada's record; the caller frees it. */
struct record *helper_world_record(void);

/* Make it so. */
void helper_world_put_record(const struct record *record);

/* Has the judge said, by docs/protocol.md, who it was? */
bool helper_world_identity(const struct helper_world *world, struct heard *ret);

/* The helper's answer, after checking that all it said is allowed; COSMO_E_PEER_GONE: none. */
enum cosmo_err helper_world_answer(const struct helper_world *world);
