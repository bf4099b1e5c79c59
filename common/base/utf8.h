/* SPDX-License-Identifier: MIT */
/* Well-formed UTF-8 (RFC 3629), byte by byte and without locale. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Length of the well-formed sequence at the start of the NUL-terminated @text, its code point in
 * *ret_code; 0 if there is none. Not for the NUL itself. */
size_t utf8_decode(const char *text, uint32_t *ret_code);

/* Is @text well-formed from end to end? */
bool utf8_is_valid(const char *text);
