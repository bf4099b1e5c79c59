/* SPDX-License-Identifier: MIT */
/* Whether OpenSSL gave up for lack of memory: its functions, and often its queue of errors, do not
 * tell that from a "no". */
#pragma once

#include <stdbool.h>

/* At first before OpenSSL is used, or nothing can be told later. Again: forget what was. */
void openssl_memory_watch(void);

/* Since then, did OpenSSL not get memory that it asked for? */
bool openssl_memory_ran_out(void);
