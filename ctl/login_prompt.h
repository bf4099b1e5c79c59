/* SPDX-License-Identifier: MIT */
/* The code of a test sign-in, as a door shows it, and the time that is left. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "common/base/auto.h"
#include "common/base/err.h"
#include "common/message.h"

struct login_prompt {
	FILE *out;
	bool is_terminal;      /* then the time left is told as it passes */
	bool is_shown;         /* and not ended yet */
	int64_t until_boot_ms; /* by CLOCK_BOOTTIME */
};

/* @out: where to. */
struct login_prompt login_prompt_init(FILE *out);

/* Print what a SHOW says. Errors: those of prompt_notice(). */
COSMO_MUST_USE enum cosmo_err login_prompt_show(
	struct login_prompt *prompt, const struct message *show);

/* Tell the time that is left, on a terminal and while the code is shown. */
void login_prompt_tick(const struct login_prompt *prompt);

/* Something else follows. */
void login_prompt_end(struct login_prompt *prompt);
