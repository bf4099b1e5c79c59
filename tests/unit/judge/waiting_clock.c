/* SPDX-License-Identifier: MIT */
#include "tests/unit/judge/waiting_clock.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "common/base/auto.h"
#include "common/base/fdio.h"

int __real_poll(struct pollfd *fds, nfds_t count, int timeout_ms);
int __wrap_poll(struct pollfd *fds, nfds_t count, int timeout_ms);
int __wrap___poll_chk(struct pollfd *fds, nfds_t count, int timeout_ms, size_t fds_size);
int64_t __wrap_fdio_boot_ms(void);

static int64_t clock_ms;
static int64_t waits_ms[64];
static size_t wait_count;

void clock_start(void)
{
	clock_ms = CLOCK_START_MS;
	wait_count = 0;
}

int64_t clock_now_ms(void)
{
	return clock_ms;
}

size_t clock_waits(void)
{
	return wait_count;
}

int64_t clock_wait_ms(size_t index)
{
	assert_true(index < wait_count);
	return waits_ms[index];
}

int64_t __wrap_fdio_boot_ms(void)
{
	return clock_ms;
}

/* What is ready is ready at once; else the whole time passes. */
int __wrap_poll(struct pollfd *fds, nfds_t count, int timeout_ms)
{
	int ready = __real_poll(fds, count, 0);

	if (ready != 0)
		return ready;
	assert_true(timeout_ms > 0 && wait_count < COSMO_ARRAY_LEN(waits_ms));
	waits_ms[wait_count++] = timeout_ms;
	clock_ms += timeout_ms;
	return 0;
}

/* What poll() is with _FORTIFY_SOURCE, by clang and a newer C library. */
int __wrap___poll_chk(struct pollfd *fds, nfds_t count, int timeout_ms, size_t fds_size)
{
	(void)fds_size;
	return __wrap_poll(fds, count, timeout_ms);
}
