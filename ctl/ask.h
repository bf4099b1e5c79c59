/* SPDX-License-Identifier: MIT */
/* Asking the helper (or, for tokens and for what rules match, the judge) to do something: nothing
 * is decided in this program. */
#pragma once

#include "common/base/auto.h"
#include "common/base/err.h"
#include "common/dialogue.h"
#include "common/message.h"

struct ask;

/* A request, to be filled in and sent. The caller frees *ret. Errors: COSMO_E_NOMEM, of which is
 * told on standard error. */
COSMO_MUST_USE enum cosmo_err ask_new(enum message_type type, struct message **ret);

/* Start the helper and send @request. The caller owns *ret: ask_free(). Errors: COSMO_E_NOT_ROOT,
 * COSMO_E_SPAWN, those of dialogue_send(). */
COSMO_MUST_USE enum cosmo_err ask_helper(struct message *request, struct ask **ret);

/* The same with the judge, which gets no network. */
COSMO_MUST_USE enum cosmo_err ask_judge(struct message *request, struct ask **ret);

/* The next answer. The caller frees it. Errors: those of dialogue_recv(). */
COSMO_MUST_USE enum cosmo_err ask_next(struct ask *ask, struct message **ret);

/* Answer a question of the helper's. Errors: those of dialogue_send(). */
COSMO_MUST_USE enum cosmo_err ask_reply(struct ask *ask, struct message *reply);

/*
 * Wait until an answer has begun to come, for @timeout_ms at most. Errors: COSMO_E_CANCELLED (@fd,
 * which may be -1, can be read), COSMO_E_TIMEOUT, COSMO_E_IO.
 */
COSMO_MUST_USE enum cosmo_err ask_wait(const struct ask *ask, int fd, int timeout_ms);

/* Say that the answer is not wanted any more. What is said to that is to be read as before. */
void ask_cancel(const struct ask *ask);

void ask_free(struct ask *ask);
COSMO_AUTO_DEFINE(struct ask *, ask_free);

/* Called for each answer but the last (RESULT). */
typedef void (*ask_visitor)(void *context, const struct message *item);

/* What a failure says beyond its code; "": nothing. */
struct ask_failure {
	char text[2049];
	char detail[1025];
};

/*
 * Send @request to the helper, give every item to @visit (may be NULL), and return the RESULT's
 * code. Nothing is printed.
 */
COSMO_MUST_USE enum cosmo_err ask_quietly(
	struct message *request, ask_visitor visit, void *context, struct ask_failure *ret_failure);

/* The same; on failure the explanation is printed on standard error. */
COSMO_MUST_USE enum cosmo_err ask_simple(struct message *request, ask_visitor visit, void *context);

/* For commands whose progress is nothing but warnings: print it as one on standard error. Returns
 * its text, borrowed, or NULL for any other item, of which nothing is printed. */
const char *ask_print_warning(const struct message *item);
