/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/helper/uid_kill.h"

#include <errno.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/base/fdio.h"
#include "common/spawn.h"

#define KILL_MS 2000

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
		uids[1] != uid || uids[2] != shield_uid)
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
