/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/helper/root_process.h"

#include <fcntl.h>
#include <grp.h>
#include <linux/ioprio.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The kernel's own. */
#define TIMER_SLACK_NS 50000UL

/* The kernel's own defaults, but for core files: memory here holds tokens. */
static const struct {
	__rlimit_resource_t resource;
	rlim_t soft;
	rlim_t hard;
} limits[] = {
	{RLIMIT_AS, RLIM_INFINITY, RLIM_INFINITY},
	{RLIMIT_CORE, 0, 0},
	{RLIMIT_CPU, RLIM_INFINITY, RLIM_INFINITY},
	{RLIMIT_DATA, RLIM_INFINITY, RLIM_INFINITY},
	{RLIMIT_FSIZE, RLIM_INFINITY, RLIM_INFINITY},
	{RLIMIT_NOFILE, 1024, 4096},
	{RLIMIT_NPROC, RLIM_INFINITY, RLIM_INFINITY},
	{RLIMIT_STACK, (rlim_t)8 * 1024 * 1024, RLIM_INFINITY},
};

static enum cosmo_err take_ids(void)
{
	uid_t uids[3] = {1, 1, 1};
	gid_t gids[3] = {1, 1, 1};

	if (geteuid() != 0)
		return COSMO_E_NOT_ROOT;
	if (setresgid(0, 0, 0) < 0 || setgroups(0, NULL) < 0 || setresuid(0, 0, 0) < 0)
		return COSMO_E_NOT_ROOT;
	if (getresuid(&uids[0], &uids[1], &uids[2]) < 0 ||
		getresgid(&gids[0], &gids[1], &gids[2]) < 0)
		return COSMO_E_NOT_ROOT;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(uids); i++)
		if (uids[i] != 0 || gids[i] != 0)
			return COSMO_E_NOT_ROOT;
	return COSMO_OK;
}

static void reset_signals(void)
{
	sigset_t none;

	sigemptyset(&none);
	for (int number = 1; number < NSIG; number++)
		(void)signal(number, SIG_DFL); /* those that have none refuse it */
	(void)pthread_sigmask(SIG_SETMASK, &none, NULL);
}

/* Where raising is not allowed (a container without CAP_SYS_RESOURCE), as far as the caller's hard
 * limit goes: every write is safe against being cut off by one. */
static void reset_limit(__rlimit_resource_t resource, rlim_t soft, rlim_t hard)
{
	struct rlimit wanted = {.rlim_cur = soft, .rlim_max = hard};
	struct rlimit present = {0};

	if (setrlimit(resource, &wanted) == 0 || getrlimit(resource, &present) < 0)
		return;
	present.rlim_cur = soft < present.rlim_max ? soft : present.rlim_max;
	(void)setrlimit(resource, &present);
}

static void reset_limits(void)
{
	for (size_t i = 0; i < COSMO_ARRAY_LEN(limits); i++)
		reset_limit(limits[i].resource, limits[i].soft, limits[i].hard);
}

/*
 * All of this a user sets for himself, and exec keeps it, that of a setuid program too: starved of
 * its processor while it holds the store's lock, or with timers that are hours late, the helper
 * would keep everybody else from signing in. Some of it may be refused in a container, or left out
 * of a kernel.
 */
static void reset_scheduling(void)
{
	const struct sched_param none = {0};
	cpu_set_t all;

	memset(&all, 0xff, sizeof(all)); /* as many as there are, and as may be had here */
	(void)sched_setscheduler(0, SCHED_OTHER, &none);
	(void)setpriority(PRIO_PROCESS, 0, 0);
	(void)sched_setaffinity(0, sizeof(all), &all);
	(void)syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0, 0);
	(void)prctl(PR_SET_TIMERSLACK, TIMER_SLACK_NS, 0, 0, 0);
}

static enum cosmo_err reset_descriptors(int last_fd)
{
	for (int fd = 0; fd <= 2; fd++)
		(void)close(fd);
	for (int fd = 0; fd <= 2; fd++)
		if (open("/dev/null", O_RDWR) != fd)
			return COSMO_E_IO;
	for (int fd = 3; fd < last_fd; fd++)
		(void)close(fd);
	if (fcntl(last_fd, F_SETFD, FD_CLOEXEC) < 0)
		return COSMO_E_IO;
	return close_range((unsigned int)last_fd + 1, ~0U, 0) < 0 ? COSMO_E_IO : COSMO_OK;
}

/* From whoever shares its uid, debuggers and core files. */
static enum cosmo_err hide(void)
{
	return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 ? COSMO_E_IO : COSMO_OK;
}

/* The parent ends without running anything that both would run. */
static enum cosmo_err leave_caller(void)
{
	pid_t pid = fork();

	if (pid < 0)
		return COSMO_E_SPAWN;
	if (pid > 0)
		_exit(0);
	return hide();
}

/* All but leaving the caller. */
static enum cosmo_err become_root(int last_fd)
{
	enum cosmo_err err = take_ids();

	if (err)
		return err;
	reset_signals();
	reset_limits();
	reset_scheduling();
	umask(077);
	if (chdir("/") < 0)
		return COSMO_E_IO;
	if (clearenv() != 0) /* NOLINT(concurrency-mt-unsafe): one thread, as promised */
		return COSMO_E_IO;
	return reset_descriptors(last_fd);
}

enum cosmo_err root_process_enter(int last_fd)
{
	enum cosmo_err err = become_root(last_fd);

	if (!err)
		err = leave_caller();
	if (err)
		return err;
	return setsid() < 0 ? COSMO_E_SPAWN : COSMO_OK;
}

enum cosmo_err root_process_stay(int last_fd)
{
	enum cosmo_err err = become_root(last_fd);

	if (!err)
		err = hide();
	if (err)
		return err;
	return getsid(0) == getpid() || setsid() >= 0 ? COSMO_OK : COSMO_E_SPAWN;
}

enum cosmo_err root_process_attend(int last_fd)
{
	enum cosmo_err err = become_root(last_fd);

	if (err)
		return err;
	(void)signal(SIGQUIT, SIG_IGN);
	(void)signal(SIGTSTP, SIG_IGN);
	return leave_caller();
}
