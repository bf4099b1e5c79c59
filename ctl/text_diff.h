/* SPDX-License-Identifier: MIT */
/* What an edit takes out of a text and puts into it, line by line. */
#pragma once

#include <stdio.h>

/* Print each line that goes ("  -line") or comes ("  +line") in the order of the texts, what stays
 * is left out. NULL is a text without lines. */
void text_diff_print(FILE *out, const char *before, const char *after);
