/* SPDX-License-Identifier: MIT */
/* One exchange: check who asks, read the question, have it answered, send the RESULT. */
#pragma once

#include "common/base/auto.h"
#include "common/base/err.h"
#include "common/dialogue.h"

/*
 * Serve the peer at @fd to the end of the exchange. Errors are for the exit status only: the peer
 * has been told, or could not be: COSMO_E_NOT_ROOT (the peer's socket was made by somebody else;
 * nothing is read from it), those of dialogue_recv() and dialogue_send().
 */
COSMO_MUST_USE enum cosmo_err serve(int fd, enum dialogue_channel channel);

/* The same for a module's LOOKS_ONLY alone; any other question is COSMO_E_PROTOCOL. */
COSMO_MUST_USE enum cosmo_err serve_look(int fd);
