/* SPDX-License-Identifier: MIT */
/* When a person meets a message, for docs/messages.md. */
#pragma once

#include "common/base/err.h"
#include "common/base/user_text.h"

/* A phrase without a mark at its end; NULL for a code that has none yet, which stops the build. */
const char *err_when(enum cosmo_err err);

const char *user_text_when(enum user_text which);
