/* SPDX-License-Identifier: MIT */
/* What an administrator can do about a failure; the error's own text is for those who sign in. */
#pragma once

#include "common/base/err.h"

/* From now on say options in the place of settings: the command has them. */
void advice_want_options(void);

/* NULL: nothing beyond what the failure's text and detail say. */
const char *advice_for(enum cosmo_err err);

/* What more there is to say of it with the provider that the issuer's URL tells; NULL: nothing. */
const char *advice_at(enum cosmo_err err, const char *issuer);
