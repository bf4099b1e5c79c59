/* SPDX-License-Identifier: MIT */
/* What the host's sshd says about its own configuration. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* sshd -t: is the configuration valid? What sshd says otherwise is printed. */
bool sshd_check_valid(void);

/* sshd -T: "usepam yes" and "kbdinteractiveauthentication yes"? What lacks is printed. */
bool sshd_check_ready(void);

/* LoginGraceTime in seconds from sshd -T; 0: no limit; -1: not told. */
int64_t sshd_check_grace_s(void);

/* Let a running sshd read its configuration again; nothing if none runs. False when that failed. */
bool sshd_check_reload(void);

/* Is there an sshd at all? */
bool sshd_check_present(void);
