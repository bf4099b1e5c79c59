/* SPDX-License-Identifier: MIT */
/* Speaking with the person behind the caller, through the caller's own conversation function. */
#pragma once

#include "common/base/auto.h"
#include "common/base/err.h"
#include "pam_cosmo_sso/module/caller.h"

/* Show @text at once (PAM_TEXT_INFO). Errors: COSMO_E_NO_PROMPT. */
COSMO_MUST_USE enum cosmo_err conversation_tell(const struct caller *caller, const char *text);

/*
 * Show @text and wait for a line, whatever it says (PAM_PROMPT_ECHO_ON, never ECHO_OFF: a program
 * may answer that with a password). Blocks as long as the caller's function does. Errors:
 * COSMO_E_CANCELLED at the end of input, or where the caller does not answer such questions.
 */
COSMO_MUST_USE enum cosmo_err conversation_ask(const struct caller *caller, const char *text);

/* Say why it failed (PAM_ERROR_MSG), @text filtered; nothing where no messages are wanted. */
void conversation_fail(const struct caller *caller, const char *text);
