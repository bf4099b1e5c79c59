/* SPDX-License-Identifier: MIT */
#include "ctl/exit_code.h"

enum exit_code exit_code_of(enum cosmo_err err)
{
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
