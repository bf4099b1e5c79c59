/* SPDX-License-Identifier: MIT */
/* AuthenticationMethods that leave people of ours no way in by a code. */
#pragma once

#include <stdbool.h>

#include "ctl/sshd_lines.h"

#define SSHD_METHODS_BYTES SSHD_LINES_VALUE_BYTES

struct sshd_methods {
	char demand[SSHD_METHODS_BYTES]; /* cut off if it is longer */
	/* What demands it of our users alone; number 0: it is demanded of everybody. */
	struct sshd_line line;
};

/*
 * Do both the methods of sshd -T's output @settings and those of a `Match Group cosmo-users` in
 * sshd_config of @folder, if there is one, lack keyboard-interactive? True: *ret is the demand that
 * holds for our users.
 */
bool sshd_methods_lack_code(const char *settings, const char *folder, struct sshd_methods *ret);
