/* SPDX-License-Identifier: MIT */
#include "common/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/base/fdio.h"

/* Above every number that the child's own descriptors are moved to. */
#define HIGH_FD 10

/* A killed process ends at once unless the kernel is stuck; then we leave a zombie, not a hang. */
#define AFTER_KILL_MS 1000

/* Between two looks at a child where there are no pidfds. */
#define LOOK_MS 5

static void actions_done(posix_spawn_file_actions_t *actions)
{
	if (actions)
		posix_spawn_file_actions_destroy(actions);
}
COSMO_AUTO_DEFINE(posix_spawn_file_actions_t *, actions_done);

static void attributes_done(posix_spawnattr_t *attributes)
{
	if (attributes)
		posix_spawnattr_destroy(attributes);
}
COSMO_AUTO_DEFINE(posix_spawnattr_t *, attributes_done);

enum cosmo_err spawn_socketpair(int *ret_ours, int *ret_theirs)
{
	int pair[2] = {-1, -1};

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return COSMO_E_IO;
	*ret_ours = pair[0];
	*ret_theirs = pair[1];
	return COSMO_OK;
}

/* What the child does with its descriptors before exec; @peer_fd and @second_fd are high ones, or
 * -1. */
static bool fill_actions(posix_spawn_file_actions_t *actions, int peer_fd, int second_fd)
{
	int first_closed = peer_fd < 0 ? SPAWN_PEER_FD : SPAWN_SECOND_FD + (second_fd >= 0);

	for (int fd = 0; fd <= 2; fd++)
		if (posix_spawn_file_actions_addopen(actions, fd, "/dev/null", O_RDWR, 0))
			return false;
	if (peer_fd >= 0 && posix_spawn_file_actions_adddup2(actions, peer_fd, SPAWN_PEER_FD))
		return false;
	if (second_fd >= 0 && posix_spawn_file_actions_adddup2(actions, second_fd, SPAWN_SECOND_FD))
		return false;
	return posix_spawn_file_actions_addclosefrom_np(actions, first_closed) == 0;
}

static bool fill_attributes(posix_spawnattr_t *attributes, bool own_session)
{
	int flags = POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK;
	sigset_t all;
	sigset_t none;

	sigfillset(&all);
	sigemptyset(&none);
	if (own_session) /* no signal meant for the caller's group or terminal reaches it */
		flags |= POSIX_SPAWN_SETSID;
	return posix_spawnattr_setsigdefault(attributes, &all) == 0 &&
	       posix_spawnattr_setsigmask(attributes, &none) == 0 &&
	       posix_spawnattr_setflags(attributes, (short)flags) == 0;
}

static enum cosmo_err start_with(const char *path, char *const argv[], int peer_fd, int second_fd,
	bool own_session, pid_t *ret_pid)
{
	char *envp[] = {NULL};
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	COSMO_AUTO(actions_done) posix_spawn_file_actions_t *actions_owned = NULL;
	COSMO_AUTO(attributes_done) posix_spawnattr_t *attributes_owned = NULL;

	if (posix_spawn_file_actions_init(&actions))
		return COSMO_E_SPAWN;
	actions_owned = &actions;
	if (posix_spawnattr_init(&attributes))
		return COSMO_E_SPAWN;
	attributes_owned = &attributes;
	if (!fill_actions(actions_owned, peer_fd, second_fd) ||
		!fill_attributes(attributes_owned, own_session))
		return COSMO_E_SPAWN;
	if (posix_spawn(ret_pid, path, actions_owned, attributes_owned, argv, envp))
		return COSMO_E_SPAWN;
	return COSMO_OK;
}

/* Descriptors 0 to 4 of ours may be the very ones given, so both are moved out of the way first. */
static enum cosmo_err start(const char *path, const char *argument, int peer_fd, int second_fd,
	bool own_session, pid_t *ret_pid)
{
	const char *slash = strrchr(path, '/');
	COSMO_AUTO(free) char *name = strdup(slash ? slash + 1 : path);
	COSMO_AUTO(free) char *parameter = argument ? strdup(argument) : NULL;
	char *argv[] = {name, parameter, NULL};
	COSMO_AUTO_FD int peer_high = fcntl(peer_fd, F_DUPFD_CLOEXEC, HIGH_FD);
	COSMO_AUTO_FD int second_high =
		second_fd < 0 ? -1 : fcntl(second_fd, F_DUPFD_CLOEXEC, HIGH_FD);

	if (!name || (argument && !parameter) || peer_high < 0 ||
		(second_fd >= 0 && second_high < 0))
		return COSMO_E_SPAWN;
	return start_with(path, argv, peer_high, second_high, own_session, ret_pid);
}

