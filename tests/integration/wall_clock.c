/* SPDX-License-Identifier: MIT */
/*
 * A wall clock that is wrong: preloaded into a program, it lets that live COSMO_WALL_AHEAD seconds
 * after everybody else, or before. CLOCK_BOOTTIME and the like stay the kernel's.
 */
#include <dlfcn.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>

#define FOR_ALL __attribute__((visibility("default")))

static time_t ahead_s;

__attribute__((constructor)) static void start(void)
{
	const char *text = getenv("COSMO_WALL_AHEAD");

	if (text)
		ahead_s = (time_t)strtoll(text, NULL, 10);
}

FOR_ALL int clock_gettime(clockid_t id, struct timespec *ret)
{
	static int (*next)(clockid_t, struct timespec *);
	int status = 0;

	if (!next)
		*(void **)&next = dlsym(RTLD_NEXT, "clock_gettime");
	status = next(id, ret);
	if (status == 0 && (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE))
		ret->tv_sec += ahead_s;
	return status;
}

FOR_ALL int gettimeofday(struct timeval *ret, void *zone)
{
	struct timespec now = {0};

	(void)zone;
	(void)clock_gettime(CLOCK_REALTIME, &now);
	*ret = (struct timeval){.tv_sec = now.tv_sec, .tv_usec = now.tv_nsec / 1000};
	return 0;
}

FOR_ALL time_t time(time_t *ret)
{
	struct timespec now = {0};

	(void)clock_gettime(CLOCK_REALTIME, &now);
	if (ret)
		*ret = now.tv_sec;
	return now.tv_sec;
}
