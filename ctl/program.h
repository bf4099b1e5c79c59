/* SPDX-License-Identifier: MIT */
/* Running the host's own programs (sshd -T, systemctl) and reading what they print. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "common/base/auto.h"
#include "common/base/err.h"

#define PROGRAM_MAX_OUTPUT_BYTES ((size_t)256 * 1024)

/*
 * Run @argv (argv[0] is a full path) with standard output and error caught in *ret_output (freed by
 * the caller, NUL behind it), and its exit code in *ret_code (128 + signal when killed). Errors:
 * COSMO_E_SPAWN, COSMO_E_NOMEM, COSMO_E_TOO_BIG.
 */
COSMO_MUST_USE enum cosmo_err program_run(char *const argv[], char **ret_output, int *ret_code);
