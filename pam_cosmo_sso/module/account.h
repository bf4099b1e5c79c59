/* SPDX-License-Identifier: MIT */
/* The account phase, the session's records and the password phase: one question each, no prompt. */
#pragma once

#include "pam_cosmo_sso/module/answer.h"
#include "pam_cosmo_sso/module/caller.h"
#include "pam_cosmo_sso/module/ours.h"

/*
 * May this user come in? With root the helper says; without, users.db and gate alone do, which know
 * nothing of services. Who was never enrolled is refused: a key in a left-over home opens nothing.
 */
void account(const struct caller *caller, const struct ours *who, struct answer *ret);

/* Record the session's begin and end. Without root nothing can be recorded, and nothing is lost. */
void session_open(const struct caller *caller, const struct ours *who, struct answer *ret);
void session_close(const struct caller *caller, const struct ours *who, struct answer *ret);

/* There is no password here to be changed. */
void password_change(const struct caller *caller, const struct ours *who, struct answer *ret);
