/* SPDX-License-Identifier: MIT */
/* Does a shared object load, with all that it links? */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Try it in a child: what is damaged may crash. @path without a '/' is looked for as the linker
 * does. False: why, in @ret_why. */
bool module_load_try(const char *path, char *ret_why, size_t why_size);
