/* SPDX-License-Identifier: MIT */
/* How this system keeps the authorities that it trusts. */
#pragma once

#include <stdbool.h>

/* Does the folder @path hold certificates under the names by which OpenSSL looks for one, as
 * openssl-rehash(1) makes them? Where one does, all are taken to. NULL: no. */
bool system_trust_is_folder(const char *path);
