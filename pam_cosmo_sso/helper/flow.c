/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/helper/flow.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/base/fdio.h"
#include "pam_cosmo_sso/helper/folder.h"

#define FOLDER     "flows"
#define LOCK_MS    1000
#define LOCK_BYTES sizeof("lock.ff")
#define NAME_CHARS 16

struct flow {
	int folder_fd;
	int listen_fd; /* the newer one connects here */
	int older_fd;  /* connected to the one before; -1: there is none */
	char name[NAME_CHARS + 1];
	char lock[LOCK_BYTES]; /* one of 256: whoever is stopped in it holds up few others */
	ino_t inode;           /* of the socket file, 0: none; ours as long as it is listened at */
};

static struct flow *flow_new(uint64_t key)
{
	struct flow *flow = calloc(1, sizeof(*flow));

	if (!flow)
		return NULL;
	flow->folder_fd = flow->listen_fd = flow->older_fd = -1;
	(void)snprintf(flow->name, sizeof(flow->name), "%016" PRIx64, key);
	(void)snprintf(flow->lock, sizeof(flow->lock), "lock.%02x", (unsigned int)(key & 0xff));
	return flow;
}

/* Relative to the folder, whatever stands at its path by now. */
static struct sockaddr_un address_of(const struct flow *flow)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	(void)snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d/%s",
		flow->folder_fd, flow->name);
	return address;
}

static int socket_new(void)
{
	return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

/* Nobody need take the connection: it is there, and it breaks when the other process ends. */
static void connect_older(struct flow *flow)
{
	const struct sockaddr_un address = address_of(flow);
	COSMO_AUTO_FD int fd = socket_new();

	if (fd >= 0 && connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0)
		flow->older_fd = cosmo_steal_fd(&fd);
}

static enum cosmo_err listen_for_newer(struct flow *flow)
{
	const struct sockaddr_un address = address_of(flow);
	struct stat st = {0};

	if (unlinkat(flow->folder_fd, flow->name, 0) < 0 && errno != ENOENT)
		return COSMO_E_IO;
	flow->listen_fd = socket_new();
	if (flow->listen_fd < 0 ||
		bind(flow->listen_fd, (const struct sockaddr *)&address, sizeof(address)) < 0 ||
		listen(flow->listen_fd, 1) < 0)
		return COSMO_E_IO;
	if (fstatat(flow->folder_fd, flow->name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return COSMO_E_IO;
	flow->inode = st.st_ino;
	return COSMO_OK;
}

enum cosmo_err flow_begin(int run_fd, uint64_t key, struct flow **ret)
{
	COSMO_AUTO(flow_free) struct flow *flow = flow_new(key);
	COSMO_AUTO_FD int lock_fd = -1;
	enum cosmo_err err = COSMO_OK;

	if (!flow)
		return COSMO_E_NOMEM;
	err = folder_ensure(run_fd, FOLDER, &flow->folder_fd);
	if (!err)
		err = folder_lock(flow->folder_fd, flow->lock, LOCK_MS, &lock_fd);
	if (err)
		return err;
	connect_older(flow);
	err = listen_for_newer(flow);
	cosmo_auto_close(&lock_fd);
	if (!err)
		*ret = COSMO_STEAL(&flow);
	return err;
}

void flow_wait_older(struct flow *flow, int64_t timeout_ms)
{
	int64_t deadline_boot_ms = fdio_boot_ms() + timeout_ms;
	struct pollfd older = {.fd = flow->older_fd};

	while (older.fd >= 0 && !(older.revents & (POLLHUP | POLLERR))) {
		int64_t left_ms = deadline_boot_ms - fdio_boot_ms();

		if (left_ms <= 0 ||
			(poll(&older, 1, left_ms > INT_MAX ? INT_MAX : (int)left_ms) < 0 &&
				errno != EINTR))
			return;
	}
}

/* One whose turn to be told has come already cannot be told twice. */
static bool tell(int folder_fd, const char *name)
{
	COSMO_AUTO_FD int fd = socket_new();
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	(void)snprintf(
		address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d/%s", folder_fd, name);
	return fd >= 0 && (connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0 ||
				  errno == EAGAIN);
}

enum cosmo_err flow_end_all(int run_fd, uint64_t *ret_told)
{
	COSMO_AUTO_FD int folder_fd = -1;
	COSMO_AUTO(folder_close) DIR *dir = NULL;
	const char *name = NULL;
	enum cosmo_err err = folder_ensure(run_fd, FOLDER, &folder_fd);

	*ret_told = 0;
	if (!err)
		err = folder_open(folder_fd, &dir);
	if (!err)
		err = folder_next(dir, &name);
	while (!err && name) {
		if (strlen(name) == NAME_CHARS && tell(folder_fd, name))
			(*ret_told)++;
		err = folder_next(dir, &name);
	}
	return err;
}

int flow_fd(const struct flow *flow)
{
	return flow->listen_fd;
}

/* The address goes, unless a newer one has taken it; that is settled under the lock. */
static void unlink_own(const struct flow *flow)
{
	COSMO_AUTO_FD int lock_fd = -1;
	struct stat st = {0};

	if (flow->inode == 0 ||
		folder_lock(flow->folder_fd, flow->lock, LOCK_MS, &lock_fd) != COSMO_OK)
		return;
	if (fstatat(flow->folder_fd, flow->name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		st.st_ino == flow->inode)
		(void)unlinkat(flow->folder_fd, flow->name, 0);
}

void flow_free(struct flow *flow)
{
	if (!flow)
		return;
	unlink_own(flow);
	cosmo_auto_close(&flow->listen_fd);
	cosmo_auto_close(&flow->older_fd);
	cosmo_auto_close(&flow->folder_fd);
	free(flow);
}
