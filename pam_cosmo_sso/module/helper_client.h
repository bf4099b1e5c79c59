/* SPDX-License-Identifier: MIT */
/* The module's side of the helper: reach or start it, put one question, wait for what it says. */
#pragma once

#include <stdint.h>

#include "common/base/auto.h"
#include "common/base/err.h"
#include "common/message.h"
#include "pam_cosmo_sso/module/answer.h"
#include "pam_cosmo_sso/module/caller.h"

struct helper_client;

/* By its unit, else as a process of the caller's own. The caller owns *ret. Errors:
 * COSMO_E_NOT_ROOT (a caller without root never starts the helper), COSMO_E_BUSY (no helper came by
 * the unit, and in the caller's control group none is started), COSMO_E_NOMEM, those of
 * helper_process_start().
 */
COSMO_MUST_USE enum cosmo_err helper_client_start(
	const struct caller *caller, struct helper_client **ret);

/* Hang up, which ends whatever the helper does for us; NULL is allowed. */
void helper_client_free(struct helper_client *client);
COSMO_AUTO_DEFINE(struct helper_client *, helper_client_free);

/* A question of @type with what every question says of @caller. The caller owns *ret. Errors:
 * COSMO_E_NOMEM. */
COSMO_MUST_USE enum cosmo_err helper_client_question(
	const struct caller *caller, enum message_type type, struct message **ret);

/* Errors of both: those of dialogue_send() and dialogue_recv(). */
COSMO_MUST_USE enum cosmo_err helper_client_send(
	struct helper_client *client, struct message *question, int64_t deadline_boot_ms);
COSMO_MUST_USE enum cosmo_err helper_client_recv(
	struct helper_client *client, int64_t deadline_boot_ms, struct message **ret);

/*
 * Wait until the helper has said something, or has gone. Breaks nothing when it has not. Errors:
 * COSMO_E_TIMEOUT at @until_boot_ms, COSMO_E_CANCELLED if there is something at @interrupt_fd (see
 * interrupt.h; -1 if there is none).
 */
COSMO_MUST_USE enum cosmo_err helper_client_wait(
	const struct helper_client *client, int interrupt_fd, int64_t until_boot_ms);

/* Take a RESULT over into *ret. Anything else is COSMO_E_PROTOCOL there. */
void helper_client_result(const struct message *message, struct answer *ret);

/* A question that is answered by RESULT alone: start, ask, hang up, all within @timeout_ms. */
void helper_client_ask(const struct caller *caller, enum message_type type, int64_t timeout_ms,
	struct answer *ret);
