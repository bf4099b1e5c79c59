/* SPDX-License-Identifier: MIT */
#include "ctl/exit_code.h"

enum exit_code exit_code_of(enum cosmo_err err)
{
	/* Of what was asked about these say that it is not so, not that the host is at fault. */
	if (err == COSMO_E_NOT_FOUND || err == COSMO_E_EXISTS)
		return EXIT_CODE_DENIED;
	if (err == COSMO_E_INVALID)
		return EXIT_CODE_USAGE;
	switch (cosmo_err_class(err)) {
	case COSMO_CLASS_OK:
		return EXIT_CODE_OK;
	case COSMO_CLASS_DENIED:
	case COSMO_CLASS_NOT_OURS:
		return EXIT_CODE_DENIED;
	case COSMO_CLASS_UNREACHABLE:
		return EXIT_CODE_UNREACHABLE;
	case COSMO_CLASS_MISCONFIGURED:
		return EXIT_CODE_MISCONFIGURED;
	case COSMO_CLASS_BUSY:
		return EXIT_CODE_BUSY;
	case COSMO_CLASS_INTERNAL:
		return EXIT_CODE_INTERNAL;
	}
	return EXIT_CODE_INTERNAL;
}
