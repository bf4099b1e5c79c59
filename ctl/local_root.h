/* SPDX-License-Identifier: MIT */
/* Could anybody reach root on this host if single sign-on did not work at all? */
#pragma once

#include <stdbool.h>

/*
 * Whether root has a usable password, or an SSH key that sshd takes, or a local member of sudo,
 * wheel or admin has a usable password, looked up in the local files only. An account without a
 * shell, or that has expired, and files that cannot be read count as no.
 */
bool local_root_reachable(void);
