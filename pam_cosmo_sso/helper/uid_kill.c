/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/helper/uid_kill.h"

#include <errno.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/base/fdio.h"
#include "common/spawn.h"

#define KILL_MS 2000

/* Leaving the uid 0 ends all capabilities, unless the caller has set securebits (capabilities(7))
 * by which they stay: with CAP_KILL everybody would be hit. */
static bool drop_capabilities(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	const struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {{0}};
	struct __user_cap_data_struct now[_LINUX_CAPABILITY_U32S_3] = {{0}};

	if (syscall(SYS_capset, &header, none) < 0 || syscall(SYS_capget, &header, now) < 0)
		return false;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(now); i++)
		if (now[i].effective || now[i].permitted)
			return false;
	return true;
}

/*
 * Raw calls: the C library's own act on all threads and may take locks. Without the uid 0 in any
 * place no privilege is left, and with the groups none of theirs. kill(-1) finds its targets under
 * the kernel's lock of the process table: a process is either in it, or its parent has the signal
 * pending and the fork fails.
 */
static void kill_as(uint32_t uid, uint32_t shield_uid)
{
	uid_t uids[3] = {0, 0, 0};

	if (syscall(SYS_setresuid, shield_uid, uid, shield_uid) < 0)
		_exit(1);
	if (syscall(SYS_getresuid, &uids[0], &uids[1], &uids[2]) < 0 || uids[0] != shield_uid ||
		uids[1] != uid || uids[2] != shield_uid || !drop_capabilities())
		_exit(1);
	(void)kill(-1, SIGKILL);
	_exit(0);
}

enum cosmo_err uid_kill(uint32_t uid, uint32_t shield_uid)
{
	struct spawn_child child = {.pid = -1, .pid_fd = -1};

	if (uid == 0 || shield_uid == 0 || uid == shield_uid || uid == UINT32_MAX ||
		shield_uid == UINT32_MAX)
		return COSMO_E_INVALID;
	child.pid = fork();
	if (child.pid < 0)
		return COSMO_E_SPAWN;
	if (child.pid == 0)
		kill_as(uid, shield_uid);
	child.pid_fd = (int)syscall(SYS_pidfd_open, child.pid, 0);
	spawn_finish(&child, fdio_boot_ms() + KILL_MS);
	return child.pid < 0 ? COSMO_OK : COSMO_E_TIMEOUT;
}
