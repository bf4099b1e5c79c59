/* SPDX-License-Identifier: MIT */
#include "ctl/absolute_path.h"

#include <limits.h>
#include <stdio.h>
#include <unistd.h>

bool absolute_path(const char *path, char *ret, size_t ret_size)
{
	char here[PATH_MAX] = "";
	int len = 0;

	if (!path[0])
		return false;
	if (path[0] == '/')
		len = snprintf(ret, ret_size, "%s", path);
	else if (getcwd(here, sizeof(here)))
		len = snprintf(ret, ret_size, "%s/%s", here, path);
	return len > 0 && (size_t)len < ret_size;
}
