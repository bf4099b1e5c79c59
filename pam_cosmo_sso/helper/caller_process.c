/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/helper/caller_process.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Linux 6.5; where the C library does not know it yet. */
#ifndef SO_PEERPIDFD
#define SO_PEERPIDFD 77
#endif

/* The module keeps its end open as long as it waits for an answer, and no program inherits it. */
static bool is_connected(int socket_fd)
{
	struct pollfd peer = {.fd = socket_fd, .events = POLLRDHUP};
	int count = poll(&peer, 1, 0);

	return count == 0 ||
	       (count > 0 && (peer.revents & (POLLRDHUP | POLLHUP | POLLERR | POLLNVAL)) == 0);
}

static bool has_ended(int pid_fd)
{
	struct pollfd end = {.fd = pid_fd, .events = POLLIN};

	return poll(&end, 1, 0) != 0;
}

/*
 * The kernel's own of the peer, which cannot be another's. Older ones know the number alone: while
 * the peer is connected behind the opening, that was still its own. Without pidfds at all (a kernel
 * before 5.3, a container that forbids them) there is no descriptor, and that is no error. Errors:
 * COSMO_E_NOT_FOUND (it is gone, or that cannot be told).
 */
static enum cosmo_err open_pid_fd(int socket_fd, pid_t pid, int *ret_fd)
{
	COSMO_AUTO_FD int fd = -1;
	socklen_t len = sizeof(fd);

	if (getsockopt(socket_fd, SOL_SOCKET, SO_PEERPIDFD, &fd, &len) < 0) {
		if (errno != ENOPROTOOPT)
			return COSMO_E_NOT_FOUND;
		fd = (int)syscall(SYS_pidfd_open, pid, 0);
		if (fd < 0 && errno != ENOSYS && errno != EPERM)
			return COSMO_E_NOT_FOUND;
		if (!is_connected(socket_fd))
			return COSMO_E_NOT_FOUND;
	}
	*ret_fd = cosmo_steal_fd(&fd);
	return COSMO_OK;
}

enum cosmo_err caller_process_of(int socket_fd, struct caller_process *ret)
{
	struct ucred peer = {.uid = (uid_t)-1};
	socklen_t len = sizeof(peer);

	if (getsockopt(socket_fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) < 0 || len != sizeof(peer))
		return COSMO_E_NOT_ROOT;
	if (peer.uid != 0)
		return COSMO_E_NOT_ROOT;
	*ret = (struct caller_process){.socket_fd = socket_fd, .pid_fd = -1};
	if (peer.pid > 0 && open_pid_fd(socket_fd, peer.pid, &ret->pid_fd) == COSMO_OK)
		ret->pid = peer.pid;
	return COSMO_OK;
}

void caller_process_done(struct caller_process *caller)
{
	if (!caller)
		return;
	cosmo_auto_close(&caller->pid_fd);
}

bool caller_process_runs(const struct caller_process *caller)
{
	if (caller->pid <= 0)
		return false;
	if (caller->pid_fd >= 0)
		return !has_ended(caller->pid_fd);
	return is_connected(caller->socket_fd);
}

enum cosmo_err caller_process_read(const struct caller_process *caller, struct process *ret)
{
	struct process process = {0};
	enum cosmo_err err = COSMO_OK;

	if (caller->pid <= 0)
		return COSMO_E_INVALID;
	err = process_read(caller->pid, &process);
	if (err)
		return err;
	if (!caller_process_runs(caller))
		return COSMO_E_NOT_FOUND;
	*ret = process;
	return COSMO_OK;
}
