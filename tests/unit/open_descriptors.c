/* SPDX-License-Identifier: MIT */
#include "tests/unit/open_descriptors.h"

#include <dirent.h>
#include <stdlib.h>

size_t open_descriptors(void)
{
	DIR *folder = opendir("/proc/self/fd");
	size_t count = 0;

	if (!folder)
		abort();
	while (readdir(folder)) /* NOLINT(concurrency-mt-unsafe): a stream of its own */
		count++;
	closedir(folder);
	return count;
}
