/* SPDX-License-Identifier: MIT */
/* Who called the module, and how a person behind it can be spoken to. */
#pragma once

#include <security/pam_modules.h>
#include <stdbool.h>
#include <sys/types.h>

#include "common/base/auto.h"
#include "common/base/err.h"

enum caller_style {
	CALLER_MUTE,     /* nobody can be shown a code */
	CALLER_PROMPT,   /* sshd: text comes with the next prompt only, so everything is in one */
	CALLER_TERMINAL, /* text is shown at once; the result comes without a key press */
	CALLER_GREETER,  /* a short text in a proportional font */
};

struct caller {
	pam_handle_t *pamh;
	const char *service; /* all texts borrowed from libpam; rhost, tty, ssh_auth_info may be
				NULL */
	const char *user;
	const char *rhost;
	const char *tty;
	const char *ssh_auth_info; /* the methods sshd has seen succeed */
	uid_t ruid;
	bool is_root; /* effective uid 0 */
	bool is_sshd;
	bool is_silent; /* wants no messages */
	enum caller_style style;
};

/*
 * Read it from @pamh. @authenticates: in that phase libpam asks for the user's name if the caller
 * has not set it, and sshd's method password is silent (and so mute): it cannot show a code.
 * Errors: COSMO_E_NOT_OURS when there is no user's name.
 */
COSMO_MUST_USE enum cosmo_err caller_read(
	pam_handle_t *pamh, int flags, bool authenticates, struct caller *ret);
