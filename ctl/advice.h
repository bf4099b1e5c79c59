/* SPDX-License-Identifier: MIT */
/* What an administrator can do about a failure; the error's own text is for those who sign in. */
#pragma once

#include "common/base/err.h"

/* NULL: nothing beyond what the failure's text and detail say. */
const char *advice_for(enum cosmo_err err);
