/* SPDX-License-Identifier: MIT */
#include "tests/unit/scratch_file.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char path[64];

int scratch_file_make(void **state)
{
	int fd = -1;

	(void)state;
	snprintf(path, sizeof(path), "/tmp/cosmo-test-XXXXXX");
	fd = mkstemp(path);
	return fd < 0 ? -1 : close(fd);
}

int scratch_file_remove(void **state)
{
	(void)state;
	return unlink(path) == 0 || errno == ENOENT ? 0 : -1;
}

const char *scratch_file_path(void)
{
	return path;
}

void scratch_file_write_bytes(const char *bytes, size_t len)
{
	FILE *file = fopen(path, "we");

	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, len, file), len);
	assert_int_equal(fclose(file), 0);
}

void scratch_file_write(const char *text)
{
	scratch_file_write_bytes(text, strlen(text));
}
