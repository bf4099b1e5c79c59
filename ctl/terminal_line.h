/* SPDX-License-Identifier: MIT */
/* A line typed at the terminal. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "common/base/auto.h"
#include "common/base/err.h"

/* What is read and what is written to: mostly the same terminal. */
struct terminal {
	int in_fd;
	int out_fd;
};

/*
 * Show @question, wait for a line and copy it without its end to @ret; with @unseen nothing of it
 * is shown. Whatever would end this program meanwhile (Ctrl-C, SIGTERM, the end of the terminal)
 * comes back as an answer, so that whoever asked can say what became of it. @ret is wiped after a
 * failure. Errors: COSMO_E_CANCELLED (one of these, or Ctrl-D), COSMO_E_TOO_BIG (more than
 * @ret_size - 1 bytes; all of the line is gone), COSMO_E_IO (no terminal).
 */
COSMO_MUST_USE enum cosmo_err terminal_line_ask(const struct terminal *terminal,
	const char *question, bool unseen, char *ret, size_t ret_size);