/* Is it our child still? No, where the host program ignores SIGCHLD or reaped it before us. */
static bool is_our_child(int pid_fd)
{
	siginfo_t info = {0};

	return waitid(P_PIDFD, (id_t)pid_fd, &info, WEXITED | WNOHANG | WNOWAIT) == 0;
}

/*
 * A child that ended and was reaped at once leaves {-1, -1}; its socket tells the rest. The check
 * behind pidfd_open() is for a number that somebody else has got meanwhile.
 */
static enum cosmo_err track(pid_t pid, struct spawn_child *ret_child)
{
	int pid_fd = (int)syscall(SYS_pidfd_open, pid, 0);

	*ret_child = (struct spawn_child){.pid = -1, .pid_fd = -1};
	if (pid_fd >= 0 && is_our_child(pid_fd)) {
		*ret_child = (struct spawn_child){.pid = pid, .pid_fd = pid_fd};
		return COSMO_OK;
	}
	if (pid_fd >= 0) {
		close(pid_fd);
		return COSMO_OK;
	}
	if (errno == ESRCH)
		return COSMO_OK;
	if (errno == ENOSYS) {
		ret_child->pid = pid;
		return COSMO_OK;
	}
	kill(pid, SIGKILL);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	return COSMO_E_SPAWN;
}

enum cosmo_err spawn_program(const char *path, const char *argument, int peer_fd, int second_fd,
	struct spawn_child *ret_child)
{
	pid_t pid = -1;
	enum cosmo_err err = start(path, argument, peer_fd, second_fd, true, &pid);

	return err ? err : track(pid, ret_child);
}

enum cosmo_err spawn_in_group(
	const char *path, const char *argument, int peer_fd, struct spawn_child *ret_child)
{
	pid_t pid = -1;
	enum cosmo_err err = start(path, argument, peer_fd, -1, false, &pid);

	return err ? err : track(pid, ret_child);
}

enum cosmo_err spawn_command(char *const argv[], struct spawn_child *ret_child)
{
	pid_t pid = -1;
	enum cosmo_err err = start_with(argv[0], argv, -1, -1, true, &pid);

	return err ? err : track(pid, ret_child);
}

/* Wait until the deadline for the child's end; false if it has not come. */
static bool has_ended(int pid_fd, int64_t deadline_boot_ms)
{
	for (;;) {
		struct pollfd end = {.fd = pid_fd, .events = POLLIN};
		int64_t now_ms = fdio_boot_ms();
		int64_t left_ms = deadline_boot_ms > now_ms ? deadline_boot_ms - now_ms : 0;
		int count = 0;

		count = poll(&end, 1, left_ms > INT_MAX ? INT_MAX : (int)left_ms);
		if (count > 0)
			return true;
		if (count < 0 && errno != EINTR)
			return false;
		if (count == 0 && left_ms == 0)
			return false;
	}
}

/* Never blocks; ECHILD, where the host program reaps by itself, is as good. */
static void reap(struct spawn_child *child)
{
	siginfo_t info = {0};

	while (waitid(P_PIDFD, (id_t)child->pid_fd, &info, WEXITED | WNOHANG) < 0 && errno == EINTR)
		;
	close(child->pid_fd);
	*child = (struct spawn_child){.pid = -1, .pid_fd = -1};
}

/*
 * Without pidfds (Linux before 5.3): ask again and again. waitpid() says each time whether the
 * number is still our child's, so nobody else is killed.
 */
static void finish_by_pid(struct spawn_child *child, int64_t deadline_boot_ms)
{
	bool killed = false;

	for (;;) {
		pid_t ended = waitpid(child->pid, NULL, WNOHANG);

		if (ended > 0 || (ended < 0 && errno != EINTR))
			break;
		if (ended == 0 && fdio_boot_ms() >= deadline_boot_ms) {
			if (killed)
				break;
			kill(child->pid, SIGKILL);
			killed = true;
			deadline_boot_ms = fdio_boot_ms() + AFTER_KILL_MS;
		}
		poll(NULL, 0, LOOK_MS);
	}
	*child = (struct spawn_child){.pid = -1, .pid_fd = -1};
}

void spawn_finish(struct spawn_child *child, int64_t deadline_boot_ms)
{
	if (child->pid < 0)
		return;
	if (child->pid_fd < 0)
		finish_by_pid(child, deadline_boot_ms);
	else if (has_ended(child->pid_fd, deadline_boot_ms))
		reap(child);
	else
		spawn_kill(child);
}

void spawn_kill(struct spawn_child *child)
{
	if (child->pid < 0)
		return;
	if (child->pid_fd < 0) {
		finish_by_pid(child, 0);
		return;
	}
	syscall(SYS_pidfd_send_signal, child->pid_fd, SIGKILL, NULL, 0);
	has_ended(child->pid_fd, fdio_boot_ms() + AFTER_KILL_MS);
	reap(child);
}
