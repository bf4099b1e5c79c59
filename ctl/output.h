/* SPDX-License-Identifier: MIT */
/* What cosmo-ssoctl prints: text for people, JSON for programs, failures on standard error. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/base/auto.h"
#include "common/base/err.h"

struct json_object;

/* "cosmo-ssoctl: what happened [id] (detail)" on standard error; @text (may be NULL) replaces the
 * code's own text. */
void output_failure(enum cosmo_err err, const char *text, const char *detail);

/* A line on standard error behind "cosmo-ssoctl: ". */
void output_error(const char *format, ...) COSMO_PRINTF(1, 2);

/* Foreign text, filtered for the terminal, on standard output. */
void output_text(const char *text);

/* Local time as "2026-11-24 12:00:05 +0000", or "never" for 0, in @ret of at least 32 bytes. */
void output_time(int64_t time_s, char *ret, size_t ret_size);

/* Print and free. */
void output_json(struct json_object *object);

/* Ask a yes/no question on the terminal; @yes answers it. No terminal: no, and says how. */
bool output_confirm(const char *question, bool yes);
