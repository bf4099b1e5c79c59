/* SPDX-License-Identifier: MIT */
/* Settings of sudoers that lead sudo past us. Pure functions of texts. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define SUDO_TRAPS_MAX 16

struct sudo_trap {
	const char *option; /* "targetpw" */
	bool negated;       /* "!pam_acct_mgmt" */
	char service[65];   /* that PAM is asked for, of pam_service and pam_login_service */
	/* No trap, but good to know: in place of the caller's own password sudo asks for this
	 * one's. */
	const char *password_of;
};

struct sudo_traps {
	struct sudo_trap items[SUDO_TRAPS_MAX];
	size_t count;
};

/*
 * Of what `cvtsudoers -f json` prints: the traps that hold for everybody at the end of the file, or
 * for somebody or something in particular, and whose password is asked for likewise. False: it is
 * no such text.
 */
bool sudo_traps_read(const char *json, struct sudo_traps *ret);

/* Number of the last line of @sudoers that sets it; 0: none. */
unsigned int sudo_traps_line(const char *sudoers, const struct sudo_trap *trap);

/* Line @number of @sudoers without it, for its place; "": nothing else is in it. The caller frees
 * *ret. False: no memory, or it is not there. */
bool sudo_traps_without(
	const char *sudoers, unsigned int number, const struct sudo_trap *trap, char **ret);
