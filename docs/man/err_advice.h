/* SPDX-License-Identifier: MIT */
/* What an administrator does about each failure, for cosmo-sso-errors(7). */
#pragma once

#include "common/base/err.h"

/* Plain sentences, with `command` for what is to be typed; NULL for a code that has none yet, which
 * stops the build. */
const char *err_advice(enum cosmo_err err);
