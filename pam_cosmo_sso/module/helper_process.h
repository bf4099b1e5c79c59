/* SPDX-License-Identifier: MIT */
/* Starting cosmo-sso-helper. But for one that only looks it leaves this process's family by itself,
 * so nothing has to be reaped later. */
#pragma once

#include "common/base/auto.h"
#include "common/base/err.h"
#include "common/spawn.h"

enum helper_duty {
	HELPER_PAM,       /* answers one question, detached from the caller */
	HELPER_LOOK,      /* answers by a look or not at all, see helper_process_look() */
	HELPER_INTERRUPT, /* stays in the caller's process group, to be ended by Ctrl-C */
};

/*
 * *ret_fd is a socket to it, above 2, close-on-exec; the caller owns it. Closing it ends the
 * process. Errors: COSMO_E_SPAWN, COSMO_E_IO.
 */
COSMO_MUST_USE enum cosmo_err helper_process_start(enum helper_duty duty, int *ret_fd);

/*
 * One that answers by a look or not at all. It stays the caller's child: *ret_child is to be ended
 * by spawn_kill(), which nothing is lost by. Errors: as above.
 */
COSMO_MUST_USE enum cosmo_err helper_process_look(struct spawn_child *ret_child, int *ret_fd);
