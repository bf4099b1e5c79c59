/* SPDX-License-Identifier: MIT */
/* Signing in: the helper is asked, the code is shown, the result is waited for (P1, P5). */
#pragma once

#include "pam_cosmo_sso/module/answer.h"
#include "pam_cosmo_sso/module/caller.h"
#include "pam_cosmo_sso/module/ours.h"

/*
 * ret->err is COSMO_OK only if the helper said so, in its turn and in time. Blocks until then, at
 * most until the code or the service's time is over; longer only inside the caller's own
 * conversation function.
 */
void sign_in(const struct caller *caller, const struct ours *who, struct answer *ret);
