/* SPDX-License-Identifier: MIT */
/* Reading what an administrator hands to a command. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* The whole of @path ("-": standard input) with a NUL behind it, freed by the caller. False when it
 * could not be read or is larger than @max_bytes; that has been said then. */
bool input_read(const char *path, size_t max_bytes, char **ret_data, size_t *ret_len);

/* Tell a person at the terminal that @what is waited for, if @path is standard input. */
void input_note_terminal(const char *path, const char *what);
