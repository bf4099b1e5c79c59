/* SPDX-License-Identifier: MIT */
/* What sudo does not tell PAM: that it was called with -n, and nobody is to be asked. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/*
 * Does the command line of this process, which is sudo's, say so? sudo asks PAM with -n only where
 * sudoers has noninteractive_auth. What is not understood says nothing.
 */
bool sudo_options_forbid_asking(void);

/* The same of the @len bytes of a /proc/PID/cmdline, pure. */
bool sudo_options_have_n(const char *cmdline, size_t len);
