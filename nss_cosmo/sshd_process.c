/* SPDX-License-Identifier: MIT */
#include "nss_cosmo/sshd_process.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/auto.h"

#define SELF_EXE "/proc/self/exe"

enum verdict {
	UNKNOWN,
	OTHER,
	SSHD,
};

static _Atomic int verdict = UNKNOWN;

static bool is_listed(const struct users_db_brief *brief, const char *exe)
{
	for (uint32_t i = 0; i < brief->sshd_count && i < USERS_DB_MAX_SSHD; i++)
		if (streq(brief->sshd + (size_t)i * USERS_DB_MAX_TEXT, exe))
			return true;
	return false;
}

/* The file itself, not whatever stands at that path by now. */
static bool is_roots_alone(void)
{
	struct stat st = {0};

	return fstatat(AT_FDCWD, SELF_EXE, &st, 0) == 0 && S_ISREG(st.st_mode) && st.st_uid == 0 &&
	       (st.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

static enum verdict find_out(const struct users_db_brief *brief)
{
	char exe[USERS_DB_MAX_TEXT];
	ssize_t len = readlink(SELF_EXE, exe, sizeof(exe));

	if (len <= 0 || (size_t)len >= sizeof(exe))
		return OTHER;
	exe[len] = '\0';
	return is_listed(brief, exe) && is_roots_alone() ? SSHD : OTHER;
}

void sshd_process_prepare(const struct users_db_brief *brief)
{
	int saved_errno = 0;

	if (brief->provisional_on != 1 ||
		atomic_load_explicit(&verdict, memory_order_relaxed) != UNKNOWN)
		return;
	saved_errno = errno;
	atomic_store_explicit(&verdict, (int)find_out(brief), memory_order_relaxed);
	errno = saved_errno;
}

bool sshd_process_is(void)
{
	return atomic_load_explicit(&verdict, memory_order_relaxed) == SSHD && geteuid() == 0;
}
