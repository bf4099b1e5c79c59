/* SPDX-License-Identifier: MIT */
/* How long a name may wait for another person (cosmo-ssoctl user rebind --for). */
#pragma once

#include <stdint.h>

#define REBIND_MIN_S     ((int64_t)60)
#define REBIND_MAX_S     ((int64_t)30 * 24 * 60 * 60)
#define REBIND_DEFAULT_S ((int64_t)24 * 60 * 60)
