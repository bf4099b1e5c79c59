/* SPDX-License-Identifier: MIT */
#include "ctl/module_load.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/base/auto.h"
#include "common/base/fdio.h"

/* In the child: 0, or 1 with the reason written to @fd. */
static int load(const char *path, int fd)
{
	const char *why = NULL;

	if (dlopen(path, RTLD_NOW | RTLD_LOCAL))
		return 0;
	/* NOLINTNEXTLINE(concurrency-mt-unsafe): this program has one thread */
	why = dlerror();
	if (why)
		(void)!fdio_write(fd, why, strlen(why));
	return 1;
}

static void read_why(int fd, char *ret, size_t size)
{
	size_t len = 0;
	ssize_t got = 1;

	while (got > 0 && len < size - 1) {
		got = read(fd, ret + len, size - 1 - len);
		if (got < 0 && errno == EINTR)
			got = 1;
		else if (got > 0)
			len += (size_t)got;
	}
	ret[len] = '\0';
}

bool module_load_try(const char *path, char *ret_why, size_t why_size)
{
	int ends[2] = {-1, -1};
	int status = 0;
	pid_t pid = -1;

	(void)snprintf(ret_why, why_size, "it cannot be tried");
	if (pipe2(ends, O_CLOEXEC) < 0)
		return false;
	(void)fflush(NULL);
	pid = fork();
	if (pid == 0)
		_exit(load(path, ends[1]));
	close(ends[1]);
	if (pid > 0)
		read_why(ends[0], ret_why, why_size);
	close(ends[0]);
	while (pid > 0 && waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return false;
	if (pid > 0 && !WIFEXITED(status))
		(void)snprintf(ret_why, why_size, "loading it crashes");
	return pid > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}
