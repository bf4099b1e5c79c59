/* SPDX-License-Identifier: MIT */
/* Exit codes of cosmo-ssoctl, the same for every command; listed in cosmo-ssoctl(8). */
#pragma once

#include "common/base/err.h"

enum exit_code {
	EXIT_CODE_OK = 0,
	EXIT_CODE_DENIED = 1,        /* a definite no, or the thing asked about is not so */
	EXIT_CODE_USAGE = 2,         /* the command line is wrong; nothing was done */
	EXIT_CODE_UNREACHABLE = 3,   /* the IdP could not be asked */
	EXIT_CODE_MISCONFIGURED = 4, /* configuration of host or IdP has to change */
	EXIT_CODE_BUSY = 5,          /* try again later */
	EXIT_CODE_INTERNAL = 6,      /* a fault of this host */
	EXIT_CODE_NOT_OURS = 7,      /* whoami: the caller is no user of single sign-on */
};

enum exit_code exit_code_of(enum cosmo_err err);
