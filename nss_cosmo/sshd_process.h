/* SPDX-License-Identifier: MIT */
/* Is this process sshd? Only there a name may resolve that is not enrolled. */
#pragma once

#include <stdbool.h>

/*
 * Find out once per process, if not done yet, and only where provisional entries are @wanted at
 * all: the verdict holds for the life of the executable image (a child has its parent's, after
 * execve() the plugin is loaded anew). Keeps errno.
 */
void sshd_process_prepare(bool wanted);

/*
 * Is its executable one of the configured sshd paths, a regular file of root's that nobody else may
 * write, and is its effective uid 0 now? One atomic load where it is not sshd. Keeps errno.
 */
bool sshd_process_is(void);
