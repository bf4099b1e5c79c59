/* SPDX-License-Identifier: MIT */
/* Which of its processes sshd calls PAM in, by the title that it gives each of them. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/*
 * Does the process authenticate for the method `password`? That runs in sshd's monitor ("sshd: ada
 * [priv]"), keyboard-interactive in a process of its own ("sshd: ada [pam]"). A title that is not
 * understood is no password's: the question is then put, and not answered.
 */
bool sshd_title_is_of_password(void);

/* The same of the @len bytes of a /proc/PID/cmdline, pure. */
bool sshd_title_ends_in_priv(const char *cmdline, size_t len);
