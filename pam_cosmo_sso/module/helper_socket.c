/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/module/helper_socket.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "common/base/fdio.h"
#include "common/message.h"
#include "paths.h"

bool helper_socket_is_there(void)
{
	struct stat status = {0};

	return stat(COSMO_HELPER_SOCKET, &status) == 0 && S_ISSOCK(status.st_mode);
}

/* Who called listen(): systemd. Only root can make the socket where it stands; this is against a
 * folder that was given away. */
static bool is_root_listening(int fd)
{
	struct ucred listener = {.uid = (uid_t)-1};
	socklen_t len = sizeof(listener);

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &listener, &len) == 0 &&
	       len == sizeof(listener) && listener.uid == 0;
}

/* Without waiting: a queue that is full is a refusal. */
static enum cosmo_err open_connection(int *ret_fd)
{
	static const struct sockaddr_un address = {
		.sun_family = AF_UNIX, .sun_path = COSMO_HELPER_SOCKET};
	COSMO_AUTO_FD int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	enum cosmo_err err = fd < 0 ? COSMO_E_IO : fdio_move_up(&fd);

	if (err)
		return err;
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
		return errno == ENOENT || errno == ECONNREFUSED ? COSMO_E_NOT_FOUND
								: COSMO_E_PEER_GONE;
	if (!is_root_listening(fd))
		return COSMO_E_NOT_ROOT;
	*ret_fd = cosmo_steal_fd(&fd);
	return COSMO_OK;
}

static enum cosmo_err read_ready(int fd)
{
	unsigned char byte = 0;
	ssize_t got = recv(fd, &byte, sizeof(byte), MSG_DONTWAIT);

	if (got == 1)
		return byte == COSMO_PROTOCOL_VERSION ? COSMO_OK : COSMO_E_PROTOCOL;
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return COSMO_E_BUSY;
	return COSMO_E_PEER_GONE;
}

/* Over its limit systemd takes a connection and drops it. */
static enum cosmo_err await_ready(int fd, int64_t wait_ms)
{
	int64_t deadline_ms = fdio_boot_ms() + wait_ms;
	enum cosmo_err err = read_ready(fd);

	while (err == COSMO_E_BUSY) {
		struct pollfd ready = {.fd = fd, .events = POLLIN};
		int64_t left_ms = deadline_ms - fdio_boot_ms();
		int count = poll(&ready, 1, left_ms > 0 ? (int)left_ms : 0);

		/* Who was stopped meanwhile looks once more: the time is over, but the byte is
		 * there. */
		if (count == 0)
			return COSMO_E_TIMEOUT;
		if (count < 0 && errno != EINTR)
			return COSMO_E_IO;
		err = read_ready(fd);
	}
	return err;
}

enum cosmo_err helper_socket_connect(int64_t wait_ms, int *ret_fd)
{
	COSMO_AUTO_FD int fd = -1;
	enum cosmo_err err = open_connection(&fd);

	if (!err)
		err = await_ready(fd, wait_ms);
	if (!err)
		*ret_fd = cosmo_steal_fd(&fd);
	return err;
}
