/* SPDX-License-Identifier: MIT */
/* What enable and disable tell a program of an edit. */
#pragma once

#include <stdbool.h>

#include "ctl/host_edit.h"

/* One JSON object: what was, or would be, changed, the notes, and what kept it from being done;
 * @code is the exit code. */
void enable_report_print(const struct host_edit *edit, bool dry_run, int code);
