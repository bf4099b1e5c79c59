/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/module/args.h"

#include <stddef.h>

const char *args_first_unknown(int argc, const char *const *argv)
{
	if (argc <= 0 || !argv)
		return NULL;
	return argv[0] ? argv[0] : "";
}
