/* SPDX-License-Identifier: MIT */
/* Keeping the end of a terminal, or a key press, from ending us while a file is half of a change.
 */
#pragma once

#include <signal.h>

/* Hold back HUP, INT, QUIT, TERM, TSTP, TTOU and PIPE; what comes is delivered at the release. */
void signal_hold(sigset_t *ret_before);
void signal_release(const sigset_t *before);
