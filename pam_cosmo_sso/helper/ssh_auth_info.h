/* SPDX-License-Identifier: MIT */
/* What somebody has proved to sshd before it asked PAM: its SSH_AUTH_INFO_0. */
#pragma once

#include <stdbool.h>

#include "common/base/auto.h"

/*
 * Has @method succeeded, by @text (NULL: nothing has)? OpenSSH (7.5 and later) writes a line for
 * each method that has, "METHOD[/SUBMETHOD][ WHAT IT WAS]", line feed included. Of a last line
 * without one, which was cut off, nothing is believed, and of a text with a line of another form
 * nothing at all.
 */
bool ssh_auth_info_has(const char *text, const char *method);
