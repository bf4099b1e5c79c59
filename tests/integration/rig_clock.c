/* SPDX-License-Identifier: MIT */
/* With it the C library's headers have an inline poll() of their own, which clang takes ours for.
 */
#undef _FORTIFY_SOURCE

#include "tests/integration/rig_clock.h"

#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* Above what a process that counts its descriptors looks at. */
#define LOOKS_FD 201
#define LOOK_MS  5
#define NS_IN_MS 1000000LL

#define FOR_ALL __attribute__((visibility("default")))

static const char *ahead_path;
static struct timespec start;

static int kernel_clock(clockid_t id, struct timespec *ret)
{
	return (int)syscall(SYS_clock_gettime, id, ret);
}

static int kernel_poll(struct pollfd *fds, nfds_t count, int timeout_ms)
{
	struct timespec timeout = {timeout_ms / 1000, timeout_ms % 1000 * NS_IN_MS};

	return (int)syscall(SYS_ppoll, fds, count, timeout_ms < 0 ? NULL : &timeout, NULL, 0);
}

/* The test replaces the file as a whole. */
static long long ahead_ms(void)
{
	char text[32] = "";
	int fd = open(ahead_path, O_RDONLY | O_CLOEXEC);
	ssize_t len = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	if (fd >= 0)
		close(fd);
	if (len <= 0)
		abort();
	return strtoll(text, NULL, 10);
}

static void count_look(void)
{
	static unsigned long looks;
	char text[32] = "";
	int len = snprintf(text, sizeof(text), "%020lu\n", ++looks);

	if (pwrite(LOOKS_FD, text, (size_t)len, 0) != len)
		abort();
}

bool rig_clock_start(const char *path)
{
	char looks_path[256] = "";
	int fd = -1;

	snprintf(looks_path, sizeof(looks_path), "%s.looks", path);
	fd = open(looks_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0 || fcntl(fd, F_DUPFD_CLOEXEC, LOOKS_FD) != LOOKS_FD ||
		kernel_clock(CLOCK_BOOTTIME, &start) != 0)
		return false;
	close(fd);
	ahead_path = path;
	return access(path, R_OK) == 0;
}

FOR_ALL int clock_gettime(clockid_t id, struct timespec *ret)
{
	long long ns = 0;

	if (!ahead_path || id != CLOCK_BOOTTIME)
		return kernel_clock(id, ret);
	ns = start.tv_nsec + ahead_ms() * NS_IN_MS;
	*ret = (struct timespec){start.tv_sec + ns / 1000000000LL, ns % 1000000000LL};
	return 0;
}

FOR_ALL int poll(struct pollfd *fds, nfds_t count, int timeout_ms)
{
	long long until_ms = 0;

	if (!ahead_path || timeout_ms <= 0)
		return kernel_poll(fds, count, timeout_ms);
	until_ms = ahead_ms() + timeout_ms;
	for (;;) {
		long long now_ms = ahead_ms();
		int ready = kernel_poll(fds, count, LOOK_MS);

		if (ready != 0 || now_ms >= until_ms)
			return ready;
		count_look();
	}
}
