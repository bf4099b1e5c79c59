/* SPDX-License-Identifier: MIT */
/*
 * A clock that stands still until the test moves it: what the module and the C library's callers
 * take for clock_gettime() and poll() are this program's own, whose symbols go first. Until
 * rig_clock_start() both are the kernel's.
 */
#pragma once

#include <stdbool.h>

/*
 * From here on CLOCK_BOOTTIME is the moment of this call and the milliseconds in the file @path,
 * and poll() waits by that. PATH.looks holds how often a poll() that went on waiting has looked.
 * False if one of the files cannot be opened.
 */
bool rig_clock_start(const char *path);
