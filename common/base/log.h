/* SPDX-License-Identifier: MIT */
/* Foreign text made harmless, and one line per event for syslog. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/auto.h"

/*
 * Copy @text to @ret, at most @ret_size bytes with the NUL, so that it may stand on a terminal or
 * in a log: printable ASCII stays, well-formed printable UTF-8 stays when @utf8, everything else
 * (control characters, escape, DEL, C1, bidirectional and invisible format characters, broken
 * UTF-8) becomes '?'. NULL gives "". A text that does not fit ends in "...". Never splits a
 * character. @ret_size >= 4.
 */
void log_filter(const char *text, bool utf8, char *ret, size_t ret_size);

/*
 * Append ` key="value"` to the NUL-terminated line in @line; value is filtered as ASCII, with '"'
 * and '\' as '?'. Values of only [A-Za-z0-9_.:/@+-] stand without quotes. NULL values are left out.
 * A line that is full is cut between fields, never inside one.
 */
void log_append(char *line, size_t line_size, const char *key, const char *value);

/*
 * Send "event=EVENT..." of @line to syslog, facility authpriv, as @ident with our pid. @priority is
 * one of syslog's. Opens and closes its own socket (no openlog(): that state belongs to the host
 * program). Waits at most @wait_ms while the log takes no more. Was it taken? A log that cannot be
 * reached is not an error.
 */
bool log_send(const char *ident, int priority, const char *line, int64_t wait_ms);
