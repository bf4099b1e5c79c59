/* SPDX-License-Identifier: MIT */
/* Text and words on a page that a program writes. */
#pragma once

#include "common/base/err.h"
#include "common/pam_result.h"

/* What scdoc would take for markup stands for itself; backticks become bold. */
void scdoc_put(const char *text);

/* The name of pam_result(), without PAM_; not that of sshd's authentication. NULL for a code that
 * has none here yet. */
const char *scdoc_pam_name(enum pam_phase phase, enum cosmo_err err);
