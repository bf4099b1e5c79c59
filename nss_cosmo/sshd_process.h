/* SPDX-License-Identifier: MIT */
/* Is this process sshd? Only there a name may resolve that is not enrolled. */
#pragma once

#include <stdbool.h>

#include "common/base/users_db_settings.h"

/*
 * Find out once per process, and only where provisional entries are on: the verdict holds for the
 * life of the executable image (a child has its parent's, after execve() the plugin is loaded
 * anew). Keeps errno.
 */
void sshd_process_prepare(const struct users_db_brief *brief);

/*
 * Is its executable one of the configured sshd paths, a regular file of root's that nobody else may
 * write, and is its effective uid 0 now? false until sshd_process_prepare(). One atomic load where
 * it is not sshd. Keeps errno.
 */
bool sshd_process_is(void);
