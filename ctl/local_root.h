/* SPDX-License-Identifier: MIT */
/* Could anybody reach root on this host if single sign-on did not work at all? */
#pragma once

#include <stdbool.h>

/*
 * Whether root, or a local member of sudo, wheel or admin, has a usable password or an SSH key,
 * looked up in the local files only. Files that cannot be read count as no.
 */
bool local_root_reachable(void);
