/* SPDX-License-Identifier: MIT */
#include "tests/bench/syncs.h"

#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static bool skipped;
static struct syncs_cost spent;

static double clock_ns(clockid_t clock)
{
	struct timespec ts = {0};

	clock_gettime(clock, &ts);
	return (double)ts.tv_sec * 1e9 + (double)ts.tv_nsec;
}

static int timed(long number, long first, long second, long third)
{
	double wall_ns = clock_ns(CLOCK_MONOTONIC);
	double cpu_ns = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
	long result = skipped ? 0 : syscall(number, first, second, third);

	spent.wall_ns += clock_ns(CLOCK_MONOTONIC) - wall_ns;
	spent.cpu_ns += clock_ns(CLOCK_PROCESS_CPUTIME_ID) - cpu_ns;
	return (int)result;
}

int fsync(int fd)
{
	return timed(SYS_fsync, fd, 0, 0);
}

int fdatasync(int fd)
{
	return timed(SYS_fdatasync, fd, 0, 0);
}

int syncfs(int fd)
{
	return timed(SYS_syncfs, fd, 0, 0);
}

int msync(void *address, size_t len, int flags)
{
	return timed(SYS_msync, (long)address, (long)len, flags);
}

void syncs_skip(bool skip)
{
	skipped = skip;
}

struct syncs_cost syncs_cost(void)
{
	return spent;
}
