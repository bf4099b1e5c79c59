/* SPDX-License-Identifier: MIT */
/*
 * A wall clock that is wrong: preloaded into a program, it lets that live COSMO_WALL_AHEAD seconds
 * after everybody else, or before. CLOCK_BOOTTIME is COSMO_BOOT_AHEAD seconds ahead, as on a host
 * that was started so much earlier; the like stay the kernel's. With COSMO_AHEAD_FILE both are what
 * stands in there, at each look.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define FOR_ALL __attribute__((visibility("default")))

static time_t wall_ahead_s;
static time_t boot_ahead_s;
static const char *ahead_file;

static time_t seconds_of(const char *name)
{
	const char *text = getenv(name);

	return text ? (time_t)strtoll(text, NULL, 10) : 0;
}

__attribute__((constructor)) static void start(void)
{
	wall_ahead_s = seconds_of("COSMO_WALL_AHEAD");
	boot_ahead_s = seconds_of("COSMO_BOOT_AHEAD");
	ahead_file = getenv("COSMO_AHEAD_FILE");
}

/* The test replaces the file as a whole. */
static void look(void)
{
	char text[64] = "";
	char *rest = NULL;
	int saved_errno = errno;
	int fd = ahead_file ? open(ahead_file, O_RDONLY | O_CLOEXEC) : -1;

	if (fd >= 0 && read(fd, text, sizeof(text) - 1) > 0) {
		wall_ahead_s = (time_t)strtoll(text, &rest, 10);
		boot_ahead_s = (time_t)strtoll(rest, NULL, 10);
	}
	if (fd >= 0)
		close(fd);
	errno = saved_errno;
}

FOR_ALL int clock_gettime(clockid_t id, struct timespec *ret)
{
	static int (*next)(clockid_t, struct timespec *);
	int status = 0;

	if (!next)
		*(void **)&next = dlsym(RTLD_NEXT, "clock_gettime");
	status = next(id, ret);
	look();
	if (status == 0 && (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE))
		ret->tv_sec += wall_ahead_s;
	if (status == 0 && id == CLOCK_BOOTTIME)
		ret->tv_sec += boot_ahead_s;
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
