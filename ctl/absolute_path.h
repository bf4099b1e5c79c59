/* SPDX-License-Identifier: MIT */
/* Paths for the helper, which does not stand where the administrator does. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* @path from the root, in @ret; false: it does not fit, is empty or the working folder is gone. */
bool absolute_path(const char *path, char *ret, size_t ret_size);
