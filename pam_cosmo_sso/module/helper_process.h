/* SPDX-License-Identifier: MIT */
/* Starting cosmo-sso-helper: it leaves this process's family by itself, so nothing has to be reaped
 * later. */
#pragma once

#include "common/base/auto.h"
#include "common/base/err.h"

enum helper_duty {
	HELPER_PAM,       /* answers one question, detached from the caller */
	HELPER_INTERRUPT, /* stays in the caller's process group, to be ended by Ctrl-C */
};

/*
 * *ret_fd is a socket to it, above 2, close-on-exec; the caller owns it. Closing it ends the
 * process. Errors: COSMO_E_SPAWN, COSMO_E_IO.
 */
COSMO_MUST_USE enum cosmo_err helper_process_start(enum helper_duty duty, int *ret_fd);
