/* SPDX-License-Identifier: MIT */
/* A sign-in at the administrator's terminal, to see what comes of it. */
#pragma once

#include <stdbool.h>

#include "common/base/auto.h"
#include "common/base/err.h"

struct login_test_options {
	bool dry_run;        /* write nothing; the host need not be connected */
	bool json;           /* one document on standard output; the code on standard error */
	const char *service; /* sign in as at this one; NULL: the first door that asks */
};

/*
 * Show a code, wait for its approval (Ctrl-C ends the wait), and print who it was and what follows.
 * Failures have been told on standard error. Errors: why the person would not get in; that of a
 * sign-in; COSMO_E_CANCELLED.
 */
COSMO_MUST_USE enum cosmo_err login_test_run(const struct login_test_options *options);
