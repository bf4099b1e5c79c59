/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/module/sshd_title.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "common/base/auto.h"

/* More than a title with a user's name at its longest. */
#define TITLE_BYTES 512

static const char suffix[] = " [priv]";

bool sshd_title_ends_in_priv(const char *cmdline, size_t len)
{
	size_t title_len = strnlen(cmdline, len);
	size_t suffix_len = sizeof(suffix) - 1;

	return title_len >= suffix_len &&
	       memcmp(cmdline + title_len - suffix_len, suffix, suffix_len) == 0;
}

bool sshd_title_is_of_password(void)
{
	COSMO_AUTO_FD int fd = open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC);
	char cmdline[TITLE_BYTES] = "";
	ssize_t len = fd < 0 ? -1 : read(fd, cmdline, sizeof(cmdline));

	return len > 0 && sshd_title_ends_in_priv(cmdline, (size_t)len);
}
