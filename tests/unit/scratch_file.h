/* SPDX-License-Identifier: MIT */
/* A file of the test program's own, whose content each test chooses: as a setup and a teardown of
 * cmocka's, and by its path in between. */
#pragma once

#include <stddef.h>

int scratch_file_make(void **state);

/* Where it is no longer there, a test has removed it. */
int scratch_file_remove(void **state);

/* Good until it is removed. */
const char *scratch_file_path(void);

/* In place of what was in it; both end the test when that fails. */
void scratch_file_write(const char *text);
void scratch_file_write_bytes(const char *bytes, size_t len);
