/* SPDX-License-Identifier: MIT */
/*
 * The newest sign-in of a name from one source at one service (and terminal): it takes the place of
 * the one before, which is told through a socket in run/private/flows and ends by itself. Nobody is
 * signalled; what a dead process leaves behind is an address that nobody listens at.
 */
#pragma once

#include <stdint.h>

#include "common/base/auto.h"
#include "common/base/err.h"

struct flow;

/*
 * Become the newest flow of @key and tell the one before, if there is one. @run_fd is run/private,
 * borrowed until flow_free(). The caller owns *ret. Errors: COSMO_E_BUSY (its lock was not to be
 * had in time), COSMO_E_IO, COSMO_E_NOMEM.
 */
COSMO_MUST_USE enum cosmo_err flow_begin(int run_fd, uint64_t key, struct flow **ret);

/* Wait until the one before has ended, and what it held is free, or for @timeout_ms. */
void flow_wait_older(struct flow *flow, int64_t timeout_ms);

/* Borrowed: readable once a newer one has come. */
int flow_fd(const struct flow *flow);

/*
 * Tell every flow there is to end, as a newer one of its key would: what it is a sign-in to is no
 * more. *ret_told counts those that were there to be told. One that begins meanwhile is not: it is
 * refused when it ends, if not before. Errors: COSMO_E_IO (not all were told).
 */
COSMO_MUST_USE enum cosmo_err flow_end_all(int run_fd, uint64_t *ret_told);

/* The end, which a newer one waits for: to be called after all else is given back. */
void flow_free(struct flow *flow);
COSMO_AUTO_DEFINE(struct flow *, flow_free);
